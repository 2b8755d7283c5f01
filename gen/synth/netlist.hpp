// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What area counting reads from Yosys' RTLIL text: modules with their ports, memories and cells by type.
#pragma once
#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

namespace epim {

struct NetlistPort {
  std::string name;
  int width = 1;
  bool output = false;
};
struct NetlistMemory {
  std::int64_t words = 0, width = 0;
  std::int64_t bits() const { return words * width; }
};
struct NetlistModule {
  std::string name;                           ///< without the leading backslash
  bool blackbox = false;
  std::vector<NetlistPort> ports;             ///< in the order of their declaration
  std::vector<NetlistMemory> memories;        ///< memory objects, and $mem_v2 cells once memories are collected
  std::map<std::string, std::int64_t> cells;  ///< type (without backslash) -> instances
  /// Name in the source: $paramod$HASH\NAME and $paramod\NAME\P=1... give NAME.
  std::string base() const;
};

/// Modules in the order of the text. Counts only; connections and attributes other than blackbox are not kept.
std::vector<NetlistModule> read_rtlil(std::istream& in);
/// The same from a file. Error: InputError unreadable-file.
std::vector<NetlistModule> read_rtlil_file(const std::string& path);

/// Instances of every module below `top`, itself included: product of the counts along every path.
std::map<std::string, std::int64_t> instance_counts(const std::vector<NetlistModule>& modules, const std::string& top);

}  // namespace epim
