// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/files/json_document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

namespace epim {
namespace {

constexpr std::size_t max_depth = 64;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Offsets of the first characters of all keys and values in reading order. The SAX parser reports tokens in
/// that same order, so the n-th event that opens a token stands at the n-th offset.
std::vector<std::size_t> token_starts(const std::string& text) {
  std::vector<std::size_t> starts;
  const std::size_t n = text.size();
  std::size_t i = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  while (i < n) {
    const char c = text[i];
    if (is_space(c) || c == ',' || c == ':' || c == ']' || c == '}') {
      ++i;
    } else if (c == '[' || c == '{') {
      starts.push_back(i++);
    } else if (c == '"') {
      starts.push_back(i++);
      while (i < n && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      ++i;
    } else {
      starts.push_back(i);
      while (i < n && !is_space(text[i]) && std::string_view(",:[]{}\"").find(text[i]) == std::string_view::npos) ++i;
    }
  }
  return starts;
}

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const std::string& text, const std::string& file)
      : file_(file), starts_(token_starts(text)), size_(text.size()) {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') lines_.push_back(i + 1);
  }

  JsonValue root;

  bool null() override { place(JsonValue::Kind::null); return true; }
  bool boolean(bool v) override { place(JsonValue::Kind::boolean).boolean = v; return true; }
  bool number_integer(number_integer_t v) override { return integer(v); }
  bool number_unsigned(number_unsigned_t v) override {
    if (v > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      throw InputError(at(starts_.at(next_)), "json-number-range", fmt::format("{} does not fit in 64 signed bits", v));
    return integer(static_cast<std::int64_t>(v));
  }
  bool number_float(number_float_t v, const string_t& s) override {
    if (!std::isfinite(v))
      throw InputError(at(starts_.at(next_)), "json-number-range", fmt::format("{} is not a finite number", s));
    place(JsonValue::Kind::real).real = v;
    return true;
  }
  bool string(string_t& v) override { place(JsonValue::Kind::string).text = v; return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
  bool end_object() override { open_.pop_back(); return true; }
  bool end_array() override { open_.pop_back(); return true; }
  bool key(string_t& k) override {
    JsonValue& object = *open_.back();
    const Position where = at(starts_.at(next_++));
    if (object.find(k))
      throw InputError(where, "json-duplicate-key", fmt::format("key \"{}\" occurs twice in one object", k));
    object.members.push_back({k, where, {}});
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    std::string why = e.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ...": keep the reason.
    const std::size_t column = why.find(", column ");
    const std::size_t colon = column == std::string::npos ? std::string::npos : why.find(": ", column);
    if (colon != std::string::npos) why = why.substr(colon + 2);
    else if (const std::size_t bracket = why.find("] "); bracket != std::string::npos) why = why.substr(bracket + 2);
    const bool range = e.id == 406;  // number overflow
    const std::size_t offset = range && next_ < starts_.size() ? starts_[next_] : position > 0 ? position - 1 : 0;
    throw InputError(at(std::min(offset, size_)), range ? "json-number-range" : "json-syntax", why);
  }

 private:
  Position at(std::size_t offset) const {
    const auto line = std::upper_bound(lines_.begin(), lines_.end(), offset) - 1;
    return {file_, static_cast<int>(line - lines_.begin()) + 1, static_cast<int>(offset - *line) + 1};
  }
  bool integer(std::int64_t v) {
    JsonValue& value = place(JsonValue::Kind::integer);
    value.integer = v;
    value.real = static_cast<double>(v);
    return true;
  }
  JsonValue& place(JsonValue::Kind kind) {
    JsonValue* slot = &root;
    if (!open_.empty()) {
      JsonValue& parent = *open_.back();
      if (parent.kind == JsonValue::Kind::array) slot = &parent.items.emplace_back();
      else slot = &parent.members.back().value;
    }
    slot->kind = kind;
    slot->where = at(starts_.at(next_++));
    return *slot;
  }
  bool open(JsonValue::Kind kind) {
    JsonValue& value = place(kind);
    if (open_.size() >= max_depth)
      throw InputError(value.where, "json-too-deep", fmt::format("more than {} nested arrays and objects", max_depth));
    open_.push_back(&value);
    return true;
  }

  std::string file_;
  std::vector<std::size_t> starts_;
  std::size_t size_;
  std::size_t next_ = 0;
  std::vector<std::size_t> lines_{0};
  std::vector<JsonValue*> open_;  // a container's address is stable while it is open: only its descendants grow
};

[[noreturn]] void wrong_type(const JsonValue& v, const std::string& what, const char* wanted) {
  throw InputError(v.where, "wrong-type", fmt::format("{} is {}, must be {}", what, json_kind_name(v.kind), wanted));
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const JsonMember& m : members)
    if (m.key == key) return &m.value;
  return nullptr;
}

JsonValue parse_json(const std::string& text, const std::string& file) {
  Builder builder(text, file);
  nlohmann::json::sax_parse(text, &builder);
  return std::move(builder.root);
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || !text) throw InputError({path, 0, 0}, "unreadable-file", "cannot be read as a file");
  return text.str();
}

JsonValue read_json(const std::string& path) { return parse_json(read_text(path), path); }

std::string json_kind_name(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::null: return "null";
    case JsonValue::Kind::boolean: return "a boolean";
    case JsonValue::Kind::integer: return "an integer";
    case JsonValue::Kind::real: return "a real number";
    case JsonValue::Kind::string: return "a string";
    case JsonValue::Kind::array: return "an array";
    case JsonValue::Kind::object: return "an object";
  }
  return "";
}

