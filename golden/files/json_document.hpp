// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// JSON text with the line and column of every value and key, so that errors can point at what is wrong.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "golden/diagnostic.hpp"

namespace epim {

struct JsonMember;

/// One JSON value. Only the member that `kind` names is meaningful.
struct JsonValue {
  enum class Kind { null, boolean, integer, real, string, array, object };
  Kind kind = Kind::null;
  Position where;                   ///< first character of the value
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0.0;                ///< also set for integers
  std::string text;
  std::vector<JsonValue> items;     ///< array elements
  std::vector<JsonMember> members;  ///< object members in file order; no key occurs twice

  /// Member `key` of an object, or nullptr when it is absent (or this is not an object).
  const JsonValue* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  Position where;  ///< first character of the key
  JsonValue value;
};

/// Parses `text`; `file` is only used in positions.
/// Throws InputError: json-syntax, json-duplicate-key, json-number-range, json-too-deep (more than 64 levels).
JsonValue parse_json(const std::string& text, const std::string& file);

/// The bytes of a file. Throws InputError unreadable-file.
std::string read_text(const std::string& path);

/// Reads and parses a file. Throws as read_text and parse_json.
JsonValue read_json(const std::string& path);

/// What a value is, for messages: "a string", "an object".
std::string json_kind_name(JsonValue::Kind kind);

/// Typed access; `what` names the value in the message ("node 'conv1': cout").
/// Each throws InputError wrong-type at the value when its kind differs; the integer and real forms throw
/// value-out-of-range when it lies outside lo..hi (inclusive).
std::int64_t json_integer(const JsonValue& v, const std::string& what, std::int64_t lo, std::int64_t hi);
double json_real(const JsonValue& v, const std::string& what, double lo, double hi);
bool json_boolean(const JsonValue& v, const std::string& what);
const std::string& json_string(const JsonValue& v, const std::string& what);
const std::vector<JsonValue>& json_array(const JsonValue& v, const std::string& what);
const JsonValue& json_object(const JsonValue& v, const std::string& what);

/// Throws InputError unknown-key at the first member of `object` whose key is not in `legal`; the message lists them.
void json_refuse_unknown_keys(const JsonValue& object, const std::string& what,
                              const std::vector<std::string_view>& legal);

/// Member `key` of `object`. Throws InputError missing-key at the object when it is absent.
const JsonValue& json_required(const JsonValue& object, std::string_view key, const std::string& what);

}  // namespace epim
