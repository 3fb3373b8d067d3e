#include "base/error.h"

namespace cpods {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Malformed:
      return "Malformed";
    case ErrorCode::TooLarge:
      return "TooLarge";
    case ErrorCode::Invalid:
      return "Invalid";
    case ErrorCode::NotFound:
      return "NotFound";
    case ErrorCode::Unavailable:
      return "Unavailable";
    case ErrorCode::Denied:
      return "Denied";
    case ErrorCode::Internal:
      return "Internal";
  }
  return "Internal";
}

std::string Error::text() const {
  return where.empty() ? message : where + ": " + message;
}

}  // namespace cpods
