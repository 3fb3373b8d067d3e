#pragma once
// Every bound of the product, each with its derivation, in one place.

#include <chrono>
#include <cstddef>

namespace cpods::limits {

// An AdmissionReview carries up to two objects (object and oldObject) of at most 3 MiB each, which
// is the API server's request limit, and some hundred KiB of envelope: 7 MiB, the same number that
// controller-runtime derives. Go escapes <, > and & to six bytes, so an object full of them exceeds
// it: such a review is read to its end, thrown away but for its front, and refused by its uid.
inline constexpr std::size_t kReviewBytes = std::size_t{7} * 1024 * 1024;
// So much of a body that is not held goes to its handler: a review's uid lies in the first 200.
inline constexpr std::size_t kFrontBytes = std::size_t{4} * 1024;
// The longest body that is read at all. Two objects of 3 MiB, each byte escaped to six, are 36 MiB;
// what etcd stores (1.5 MiB) is half of it, and only what is stored can do harm.
inline constexpr std::size_t kBodyBytes = std::size_t{64} * 1024 * 1024;

// The first bytes of each body under way are free of the two sums below: kConnections of them are
// another 64 MiB, and reviews of ordinary Pods (3 to 30 KB) are read and judged however many large
// ones somebody sends. Nothing waits between parse and verdict, so that at most one parsed review a
// thread exists, and four of the small ones take 4 MiB.
inline constexpr std::size_t kSmallBytes = std::size_t{64} * 1024;
// What arrived of all larger bodies under way, without that, and all larger answers until they are
// sent: nine of the largest reviews. A claimed length takes nothing; the room of a body is doubled
// as it fills, and taken as it grows.
inline constexpr std::size_t kBodyMemory = std::size_t{64} * 1024 * 1024;
// What a byte of JSON may cost once it is parsed: "[0,0,…" has a value of 16 bytes in each two
// bytes, twice while its array grows, beside the text it was parsed from.
inline constexpr std::size_t kDocumentBytesPerByte = 17;
// What a byte of a workload costs on top: the Pod of its template is copied, and copied once more
// with the patch; a copy's arrays do not grow.
inline constexpr std::size_t kRehearsalBytesPerByte = 16;
// All parsed reviews that are not small: two of the largest and worst Pods, or one such workload.
// With the sums above, 80 KiB a connection and twice 170 MiB for pages of Pods (below) it is below
// the manifests' 1 GiB.
inline constexpr std::size_t kDocumentMemory = std::size_t{240} * 1024 * 1024;

// So much memory of its last answer a connection keeps for the next one: an ordinary answer is
// below.
inline constexpr std::size_t kReplyKept = std::size_t{8} * 1024;

// Go's header limit for a whole request head is 1 MiB; the API server sends under 1 KiB.
inline constexpr std::size_t kHeaderBytes = std::size_t{16} * 1024;

// Pods as Kubernetes writes them stay below 24 levels; the API server keeps managedFields of any
// depth, and what is nested deeper is refused. Every level costs a stack frame in readers that
// recurse.
inline constexpr std::size_t kJsonDepth = 64;

// A policy file lives in a ConfigMap, which etcd holds to 1 MiB; the same bound for one file.
inline constexpr std::size_t kPolicyFileBytes = std::size_t{1024} * 1024;

// A request's uid is a UUID of 36 characters (RFC 9562); the answer repeats it.
inline constexpr std::size_t kUidBytes = 64;

// Pools and policies in one file; the documents of 1 MiB could be half a million.
inline constexpr std::size_t kPolicyDocuments = 10'000;
// Values in one of them. Each may be a mistake, and costs a kilobyte until it is told.
inline constexpr std::size_t kPolicyValues = 50'000;
// Documents of a file of manifests: far above any that a person writes.
inline constexpr std::size_t kDocuments = 100'000;
// Mistakes that are told of one set, and of one document: who makes more reads no further.
inline constexpr std::size_t kDiagnostics = 200;

// How far the JSON parser looks behind a text's end, in bytes (json/rapid.h).
inline constexpr std::size_t kReadAhead = 16;

// Manifests given to `review`: a List of a namespace can be large; 64 MiB is far above any
// kubectl output that a person would pipe and far below what would hurt.
inline constexpr std::size_t kManifestBytes = std::size_t{64} * 1024 * 1024;

// YAML aliases may be expanded in manifests: the number of nodes that one document may produce.
inline constexpr std::size_t kYamlNodes = 2'000'000;

// A warning longer than this may be cut by the API server or the client (Kubernetes' API
// documentation of AdmissionResponse.warnings).
inline constexpr std::size_t kWarningBytes = 120;

// The API server keeps at most 4096 runes of warnings in all; ten of ours stay well below.
inline constexpr std::size_t kWarnings = 10;

// A refusal's text. It travels through the API server into events, which cut at 1 KiB, and onto a
// terminal; names in it are a stranger's, and before validation of any length.
inline constexpr std::size_t kMessageBytes = 4096;

// Findings spelled out in one refusal; the rest is counted. Five keep the message readable.
inline constexpr std::size_t kFindingsTold = 5;

// The API server closes idle connections after 90 s (Go's IdleConnTimeout); closing earlier on our
// side races with its next request, and it does not retry.
inline constexpr std::chrono::seconds kIdle{120};
// A handshake of the API server gives up after 10 s; so do we.
inline constexpr std::chrono::seconds kHandshake{10};
// Head and body of a request that has begun, and an answer until it is sent: thrice the longest
// timeout of the shipped configurations, after which the API server has given up.
inline constexpr std::chrono::seconds kRequest{15};

// An API server has at most 600 requests in flight (--max-requests-inflight with its mutating
// sibling) and keeps 25 idle connections; beyond this, whoever has been silent longest makes room.
inline constexpr std::size_t kConnections = 1024;

// The plain port of metrics and probes: a kubelet, a Prometheus or two, and a person.
inline constexpr std::size_t kPlainConnections = 32;

// One thread answers some ten thousand reviews a second; four are above what API servers send. More
// (a node may have a hundred cores) would cost memory for nothing.
inline constexpr unsigned kThreads = 4;

// The longest that a request waits for the labels of a namespace that the cache cannot tell.
inline constexpr std::chrono::milliseconds kNamespaceLookup{1500};
// Namespaces whose labels are asked for at once. More than an API server creates in that time; each
// costs a connection of ours.
inline constexpr std::size_t kNamespaceLookups = 64;
// The longest that a request waits for the Pods of a namespace to be looked through: four fifths of
// the ten seconds that the API server waits.
inline constexpr std::chrono::milliseconds kPodSearch{8000};
// Pods of a namespace that are read at once: so many first, then twice as many up to the most, and
// fewer where they are longer than a page may be. One Pod is at most 1.5 MiB in the API server's
// store, and JSON escapes a byte of it to six.
inline constexpr std::size_t kPodsFirst = 40;
inline constexpr std::size_t kPodsMost = 320;
inline constexpr std::size_t kPodsPageBytes = std::size_t{10} * 1024 * 1024;
// Namespaces whose Pods are looked through at once: at kDocumentBytesPerByte a page costs 170 MiB
// at worst ("supplementalGroups":[0,0,…), beside the sums above.
inline constexpr std::size_t kPodSearches = 2;
// What was heard of namespaces is believed for so long when no watch is open any more; reconnecting
// pauses for half of it at most.
inline constexpr std::chrono::seconds kNamespaceStale{60};

// A chain of ten RSA-4096 certificates is 25 KiB, a cluster's CA bundle seldom 250 KiB (Mozilla's
// whole root store); 1 MiB is what a Secret can hold.
inline constexpr std::size_t kPemBytes = std::size_t{1024} * 1024;

// The head of an answer: warnings of the API server are at most 4096 runes, tokens some KiB.
inline constexpr std::size_t kResponseHeadBytes = std::size_t{64} * 1024;
// A page of 500 namespaces of the API server: a few MiB in practice, each object below 1.5 MiB.
inline constexpr std::size_t kResponseBytes = std::size_t{64} * 1024 * 1024;
// One WATCH event holds one object of at most 1.5 MiB (etcd), which JSON escapes seldom double.
inline constexpr std::size_t kLineBytes = std::size_t{4} * 1024 * 1024;
// Connections kept for reuse by a client: a watch, a lookup and a write beside each other.
inline constexpr std::size_t kIdleClientConnections = 4;

// A TLS record carries at most 16 KiB, and Asio hands on one record a read: a full head plus one.
inline constexpr std::size_t kReadBytes = kHeaderBytes + std::size_t{16} * 1024;
// After a last answer, what the peer still sends is read and thrown away for so long: closing on
// unread bytes would reset the connection and with it the answer.
inline constexpr std::chrono::seconds kLinger{2};
// How often connections are looked at for a passed deadline, and certificate files for a change.
inline constexpr std::chrono::seconds kTick{1};
// Endpoints of a Service take some seconds to leave every kube-proxy after readiness has gone.
inline constexpr std::chrono::seconds kDrainGrace{10};
// After the grace period, running exchanges may still take the longest webhook timeout (30 s).
inline constexpr std::chrono::seconds kDrainLimit{30};

// What a Pod says about its nodes: nodeSelector entries, terms, expressions and values, counted
// together. Kubernetes bounds only the object's size, at which half a million fit in; a list of
// every node of the largest supported cluster (5000) stays below. The proof of as many takes some
// milliseconds, and a patch that extends as many terms as fit in is 1.3 MB for each requirement.
inline constexpr std::size_t kNodeConstraints = 10'000;

// Names of objects are DNS subdomains (RFC 1123); nothing that exists has a longer one.
inline constexpr std::size_t kNameBytes = 253;

// Secret references of a Pod: forty containers of a hundred variables each. What lies beyond them
// counts as one unknown source. Each is held against each pattern of each policy that reaches the
// namespace: 4000 of the longest names against a hundred globs take a sixth of a second.
inline constexpr std::size_t kSecretReferences = 4000;

// Distinct scopes that become entries of a webhook configuration at all; where there are more, the
// API server is told to ask about every namespace. How much their entries may take is bounded too
// (configuration/webhooks.cc).
inline constexpr std::size_t kScopes = 250;

}  // namespace cpods::limits
