#include "server/received_head.h"

#include <string>

#include "base/limits.h"

namespace cpods::server {

namespace http = boost::beast::http;
using boost::system::error_code;

Head head_from(const Parser& parser) {
  const auto& message = parser.get();
  Head head;
  head.method = message.method_string();
  head.target = message.target();
  head.version = message.version();
  head.has_transfer_encoding = message.find(http::field::transfer_encoding) != message.end();
  if (const auto length = parser.content_length()) head.content_length = *length;
  const auto type = message.find(http::field::content_type);
  if (type != message.end()) head.content_type = type->value();
  head.expect = message[http::field::expect];
  return head;
}

Reply answer_to_unreadable(error_code ec) {
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    return Reply::sentence(431, "The request's head is over the limit of " +
                                    std::to_string(limits::kHeaderBytes) + " bytes.");
  }
  if (ec == http::error::bad_version) {
    return Reply::sentence(505, "Speak HTTP/1.1; older and newer versions are not served.");
  }
  return Reply::sentence(400, "This is not a request of HTTP/1.1: " + ec.message() + ".");
}

}  // namespace cpods::server
