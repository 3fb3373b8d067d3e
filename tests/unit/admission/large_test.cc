// Cost is bounded, whatever a stranger sends: the largest Pods that the API server lets through,
// each made of one thing many times over, are decided about in a fraction of a second.

#include <doctest/doctest.h>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>

#include "admission/decide.h"
#include "base/limits.h"
#include "unit/admission/asking.h"

namespace cpods::admission {
namespace {

using namespace asking;

// The API server's request limit, less some room for the rest of the Pod; and etcd's for what is
// stored.
constexpr std::size_t kBytes = std::size_t{3} * 1024 * 1024 - 1024;
constexpr std::size_t kStoredBytes = kBytes / 2;

#if defined(__OPTIMIZE__) && !defined(__clang__)
// Measured: up to 80, and what is quadratic takes tens of seconds. The rest is for slower ones.
constexpr double kMilliseconds = 250;
constexpr std::size_t kMemory = 1;
#else
constexpr double kMilliseconds = 5000;  // unoptimised, or with sanitizers: only the order counts
constexpr std::size_t kMemory = 8;
#endif

double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// "a, b, c, …" of as many elements as fit; `element` gets the index.
std::string many(const std::function<std::string(int)>& element, std::size_t bytes = kBytes) {
  std::string out;
  for (int i = 0;; ++i) {
    const auto next = element(i);
    if (out.size() + next.size() + 1 > bytes) return out;
    out += (i == 0 ? "" : ",") + next;
  }
}

std::string number(int i) {
  return std::to_string(i);
}

std::string required(const std::string& terms) {
  return R"("affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)" +
         terms + "]}}}";
}

struct Row {
  std::string name;
  std::string spec;
  std::string stored = "";  // of an update
  std::string metadata = R"("name":"web")";
};

std::vector<Row> rows() {
  const auto zeros = many([](int) { return std::string("0"); }, kBytes - 100'000);
  const auto tee = many(
      [](int) { return std::string(R"({"key":"tee","operator":"Exists","effect":"NoSchedule"})"); },
      kStoredBytes);
  const auto other = many([](int i) { return R"({"key":"k)" + number(i) + R"("})"; });
  const auto pull = [](const std::string& prefix, std::size_t bytes = kBytes) {
    return R"("imagePullSecrets":[)" +
           many([&](int i) { return R"({"name":")" + prefix + number(i) + R"("})"; }, bytes) + "]";
  };
  const auto unknown = [](const std::string& value, std::size_t bytes = kBytes) {
    return R"("volumes":[{"name":"v",)" +
           many([&](int i) { return "\"x" + number(i) + "\":" + value; }, bytes) + "}]";
  };
  const auto env = [](const std::string& source) {
    return R"("containers":[{"name":"app","env":[)" + many([&](int i) {
             return R"({"valueFrom":{")" + source + R"(":{"name":"db-)" + number(i) + R"("}}})";
           }) +
           "]}]";
  };
  const std::string step = R"({"name":"confidential-pods-attest"})";
  return {
      {"terms of one expression", required(many([](int) {
         return std::string(R"({"matchExpressions":[{"key":"a","operator":"Exists"}]})");
       }))},
      {"terms of one field", required(many([](int i) {
         return R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n)" +
                number(i) + R"("]}]})";
       }))},
      {"terms that contradict", required(many([](int) {
         return std::string(
             R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["x"]}]})");
       }))},
      {"terms on the pool", required(many([](int) {
         return std::string(
             R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":["snp"]}]})");
       }))},
      {"expressions on one key",
       required(R"({"matchExpressions":[)" + many([](int i) {
                  return R"({"key":"agentpool","operator":"NotIn","values":["v)" + number(i) +
                         R"("]})";
                }) +
                "]}")},
      {"expressions on many keys", required(R"({"matchExpressions":[)" + many([](int i) {
                                              return R"({"key":"k)" + number(i) +
                                                     R"(","operator":"Exists"})";
                                            }) +
                                            "]}")},
      {"values of one expression",
       required(R"({"matchExpressions":[{"key":"agentpool","operator":"In","values":[)" +
                many([](int i) { return "\"v" + number(i) + "\""; }) + "]}]}")},
      {"nodeSelector entries",
       R"("nodeSelector":{)" + many([](int i) { return "\"k" + number(i) + R"(":"v")"; }) + "}"},
      {"tolerations", R"("tolerations":[)" + other + "]"},
      {"tolerations, updated", R"("tolerations":[)" + other + "]",
       R"("tolerations":[)" + tee + "]"},
      {"env references", env("secretKeyRef")},
      {"env references, updated", env("secretKeyRef"), R"("containers":[{"name":"app"}])"},
      {"unknown env sources", env("vaultRef")},
      {"envFrom references", R"("containers":[{"name":"app","envFrom":[)" + many([](int i) {
                               return R"({"secretRef":{"name":"db-)" + number(i) + R"("}})";
                             }) + "]}]"},
      {"pull secrets", pull("db-")},
      {"pull secrets, updated", pull("db-1"), pull("db-2", kStoredBytes)},
      {"pull secrets on the pool", R"("nodeSelector":{"agentpool":"snp"},)" + pull("db-")},
      {"pull secrets that rule the pool out",
       R"("nodeSelector":{"agentpool":"gpu"},)" + pull("db-")},
      {"secret volumes", R"("volumes":[)" + many([](int i) {
                           return R"({"secret":{"secretName":"db-)" + number(i) + R"("}})";
                         }) + "]"},
      {"plain volumes",
       R"("volumes":[)" + many([](int i) { return R"({"name":"v)" + number(i) + R"("})"; }) + "]"},
      {"projected sources", R"("volumes":[{"projected":{"sources":[)" + many([](int i) {
                              return R"({"secret":{"name":"db-)" + number(i) + R"("}})";
                            }) + "]}}]"},
      {"unknown volume kinds", unknown("1")},
      {"unknown volume kinds, updated", unknown("1"), unknown("2", kStoredBytes)},
      {"init containers of the step's name",
       R"("initContainers":[)" + many([&](int) { return step; }) + "]"},
      {"every second init container of the step's name", R"("initContainers":[)" + many([&](int i) {
                                                           return i % 2 == 0 ? R"({"name":"a"})"
                                                                             : step;
                                                         }) + "]"},
      {"init containers before the step",
       R"("nodeSelector":{"agentpool":"snp"},"initContainers":[)" +
           many([&](int) { return std::string(R"({"name":"a"})"); }) + "," + step + "]"},
      {"containers of the step's name", R"("nodeSelector":{"agentpool":"snp"},"containers":[)" +
                                            many([&](int) { return step; }) + "]"},
      {"places to be told behind a long list",
       R"("x":[)" + zeros + R"(],"nodeName":"n","containers":[{"name":"app","env":[)" +
           many(
               [](int i) {
                 return R"({"valueFrom":{"secretKeyRef":{"name":"db-)" + number(i) +
                        R"("},"vault)" + number(i) + R"(":1}})";
               },
               50'000) +
           "]}]"},
      {"a name of megabytes", R"("nodeName":")" + std::string(kBytes / 2, 'n') + "\"", "",
       R"("name":")" + std::string(kBytes / 2, 'n') + "\""},
      {"labels", "", "", R"("name":"web","labels":{)" + many([](int i) {
                           return "\"k" + number(i) + R"(":"v")";
                         }) + "}"},
      {"unknown fields", many([](int i) { return "\"k" + number(i) + R"(":1)"; })},
  };
}

