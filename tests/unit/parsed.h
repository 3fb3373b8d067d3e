#pragma once
// What nearly every test of the pure rooms begins with: a JSON text that must be readable.

#include <doctest/doctest.h>

#include <string>

#include "json/document.h"

namespace cpods {

inline json::Document parsed(std::string text) {
  auto document = json::Document::parse(std::move(text));
  if (!document) FAIL("the test's own JSON: " << document.error().text());
  return std::move(*document);
}

}  // namespace cpods
