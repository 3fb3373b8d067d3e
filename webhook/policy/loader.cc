// One load in four steps: read every file, check every document against the schema, decode what
// passed, connect policies with pools. Each step goes on after an error, so that one run tells all.
// An error that follows from another is left out: what stands where a reading error stands, and
// unknown pools while a file could not be read to its end.

#include "policy/loader.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "base/bytes.h"
#include "base/limits.h"
#include "json/schema.h"
#include "json/suggestion.h"
#include "json/yaml.h"
#include "pod/names.h"
#include "policy/decode.h"
#include "policy/report.h"
#include "policy/schema_text.h"

namespace cpods::policy {
namespace {

constexpr std::string_view kPoolKind = "ConfidentialPool";
constexpr std::string_view kPolicyKind = "ConfidentialPolicy";

constexpr json::Budget kBudget{limits::kPolicyDocuments, limits::kPolicyValues};

json::Schema compile(std::string_view kind) {
  auto schema = json::Schema::compile(kSchemaText, "/definitions/" + std::string(kind));
  if (!schema) throw std::logic_error("the policy schema: " + schema.error().text());
  return std::move(*schema);
}

const json::Schema& schema_of(std::string_view kind) {
  static const json::Schema kPool = compile(kPoolKind);
  static const json::Schema kPolicy = compile(kPolicyKind);
  return kind == kPoolKind ? kPool : kPolicy;
}

auto order(const Diagnostic& diagnostic) {
  const auto& [file, line, column] = diagnostic.position;
  return std::tie(file, line, column, diagnostic.message);
}

std::string text_of(const Position& position) {
  return position.file + ":" + std::to_string(position.line) + ":" +
         std::to_string(position.column);
}

// SHA-256 over names and bytes, each with its length, so that no two sets of files are one text.
std::string digest_of(const std::vector<SourceFile>& files) {
  std::string all;
  for (const auto& file : files) {
    for (const auto* part : {&file.name, &file.text}) {
      all += std::to_string(part->size()) + ":" + *part;
    }
  }
  return hex_encode(sha256(as_bytes(all)));
}

class Loading {
 public:
  explicit Loading(const LoadOptions& options) : options_(options) {}

  void read(const SourceFile& file) {
    if (first_file_.empty()) first_file_ = file.name;
    if (is_full()) return;
    if (file.text.size() > limits::kPolicyFileBytes) {
      diagnostics_.push_back({Severity::Error, {file.name, 1, 1}, "larger than 1 MiB"});
      cut_short_ = true;
      return;
    }
    const auto read = file.name.ends_with(".json")
                          ? json::read_json(file.text, 1, kBudget)
                          : json::read_documents(file.text, json::Dialect::Policy, 1, kBudget);
    std::set<json::Place> broken;
    for (const auto& error : read.errors) {
      if (is_full()) break;
      diagnostics_.push_back(
          {Severity::Error, {file.name, error.place.line, error.place.column}, error.message});
      broken.insert(error.place);
      cut_short_ = cut_short_ || error.ends_text;
    }
    for (const auto& document : read.documents) {
      if (is_full()) break;
      take(file.name, document, broken);
    }
  }

  Loaded finish(std::string digest) {
    if (is_full()) {
      diagnostics_.push_back(
          {Severity::Error, {first_file_, 1, 1}, "too many mistakes; some of them are not told"});
    } else {
      connect();
      refuse_nothing();
    }
    Loaded loaded;
    const bool good = !has_errors();
    if (good) {
      warn_of_unused_pools();
      warn_of_contradictions();
    }
    std::ranges::sort(diagnostics_, std::less<>(), order);
    if (good) {
      loaded.snapshot = std::make_shared<const Snapshot>(std::move(pools_), std::move(policies_),
                                                         std::move(digest));
    }
    loaded.diagnostics = std::move(diagnostics_);
    return loaded;
  }

 private:
  [[nodiscard]] bool is_full() const { return diagnostics_.size() >= limits::kDiagnostics; }

