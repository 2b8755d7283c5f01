// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Errors that a user can cause: one line, `file:line:column: rule: what is wrong, what is legal`.
#pragma once
#include <stdexcept>
#include <string>

namespace epim {

/// Where the offending text stands; line and column count from 1, 0 = unknown (then left out).
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

/// Bad input (exit code 2). `rule` is a stable kebab-case identifier listed in docs/rejected-inputs.md.
class InputError : public std::runtime_error {
 public:
  InputError(Position where, std::string rule, const std::string& what)
      : std::runtime_error(line(where, rule, what)), where_(std::move(where)), rule_(std::move(rule)), text_(what) {}
  /// Same error with the position filled in, for rules checked far from the text.
  InputError at(Position where) const { return InputError(std::move(where), rule_, text_); }
  const Position& where() const { return where_; }
  const std::string& rule() const { return rule_; }
  const std::string& text() const { return text_; }

 private:
  static std::string line(const Position& p, const std::string& rule, const std::string& what) {
    std::string s;
    if (!p.file.empty()) s += p.file + ":";
    if (p.line > 0) s += std::to_string(p.line) + ":" + std::to_string(p.column) + ":";
    if (!s.empty()) s += " ";
    return s + rule + ": " + what;
  }
  Position where_;
  std::string rule_, text_;
};

/// Refuses input without a position.
[[noreturn]] inline void fail(const char* rule, const std::string& text) { throw InputError({}, rule, text); }

/// A tool that must be installed is not (exit code 3); the text names the Debian package.
class MissingTool : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace epim
