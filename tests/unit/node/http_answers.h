#pragma once
// Scripts of a service that reads one request and answers it. One thread.

#include <string>
#include <string_view>

#include "unit/net/scripted_server.h"

namespace cpods::node {

inline std::string http(const std::string& status, std::string_view body = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + std::string(body);
}

inline test::ScriptedServer::Script answering(const std::string& bytes) {
  return [bytes](test::ScriptedServer::Connection& connection) {
    connection.head();
    connection.write(bytes);
  };
}

}  // namespace cpods::node
