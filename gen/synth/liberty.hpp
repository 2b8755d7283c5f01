// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Reads what area counting needs from a Liberty file: cells, their area, and whether they store a bit.
#pragma once
#include <map>
#include <string>

namespace epim {

struct LibertyCell {
  double area = 0;          ///< in the library's unit (um^2, or GE for constraints/epim_ge.lib)
  bool flip_flop = false;   ///< has an ff group
  bool latch = false;       ///< has a latch group
  bool nand2 = false;       ///< two inputs, one output whose function is !(A B) in any spelling
  bool buffer = false;      ///< one input, one output whose function is that input
};

struct Liberty {
  std::string name;                          ///< of the library group
  std::map<std::string, LibertyCell> cells;
  bool timing = false;                       ///< some pin has a timing group
  /// Area of the smallest cell with `nand2`; 0 if there is none.
  double nand2_area() const;
  /// Name of the smallest cell with `buffer`; empty if there is none.
  std::string buffer() const;
};

/// Parses `text`; `file` is for messages.
/// Errors (InputError): liberty-syntax (at the offending text), liberty-unusable (no cells, no flip-flop, or no 2-input
/// NAND with an area: nothing could be mapped or counted).
Liberty parse_liberty(const std::string& text, const std::string& file);

/// Reads and parses a file. Errors: unreadable-file, and those of parse_liberty.
Liberty load_liberty(const std::string& file);

}  // namespace epim