Question question_of(const Row& row) {
  Question question{.object = pod("{" + row.spec + "}", row.metadata)};
  if (row.stored.empty()) return question;
  question.old_object = pod("{" + row.stored + "}", row.metadata);
  question.operation = "UPDATE";
  return question;
}

// The same Pod as the template of a Deployment.
Question template_of(const Row& row) {
  return {.object = R"({"kind":"Deployment","metadata":{"name":"shop"},"spec":{"template":)" +
                    pod("{" + row.spec + "}", row.metadata) + "}}",
          .kind = "Deployment",
          .group = "apps",
          .resource = "deployments"};
}

double milliseconds(const policy::Snapshot& snapshot, Door door, const Question& question) {
  const auto review = parsed(review_text(question));
  const auto request = decode(review);
  REQUIRE(request);
  const auto start = cpu_milliseconds();
  const auto verdict = decide(door, *request, snapshot, kNamespaces);
  const auto took = cpu_milliseconds() - start;
  CHECK(broken_promise(door, "u-1", verdict) == "");
  CHECK(verdict.patch.text().size() < 2 * kBytes);
  return took;
}

// From /proc/self/status, in KiB.
long status(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return std::stol(line.substr(field.size() + 1));
  }
  return 0;
}

// The KiB that reading this review and deciding about it takes, at its peak: in a child process,
// whose highest mark is its own.
long peak_kib(const policy::Snapshot& snapshot, Door door, const Question& question) {
  auto text = review_text(question);
  malloc_trim(0);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto before = status("VmRSS");
    const auto review = json::Document::parse(std::move(text));
    const auto request = decode(*review);
    (void)decide(door, *request, snapshot, kNamespaces);
    const auto peak = status("VmHWM") - before;
    _exit(write(ends[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  long peak = -1;
  REQUIRE(read(ends[0], &peak, sizeof peak) == sizeof peak);
  int ended = 0;
  REQUIRE(waitpid(child, &ended, 0) == child);
  close(ends[0]);
  close(ends[1]);
  return peak;
}

// An OOM kill would open the guard wherever failurePolicy is Ignore.
TEST_CASE("large: what a Pod takes of memory does not grow with the policies that guard it") {
  const auto guarded_by = [](int count) {
    auto yaml = kPoolWithStep;
    for (int i = 0; i < count; ++i) {
      yaml += policy_named("p" + number(i),
                           "pool: snp, namespaces: [payments], templates: Deny, podSelector: {}, "
                           "secrets: {names: [\"*\", x" +
                               number(i) + "], onUse: Place}");
    }
    return policies(yaml);
  };
  const auto one = guarded_by(1);
  const auto twenty = guarded_by(20);
  const auto alike = [](const std::string& element, std::size_t bytes) {
    return "[" + many([&](int) { return element; }, bytes) + "]";
  };
  const auto secrets = [&](const std::string& name, std::size_t bytes) {
    return R"("imagePullSecrets":)" + alike(R"({"name":")" + name + "\"}", bytes);
  };
  const std::string on_the_pool = R"("nodeSelector":{"agentpool":"snp"},)";
  const Row kRows[] = {
      {"pull secrets", secrets("a", kBytes)},
      {"pull secrets, updated", secrets("a", kBytes), secrets("b", kStoredBytes)},
      {"containers of the step's name",
       on_the_pool + R"("containers":)" + alike(R"({"name":"confidential-pods-attest"})", kBytes)},
      {"init containers before the step", on_the_pool + R"("initContainers":[)" + many([](int) {
                                            return std::string("{}");
                                          }) + R"(,{"name":"confidential-pods-attest"}])"},
  };
  const auto check = [&](Door door, const Question& question, std::size_t bytes) {
    const auto peak = peak_kib(*twenty, door, question);
    CAPTURE(peak);
    // A sanitizer keeps what is freed, so that its peaks tell nothing about policies.
    if (kMemory == 1) CHECK(peak < peak_kib(*one, door, question) + 8 * 1024);
    if (getenv("CPODS_SHOW_MEMORY") != nullptr) MESSAGE("MiB: ", peak / 1024);
    // The document, and as much again for what is judged of it.
    CHECK(peak * 1024 < static_cast<long>(2 * bytes * limits::kDocumentBytesPerByte * kMemory));
  };
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    const auto bytes = row.spec.size() + row.stored.size();
    for (const auto door : {Door::Place, Door::Guard}) check(door, question_of(row), bytes);
    if (row.stored.empty()) check(Door::Guard, template_of(row), 3 * bytes);
  }
}

TEST_CASE("large: whatever a Pod of three megabytes is made of, it is decided about in no time") {
  const auto snapshot =
      policies(kPoolWithStep + policy_named("all", kAllInPayments + ", templates: Deny") +
               policy_named("db", kGuardDb) +
               policy_named("warn",
                            "action: Warn, pool: snp, namespaces: [payments], secrets: "
                            "{names: [\"*\"], serviceAccounts: [\"*\"]}"));
  for (const auto& row : rows()) {
    CAPTURE(row.name);
    for (const auto door : {Door::Place, Door::Guard}) {
      CAPTURE(door == Door::Place);
      const auto took = milliseconds(*snapshot, door, question_of(row));
      CHECK(took < (row.stored.empty() ? 1 : 2) * kMilliseconds);  // an update has two Pods
    }
    if (!row.stored.empty()) continue;
    const auto took = milliseconds(*snapshot, Door::Guard, template_of(row));
    CHECK(took < 3 * kMilliseconds);  // it is written, read and copied once more
  }
}

}  // namespace
}  // namespace cpods::admission