  struct PoolUse {
    Policy* policy;
    std::string pool;
    Position position;
    std::string takes_all_of;  // the namespaces of which it places every Pod, as written; or ""
  };

  void take(const std::string& file, const json::LocatedDocument& document,
            const std::set<json::Place>& broken) {
    ++documents_;
    const json::Node root = document.root();
    Report report(file, document, diagnostics_);
    if (root.kind() != json::Kind::Object) {
      report.error(root, "a policy document is a mapping with apiVersion, kind, metadata and spec");
      return;
    }
    const auto kind = kind_of(root, report);
    if (kind.empty()) return;
    if (!follows_schema(document, kind, broken, report)) {
      note_name(root, kind, report);
    } else if (kind == kPoolKind) {
      take_pool(root, report);
    } else {
      take_policy(root, report);
    }
  }

  // The kind if it is one of ours; the apiVersion is left to the schema then.
  static std::string_view kind_of(json::Node root, Report& report) {
    const json::Node kind = root["kind"];
    if (kind.kind() != json::Kind::String) {
      report.error(kind ? kind : root, "kind must be ConfidentialPool or ConfidentialPolicy");
      return {};
    }
    if (kind.text() == kPoolKind || kind.text() == kPolicyKind) return kind.text();
    report.error(kind, "unknown kind \"" + std::string(kind.text()) + "\"" +
                           json::did_you_mean(kind.text(),
                                              {std::string(kPoolKind), std::string(kPolicyKind)}));
    return {};
  }

  static bool follows_schema(const json::LocatedDocument& document, std::string_view kind,
                             const std::set<json::Place>& broken, Report& report) {
    const auto violations = schema_of(kind).violations(document.root());
    for (const auto& violation : violations) {
      const auto place = violation.at_key ? document.key_place_of(violation.pointer)
                                          : document.place_of(violation.pointer);
      if (broken.contains(place)) continue;
      if (violation.at_key) {
        report.error_at_key(violation.pointer, violation.sentence);
      } else {
        report.error_at(violation.pointer, violation.sentence);
      }
    }
    return violations.empty();
  }

  // What has another fault still has its name: for its like, and for the policies that use it.
  void note_name(json::Node root, std::string_view kind, Report& report) {
    if (root["metadata"].kind() != json::Kind::Object) return;
    const json::Node at = root["metadata"]["name"];
    if (at.kind() != json::Kind::String) return;
    const std::string name(at.text());
    if (kind == kPoolKind) faulty_pools_.insert(name);
    (void)is_first(kind == kPoolKind ? pools_by_name_ : policies_by_name_, name, kind, root,
                   report);
  }

  void take_pool(json::Node root, Report& report) {
    auto pool = decode_pool(root, options_, report);
    if (is_first(pools_by_name_, pool->name, kPoolKind, root, report)) {
      pools_.push_back(std::move(pool));
    }
  }

  void take_policy(json::Node root, Report& report) {
    auto policy = decode_policy(root, report);
    if (policy->namespace_selector && !options_.namespace_labels) {
      report.error(root["spec"]["namespaceSelector"],
                   "this policy looks at namespace labels, which only the API server knows, and "
                   "there is no access to one; give --kubeconfig, or name the namespaces with "
                   "`namespaces`");
    }
    const json::Node pool = root["spec"]["pool"];
    uses_.push_back({policy.get(), std::string(pool.text()), report.position(pool),
                     namespaces_taken_whole(*policy, root["spec"])});
    if (!is_first(policies_by_name_, policy->name, kPolicyKind, root, report)) {
      duplicates_.push_back(std::move(policy));
    } else {
      policies_.push_back(std::move(policy));
    }
  }

  static std::string namespaces_taken_whole(const Policy& policy, json::Node spec) {
    const bool takes_all = policy.action == Action::Enforce && policy.pod_selector &&
                           policy.pod_selector->requirements.empty();
    return takes_all ? json::to_text(spec["namespaces"]) + json::to_text(spec["namespaceSelector"])
                     : std::string();
  }

