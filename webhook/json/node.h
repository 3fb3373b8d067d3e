#pragma once
// A read-only view of one value of a parsed JSON document.
//
// Missing stays missing: node["spec"]["volumes"] never fails because something is absent or null.
// A value of the wrong type is never taken for an absent one: reading it throws Malformed with the
// place, and whoever decides about the document turns that into a refusal in one place. That is the
// only exception the pure rooms use; it keeps every reader a straight line.
//
// A Node is two pointers into its Document, which must outlive it; copy freely. Any thread may
// read.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cpods::json {

enum class Kind : std::uint8_t { Missing, Null, Boolean, Number, String, Array, Object };

// Thrown when a value is there but is not of the type asked for.
class Malformed : public std::runtime_error {
 public:
  Malformed(std::string where, const std::string& message)
      : std::runtime_error(message), where_(std::move(where)) {}
  // JSON Pointer (RFC 6901) of the value.
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  std::string where_;
};

class Node {
 public:
  Node() = default;
  // For the json room: `value` and `root` are values of one document.
  Node(const void* value, const void* root) : value_(value), root_(root) {}

  [[nodiscard]] Kind kind() const;
  // There, and not null.
  [[nodiscard]] bool present() const;
  explicit operator bool() const { return present(); }

  // The member of an object; missing when the object is missing or has no such key.
  [[nodiscard]] Node operator[](std::string_view key) const;
  // The i-th element, which must be there; Malformed where this is no array.
  [[nodiscard]] Node at(std::size_t index) const;
  // Elements of an array, members of an object, 0 when missing.
  [[nodiscard]] std::size_t size() const;

  // "" when missing.
  [[nodiscard]] std::string_view text() const;
  // `otherwise` when missing.
  [[nodiscard]] bool flag(bool otherwise = false) const;
  // Nothing when missing; a number with a fraction is the wrong type.
  [[nodiscard]] std::optional<std::int64_t> integer() const;

  class Elements;
  class Members;
  // for (Node each : node.elements()): none when missing.
  [[nodiscard]] Elements elements() const;
  // for (auto [key, value] : node.members()): none when missing.
  [[nodiscard]] Members members() const;

  // Its place in the document, found by searching from the root: only errors and findings ask.
  [[nodiscard]] std::string pointer() const;     // /spec/containers/0/env/2
  [[nodiscard]] std::string field_path() const;  // spec.containers[0].env[2]

  // The same value as the root of its own paths: a Pod inside a review speaks of
  // spec.containers[0].
  [[nodiscard]] Node rooted() const { return {value_, value_}; }

  // The same value: member order does not count.
  [[nodiscard]] bool equals(Node other) const;
  // The very same place of the same document.
  [[nodiscard]] bool is(Node other) const { return value_ == other.value_; }

  [[nodiscard]] const void* raw() const { return value_; }

 private:
  struct Member;
  [[nodiscard]] Member member(std::size_t index) const;
  void require(Kind kind) const;

  const void* value_ = nullptr;
  const void* root_ = nullptr;
};

struct Node::Member {
  std::string_view key;
  Node value;
};

class Node::Elements {
 public:
  class Iterator {
   public:
    Iterator(Node list, std::size_t index) : list_(list), index_(index) {}
    Node operator*() const { return list_.at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    Node list_;
    std::size_t index_;
  };
  Elements(Node list, std::size_t size) : list_(list), size_(size) {}
  [[nodiscard]] Iterator begin() const { return {list_, 0}; }
  [[nodiscard]] Iterator end() const { return {list_, size_}; }

 private:
  Node list_;
  std::size_t size_;
};

class Node::Members {
 public:
  class Iterator {
   public:
    Iterator(Node object, std::size_t index) : object_(object), index_(index) {}
    Member operator*() const { return object_.member(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    Node object_;
    std::size_t index_;
  };
  Members(Node object, std::size_t size) : object_(object), size_(size) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Iterator begin() const { return {object_, 0}; }
  [[nodiscard]] Iterator end() const { return {object_, size_}; }

 private:
  Node object_;
  std::size_t size_;
};

// One token of a JSON Pointer, escaped (RFC 6901 §3).
[[nodiscard]] std::string escape_token(std::string_view key);

// One line, no spaces; "null" when missing.
[[nodiscard]] std::string to_text(Node node);

}  // namespace cpods::json
