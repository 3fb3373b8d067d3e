#pragma once
// Reading JSON that a stranger wrote so that every complaint names the place it is about.
// Pure functions; any thread.

#include <string>
#include <string_view>

#include "json/node.h"

namespace cpods::evidence {

// The member of an object, which must be there: a missing node could not tell its own place.
[[nodiscard]] inline json::Node required(json::Node object, std::string_view name) {
  const auto member = object[name];
  if (!member) {
    throw json::Malformed(object.pointer() + "/" + json::escape_token(name), "is missing");
  }
  return member;
}

// "/tpm_quote/pcrs must have 24 PCRs"; of the outermost value "the document must be an object".
[[nodiscard]] inline std::string sentence_of(const json::Malformed& wrong) {
  return (wrong.where().empty() ? "the document" : wrong.where()) + " " + wrong.what();
}

}  // namespace cpods::evidence
