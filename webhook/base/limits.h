#pragma once
// Every bound of the product, each with its derivation, in one place.

#include <chrono>
#include <cstddef>

namespace cpods::limits {

// An AdmissionReview carries up to two objects (object and oldObject) of at most 3 MiB each, which
// is the API server's request limit, and some hundred KiB of envelope: 7 MiB, the same number that
// controller-runtime derives. Known edge: Go escapes <, > and & to six bytes, so an object full of
// them exceeds it, is answered 413, and failurePolicy decides.
inline constexpr std::size_t kReviewBytes = std::size_t{7} * 1024 * 1024;

// Go's header limit for a whole request head is 1 MiB; the API server sends under 1 KiB.
inline constexpr std::size_t kHeaderBytes = std::size_t{16} * 1024;

// Pods as Kubernetes writes them stay below 24 levels; the API server keeps managedFields of any
// depth, and what is nested deeper is refused. Every level costs a stack frame in readers that
// recurse.
inline constexpr std::size_t kJsonDepth = 64;

// A policy file lives in a ConfigMap, which etcd holds to 1 MiB; the same bound for one file.
inline constexpr std::size_t kPolicyFileBytes = std::size_t{1024} * 1024;

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
// Head and body of a request that has begun: the longest webhook timeout is 30 s.
inline constexpr std::chrono::seconds kRequest{15};

// The API server keeps at most 25 idle connections a webhook and replica; a hundred API servers
// would fit, and 4096 sockets cost some 100 MiB at worst.
inline constexpr std::size_t kConnections = 4096;

// The longest that a request waits for the labels of a namespace the cache has not seen.
inline constexpr std::chrono::milliseconds kNamespaceLookup{1500};

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

}  // namespace cpods::limits
