// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synth/netlist.hpp"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

std::string plain(const std::string& id) { return !id.empty() && id[0] == '\\' ? id.substr(1) : id; }

}  // namespace

std::string NetlistModule::base() const {
  if (name.rfind("$paramod", 0) != 0) return name;
  const std::size_t begin = name.find('\\');
  if (begin == std::string::npos) return name;
  return name.substr(begin + 1, name.find('\\', begin + 1) - begin - 1);
}

std::vector<NetlistModule> read_rtlil(std::istream& in) {
  std::vector<NetlistModule> modules;
  NetlistModule* module = nullptr;
  bool blackbox = false, in_memory_cell = false;
  NetlistMemory memory;
  std::string line, word;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    if (!(words >> word)) continue;
    if (!module) {
      if (word == "attribute") {
        words >> word;
        if (word == "\\blackbox") blackbox = true;
      } else if (word == "module") {
        words >> word;
        modules.emplace_back();
        module = &modules.back();
        module->name = plain(word);
        module->blackbox = blackbox;
        blackbox = false;
      }
      continue;
    }
    // Two blanks in front: a statement of the module; four: inside a cell.
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == 0 && word == "end") {
      module = nullptr;
    } else if (indent == 2 && word == "cell") {
      words >> word;
      ++module->cells[plain(word)];
      in_memory_cell = word == "$mem_v2" || word == "$mem";
      memory = {};
    } else if (indent == 4 && in_memory_cell && word == "parameter") {
      std::string name, value;
      words >> name >> value;
      if (name == "\\SIZE") memory.words = std::atoll(value.c_str());
      if (name == "\\WIDTH") memory.width = std::atoll(value.c_str());
    } else if (indent == 2 && word == "end" && in_memory_cell) {
      module->memories.push_back(memory);
      in_memory_cell = false;
    } else if (indent == 2 && word == "memory") {
      NetlistMemory m{1, 1};
      while (words >> word && word[0] != '\\') {
        if (word == "width") words >> m.width;
        else if (word == "size") words >> m.words;
      }
      module->memories.push_back(m);
    } else if (indent == 2 && word == "wire") {
      NetlistPort port;
      bool is_port = false;
      while (words >> word) {
        if (word == "width") words >> port.width;
        else if (word == "input" || word == "output" || word == "inout") is_port = true, port.output = word != "input";
        else if (word[0] == '\\' || word[0] == '$') port.name = plain(word);
      }
      if (is_port) module->ports.push_back(port);
    }
  }
  return modules;
}

std::vector<NetlistModule> read_rtlil_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw InputError({path, 0, 0}, "unreadable-file", "cannot be read as a file");
  return read_rtlil(in);
}

std::map<std::string, std::int64_t> instance_counts(const std::vector<NetlistModule>& modules, const std::string& top) {
  std::map<std::string, const NetlistModule*> by_name;
  for (const NetlistModule& m : modules) by_name[m.name] = &m;
  std::map<std::string, std::int64_t> counts;
  std::function<void(const std::string&, std::int64_t)> visit = [&](const std::string& name, std::int64_t times) {
    counts[name] += times;
    for (const auto& [type, count] : by_name.at(name)->cells)
      if (by_name.count(type)) visit(type, times * count);
  };
  if (by_name.count(top)) visit(top, 1);
  return counts;
}

}  // namespace epim