std::int64_t json_integer(const JsonValue& v, const std::string& what, std::int64_t lo, std::int64_t hi) {
  if (v.kind != JsonValue::Kind::integer) wrong_type(v, what, "an integer");
  if (v.integer < lo || v.integer > hi)
    throw InputError(v.where, "value-out-of-range", fmt::format("{} = {}, must be {}..{}", what, v.integer, lo, hi));
  return v.integer;
}

double json_real(const JsonValue& v, const std::string& what, double lo, double hi) {
  if (v.kind != JsonValue::Kind::integer && v.kind != JsonValue::Kind::real) wrong_type(v, what, "a number");
  if (!(v.real >= lo && v.real <= hi))
    throw InputError(v.where, "value-out-of-range", fmt::format("{} = {}, must be {}..{}", what, v.real, lo, hi));
  return v.real;
}

bool json_boolean(const JsonValue& v, const std::string& what) {
  if (v.kind != JsonValue::Kind::boolean) wrong_type(v, what, "true or false");
  return v.boolean;
}

const std::string& json_string(const JsonValue& v, const std::string& what) {
  if (v.kind != JsonValue::Kind::string) wrong_type(v, what, "a string");
  return v.text;
}

const std::vector<JsonValue>& json_array(const JsonValue& v, const std::string& what) {
  if (v.kind != JsonValue::Kind::array) wrong_type(v, what, "an array");
  return v.items;
}

const JsonValue& json_object(const JsonValue& v, const std::string& what) {
  if (v.kind != JsonValue::Kind::object) wrong_type(v, what, "an object");
  return v;
}

void json_refuse_unknown_keys(const JsonValue& object, const std::string& what,
                              const std::vector<std::string_view>& legal) {
  for (const JsonMember& m : object.members)
    if (std::find(legal.begin(), legal.end(), m.key) == legal.end())
      throw InputError(m.where, "unknown-key",
                       fmt::format("{} has no key \"{}\"; legal: {}", what, m.key, fmt::join(legal, ", ")));
}

const JsonValue& json_required(const JsonValue& object, std::string_view key, const std::string& what) {
  if (const JsonValue* v = object.find(key)) return *v;
  throw InputError(object.where, "missing-key", fmt::format("{} lacks the key \"{}\"", what, key));
}

}  // namespace epim
