#include "commands/attest_attempt.h"

#include "commands/attest_revocation.h"
#include "evidence/ear_token.h"
#include "evidence/maa_token.h"
#include "evidence/runtime_claims.h"
#include "json/document.h"
#include "node/kbs.h"
#include "node/maa.h"

namespace cpods::commands {
namespace {

using evidence::Appraisal;
using evidence::Proven;
using evidence::VtpmEvidence;
using std::chrono::system_clock;

// What is there to be asked about, and what was found here.
struct Judged {
  evidence::Evidence evidence;
  Attempt attempt;
};

Proven<Judged> judge(const node::Demand& demand, const Sources& sources, ByteView nonce,
                     ReportAge age, json::Node policy, const evidence::Roots& roots) {
  auto gathered = gather(demand, sources, nonce, age);
  if (!gathered) return std::unexpected(gathered.error());
  evidence::Expectations expected{.nonce = Bytes(nonce.begin(), nonce.end()),
                                  .policy = policy,
                                  .now = system_clock::now(),
                                  .roots = roots};
  const auto verified = [&expected](const auto& each) { return evidence::verify(each, expected); };
  Attempt made;
  made.evidence = std::visit([](const auto& each) { return evidence::to_json(each); }, *gathered);
  made.appraisal = std::visit(verified, *gathered);
  if (asks_for_revocation(made.appraisal)) {
    expected.revocation_lists = fetch_revocation_lists(*gathered, sources);
    made.appraisal = std::visit(verified, *gathered);
  }
  return Judged{*std::move(gathered), std::move(made)};
}

// The check NAME, of something that another party gives or does not.
template <typename T>
bool given(const Proven<T>& value, std::string_view name, Appraisal& appraisal) {
  if (value) {
    appraisal.pass(name);
  } else {
    appraisal.fail(name, value.error().doubt, value.error().sentence);
  }
  return value.has_value();
}

// ---- The step itself --------------------------------------------------------------------------

Proven<Attempt> attempt_local(const node::Demand& demand, const Sources& sources,
                              json::Node settings, const evidence::Roots& roots) {
  const auto nonce = fresh_nonce();
  if (!nonce) return std::unexpected(nonce.error());
  // A value of another kind fails the policy's own check.
  const auto fresh = settings["requireFreshReport"];
  const bool wants_fresh = fresh.kind() == json::Kind::Boolean && fresh.flag();
  auto judged = judge(demand, sources, *nonce, wants_fresh ? ReportAge::Fresh : ReportAge::Any,
                      settings, roots);
  if (!judged) return std::unexpected(judged.error());
  return std::move(judged->attempt);
}

// ---- Microsoft Azure Attestation --------------------------------------------------------------

void ask_maa(const node::Maa& maa, const VtpmEvidence& evidence, ByteView nonce,
             const Sources& sources, Attempt& made) {
  if (!made.appraisal.verified()) {
    made.appraisal.skip("maa.token", "the evidence does not hold here");
    return;
  }
  auto token = node::fetch_maa_token(maa, evidence, sources.part());
  if (!given(token, "maa.token", made.appraisal)) return;
  const auto keys = node::fetch_maa_keys(maa, sources.part());
  if (!given(keys, "maa.keys", made.appraisal)) return;
  evidence::check_maa_token(*token, *keys,
                            {.issuer = maa.issuer,
                             .user_data = evidence::user_data_for(nonce),
                             .require_secure_boot = maa.require_secure_boot,
                             .now = system_clock::now()},
                            made.appraisal);
  made.token = *std::move(token);
}

Proven<Attempt> attempt_maa(const node::Demand& demand, const Sources& sources, json::Node settings,
                            const evidence::Roots& roots) {
  // Of which a pool's author was warned (policy/decode_attestation.cc).
  if (demand.evidence == node::EvidenceKind::SevSnp) {
    return evidence::refuse(
        evidence::Doubt::NotVerifiable,
        "Microsoft Azure Attestation is asked about the evidence azure-vtpm alone");
  }
  const auto maa = node::maa_of(settings);
  if (!maa) return std::unexpected(maa.error());
  const auto nonce = fresh_nonce();
  if (!nonce) return std::unexpected(nonce.error());
  auto judged = judge(demand, sources, *nonce, ReportAge::Fresh, {}, roots);
  if (!judged) return std::unexpected(judged.error());
  judged->attempt.verified_by = maa->issuer;
  auto evidence = std::get<VtpmEvidence>(std::move(judged->evidence));
  evidence::complete(evidence.chain, roots);
  ask_maa(*maa, evidence, *nonce, sources, judged->attempt);
  return std::move(judged->attempt);
}

// ---- A key broker service ---------------------------------------------------------------------

void ask_kbs(node::KbsSession& session, bool wants_resource, const Sources& sources,
             Attempt& made) {
  if (!made.appraisal.verified()) {
    made.appraisal.skip("kbs.token", "the evidence does not hold here");
    return;
  }
  auto token = session.attest(made.evidence, sources.part());
  if (!given(token, "kbs.token", made.appraisal)) return;
  evidence::check_ear_token(*token, system_clock::now(), made.appraisal);
  made.token = *std::move(token);
  if (!wants_resource || !made.appraisal.verified()) return;
  auto resource = session.fetch_resource(sources.part());
  if (given(resource, "kbs.resource", made.appraisal)) made.resource = *std::move(resource);
}

Proven<Attempt> attempt_kbs(const node::Demand& demand, const Sources& sources, json::Node settings,
                            const evidence::Roots& roots) {
  auto kbs = node::kbs_of(settings);
  if (!kbs) return std::unexpected(kbs.error());
  const auto address = std::string(settings["url"].text());
  const bool wants_resource = !kbs->resource.empty();
  const bool is_bare = demand.evidence == node::EvidenceKind::SevSnp;
  auto session =
      node::KbsSession::begin(*std::move(kbs), is_bare ? "snp" : "az-snp-vtpm", sources.part());
  if (!session) return std::unexpected(session.error());
  auto judged = judge(demand, sources, session->nonce(), ReportAge::Fresh, {}, roots);
  if (!judged) return std::unexpected(judged.error());
  judged->attempt.verified_by = address;
  ask_kbs(*session, wants_resource, sources, judged->attempt);
  return std::move(judged->attempt);
}

}  // namespace

Proven<Attempt> attempt(const node::Demand& demand, const Sources& sources,
                        const evidence::Roots& roots) {
  const auto settings = json::Document::parse(demand.settings);
  if (!settings) return evidence::refuse(evidence::Doubt::NotVerifiable, settings.error().text());
  switch (demand.verifier) {
    case node::Verifier::Local:
      return attempt_local(demand, sources, settings->root(), roots);
    case node::Verifier::Maa:
      return attempt_maa(demand, sources, settings->root(), roots);
    case node::Verifier::Kbs:
      return attempt_kbs(demand, sources, settings->root(), roots);
  }
  return evidence::refuse(evidence::Doubt::NotVerifiable, "there is no such verifier");
}

}  // namespace cpods::commands
