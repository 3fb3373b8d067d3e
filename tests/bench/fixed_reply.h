#pragma once
// What the benchmark's two fixed-reply servers share: their command line and its reading.
// Throws std::exception with a sentence; main() of each is run_server(argc, argv, serve).

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace cpods::bench {

struct Settings {
  net::Endpoint listen;
  net::Identity identity;
  std::string reply;  // the body of every answer
};

// The value, or an exception that carries the failure's sentence.
template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename Serve>
int run_server(int argc, char** argv, Serve serve) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  try {
    serve(Settings{
        value_of(net::parse_listen_address(options.at("--listen"))),
        net::Identity(read_file(options.at("--tls-cert")), read_file(options.at("--tls-key"))),
        read_file(options.at("--reply"))});
  } catch (const std::out_of_range&) {
    std::fputs("options: --listen ADDRESS:PORT --tls-cert FILE --tls-key FILE --reply FILE\n",
               stderr);
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return 1;
  }
  return 0;
}

}  // namespace cpods::bench
