// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synth/liberty.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

/// Recursive descent over Liberty: statements are `name : value ;`, `name ( values ) ;`, `name ( values ) { ... }`.
class Parser {
 public:
  Parser(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  Liberty library() {
    const std::string group = word("a library group");
    if (group != "library") fail("expected library (NAME) { ... }, found " + group);
    Liberty out;
    out.name = arguments();
    expect('{');
    statements([&](const std::string& name, const std::string& argument) {
      LibertyCell cell;
      body(name, cell);
      if (name == "cell") out.cells[argument] = cell;
    });
    space();
    if (at_ < text_.size()) fail("text after the library group");
    out.timing = timing_;
    return out;
  }

 private:
  /// What is kept of the statements inside a group; `cell` is null outside of cells.
  template <class Group>
  void statements(Group group, LibertyCell* cell = nullptr, std::string* function = nullptr) {
    for (;;) {
      space();
      if (at_ >= text_.size()) fail("the file ends inside a group, a } is missing");
      if (text_[at_] == '}') {
        ++at_;
        return;
      }
      if (text_[at_] == ';') {
        ++at_;
        continue;
      }
      const std::string name = word("a statement");
      space();
      if (peek() == ':') {
        ++at_;
        const std::size_t value_at = skip_space();
        const std::string v = value();
        if (cell && name == "area") {
          char* end = nullptr;
          cell->area = std::strtod(v.c_str(), &end);
          if (v.empty() || *end || !(cell->area >= 0)) fail("area is not a number: " + v, value_at);
        }
        if (function && name == "function") *function = v;
      } else if (peek() == '(') {
        const std::string argument = arguments();
        space();
        if (peek() == '{') {
          ++at_;
          group(name, argument);
        } else if (peek() == ';') {
          ++at_;
        }
      } else {
        fail("expected : or ( after " + name);
      }
    }
  }

  void skip_group() {
    statements([this](const std::string&, const std::string&) { skip_group(); });
  }

  void body(const std::string& name, LibertyCell& cell) {
    if (name != "cell") return skip_group();
    int inputs = 0;
    std::string function, input;
    statements(
        [&](const std::string& group, const std::string& argument) {
          cell.flip_flop |= group == "ff" || group == "ff_bank";
          cell.latch |= group == "latch" || group == "latch_bank";
          if (group != "pin") return skip_group();
          std::string f;
          statements(
              [this](const std::string& inner, const std::string&) {
                timing_ |= inner == "timing";
                skip_group();
              },
              nullptr, &f);
          if (f.empty()) ++inputs, input = argument;
          else function = f;
        },
        &cell);
    // Blanks go; between two names they mean AND.
    std::string dense;
    for (std::size_t i = 0; i < function.size(); ++i) {
      const bool blank = std::isspace(static_cast<unsigned char>(function[i])) != 0;
      if (!blank) dense += function[i];
      else if (!dense.empty() && is_word(dense.back()) && i + 1 < function.size() && is_word(function[i + 1])) dense += '&';
    }
    function = dense;
    const bool bare = function.size() > 4 && function[0] == '(' && function.back() == ')';
    const std::string f = bare ? function.substr(1, function.size() - 2) : function;
    cell.nand2 = inputs == 2 && !cell.flip_flop && f.size() >= 6 && f.substr(0, 2) == "!(" && f.back() == ')' &&
                 f.find_first_of("|+^!'(", 2) == std::string::npos && f.find_first_of("&*") != std::string::npos;
    cell.buffer = inputs == 1 && !cell.flip_flop && !cell.latch && f == input;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::size_t skip_space() {
    space();
    return at_;
  }
  void space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (std::isspace(static_cast<unsigned char>(c)) || (c == '\\' && at_ + 1 < text_.size() &&
                                                          (text_[at_ + 1] == '\n' || text_[at_ + 1] == '\r'))) {
        ++at_;
      } else if (text_.compare(at_, 2, "/*") == 0) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string::npos) fail("a comment does not end");
        at_ = end + 2;
      } else if (text_.compare(at_, 2, "//") == 0) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' || c == '+' || c == '$' ||
           c == '[' || c == ']';
  }
  std::string word(const std::string& what) {
    space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (begin == at_) fail(at_ < text_.size() ? "expected " + what + ", found '" + printable(text_[at_]) + "'"
                                              : "expected " + what + ", found the end of the file");
    return text_.substr(begin, at_ - begin);
  }
  static std::string printable(char c) {
    return std::isprint(static_cast<unsigned char>(c)) ? std::string(1, c) : std::string("a control character");
  }
  std::string quoted() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') ++at_;
    if (at_ >= text_.size()) fail("a string does not end", begin - 1);
    return text_.substr(begin, at_++ - begin);
  }
  /// Rest of a simple attribute: a string, or words and operators up to `;` or the end of the line.
  std::string value() {
    if (peek() == '"') {
      const std::string v = quoted();
      return v;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ';' && text_[at_] != '\n' && text_[at_] != '}') ++at_;
    std::size_t end = at_;
    while (end > begin && std::isspace(static_cast<unsigned char>(text_[end - 1]))) --end;
    if (begin == end) fail("a value is missing", begin);
    return text_.substr(begin, end - begin);
  }
  /// Text between ( and ), strings without their quotes.
  std::string arguments() {
    expect('(');
    std::string out;
    for (;;) {
      space();
      if (at_ >= text_.size()) fail("a ) is missing");
      const char c = text_[at_];
      if (c == ')') {
        ++at_;
        return out;
      }
      if (c == '"') out += quoted();
      else if (c == '{' || c == '}' || c == ';') fail(std::string("a ) is missing before ") + c);
      else out += text_[at_++];
    }
  }
  void expect(char c) {
    space();
    if (peek() != c) fail(std::string("expected ") + c);
    ++at_;
  }
  [[noreturn]] void fail(const std::string& what) { fail(what, at_); }
  [[noreturn]] void fail(const std::string& what, std::size_t at) {
    at = std::min(at, text_.size());
    const int line = 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    const std::size_t start = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
    const int column = static_cast<int>(at - (start == std::string::npos ? 0 : start + 1)) + 1;
    throw InputError({file_, line, column}, "liberty-syntax", what);
  }

  const std::string& text_;
  const std::string& file_;
  std::size_t at_ = 0;
  bool timing_ = false;
};

}  // namespace

double Liberty::nand2_area() const {
  double area = 0;
  for (const auto& [name, cell] : cells)
    if (cell.nand2 && cell.area > 0 && (area == 0 || cell.area < area)) area = cell.area;
  return area;
}

std::string Liberty::buffer() const {
  std::string best;
  for (const auto& [name, cell] : cells)
    if (cell.buffer && cell.area > 0 && (best.empty() || cell.area < cells.at(best).area)) best = name;
  return best;
}

Liberty parse_liberty(const std::string& text, const std::string& file) {
  Liberty out = Parser(text, file).library();
  const auto unusable = [&](const std::string& what) { throw InputError({file, 0, 0}, "liberty-unusable", what); };
  if (out.cells.empty()) unusable("no cell groups; legal: a library with a flip-flop and a 2-input NAND");
  bool flip_flop = false;
  for (const auto& [name, cell] : out.cells) flip_flop |= cell.flip_flop && cell.area > 0;
  if (!flip_flop) unusable("no flip-flop with an area above 0; legal: a cell with an ff group");
  if (out.nand2_area() == 0) unusable("no 2-input NAND with an area above 0; legal: a cell with function \"!(A&B)\"");
  return out;
}

Liberty load_liberty(const std::string& file) { return parse_liberty(read_text(file), file); }

}  // namespace epim