  static bool is_first(std::map<std::string, Position>& names, const std::string& name,
                       std::string_view kind, json::Node root, Report& report) {
    const json::Node at = root["metadata"]["name"];
    const auto [first, is_new] = names.try_emplace(name, report.position(at));
    if (!is_new) {
      report.error(at, "a second " + std::string(kind) + " \"" + name + "\"; the first one is at " +
                           text_of(first->second));
    }
    return is_new;
  }

  void connect() {
    for (const auto& use : uses_) {
      const auto pool = std::ranges::find(pools_, use.pool, [](const auto& p) { return p->name; });
      if (pool != pools_.end()) {
        use.policy->pool = pool->get();
        used_.insert(use.pool);
      } else if (!faulty_pools_.contains(use.pool)) {
        // It may stand behind a syntax error; that does not make the reference right.
        const auto unread = cut_short_ ? "; some of the files could not be read to their end" : "";
        diagnostics_.push_back({Severity::Error, use.position, unknown_pool(use.pool) + unread});
      }
    }
  }

  std::string unknown_pool(const std::string& name) const {
    std::vector<std::string> known;
    for (const auto& pool : pools_) known.push_back(pool->name);
    if (known.empty()) return "unknown pool \"" + name + "\"; there is no ConfidentialPool here";
    const auto hint = json::did_you_mean(name, known);
    return "unknown pool \"" + name + "\"" +
           (hint.empty() ? "; known here: " + json::one_of(known) : hint);
  }

  void refuse_nothing() {
    if (documents_ > 0 || has_errors()) return;
    diagnostics_.push_back({Severity::Error,
                            {first_file_, 1, 1},
                            "the policy files hold no ConfidentialPool and no ConfidentialPolicy"});
  }

  [[nodiscard]] bool has_errors() const {
    return std::ranges::find(diagnostics_, Severity::Error, &Diagnostic::severity) !=
           diagnostics_.end();
  }

  void warn_of_unused_pools() {
    for (const auto& pool : pools_) {
      if (used_.contains(pool->name)) continue;
      diagnostics_.push_back(
          {Severity::Warning, pool->position, "no policy uses the pool \"" + pool->name + "\""});
    }
  }

  // Two that place every Pod of the very same namespaces, each on a pool of its own.
  void warn_of_contradictions() {
    std::map<std::string_view, const PoolUse*> first;
    for (const auto& use : uses_) {
      if (use.takes_all_of.empty()) continue;
      const auto& other = *first.try_emplace(use.takes_all_of, &use).first->second;
      if (other.pool == use.pool) continue;
      diagnostics_.push_back(
          {Severity::Warning, use.position,
           "policy \"" + other.policy->name +
               "\" places every Pod of the same namespaces on pool \"" + other.pool +
               "\", so each of them is refused; let both policies name one pool"});
    }
  }

  const LoadOptions& options_;
  std::vector<Diagnostic> diagnostics_;
  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<std::unique_ptr<Policy>> policies_;
  std::vector<std::unique_ptr<Policy>> duplicates_;  // checked like any other, then dropped
  std::map<std::string, Position> pools_by_name_;
  std::map<std::string, Position> policies_by_name_;
  std::set<std::string> faulty_pools_;
  std::set<std::string> used_;
  std::vector<PoolUse> uses_;
  std::string first_file_;
  std::size_t documents_ = 0;
  bool cut_short_ = false;  // some text was not read to its end
};

}  // namespace

std::string Diagnostic::text() const {
  std::string out = position.file;
  if (position.line > 0) out = text_of(position);
  if (!out.empty()) out += ": ";
  if (severity == Severity::Warning) out += "warning: ";
  return out + message;
}

Loaded load(const std::vector<SourceFile>& files, const LoadOptions& options) {
  Loading loading(options);
  for (const auto& file : files) loading.read(file);
  return loading.finish(digest_of(files));
}

}  // namespace cpods::policy
