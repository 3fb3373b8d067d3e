#pragma once
// A request's head as Beast's parser read it, and the answer where it could not.
// Private to server. Pure functions; any thread.

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include "server/contract.h"

namespace cpods::server {

using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

// Views into the parser, whose head is whole.
[[nodiscard]] Head head_from(const Parser& parser);

[[nodiscard]] Reply answer_to_unreadable(boost::system::error_code ec);

}  // namespace cpods::server
