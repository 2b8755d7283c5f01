// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Tables and lists of a device, from files.
#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "golden/device/device_model.hpp"
#include "golden/diagnostic.hpp"
#include "golden/files/npz.hpp"

namespace epim {

AttenuationTable read_attenuation(const std::string& path) {
  const FloatTensor t = read_npy(path).floats();
  if (t.shape.size() != 2) throw InputError({path, 0, 0}, "device-attenuation", fmt::format("an array of {} dimensions, legal: 2", t.shape.size()));
  AttenuationTable a{t.shape[0], t.shape[1], {}};
  for (const float v : t.data) {
    if (!(v >= 0 && v <= 4)) throw InputError({path, 0, 0}, "device-attenuation", fmt::format("a factor is {}, legal: 0..4", v));
    a.factors.push_back(static_cast<double>(v));
  }
  return a;
}

std::vector<StuckCell> read_faults(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw InputError({path, 0, 0}, "unreadable-file", "cannot be read, legal: a list of stuck cells");
  std::vector<StuckCell> cells;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> words;
    std::stringstream text(line);
    for (std::string w; std::getline(text, w, ',');) words.push_back(w);
    const auto refuse = [&](const std::string& what) {
      throw InputError({path, number, 1}, "device-fault", what + ", legal: layer,pe_row,pe_column,positive|negative,slice,row,column,on|off");
    };
    if (words.size() != 8) refuse(fmt::format("{} fields", words.size()));
    const auto count = [&](std::size_t i) {
      int v = -1;
      const auto [end, error] = std::from_chars(words[i].data(), words[i].data() + words[i].size(), v);
      if (error != std::errc() || end != words[i].data() + words[i].size() || v < 0) refuse(fmt::format("\"{}\" is no number", words[i]));
      return v;
    };
    if (words[3] != "positive" && words[3] != "negative") refuse(fmt::format("\"{}\" is no polarity", words[3]));
    if (words[7] != "on" && words[7] != "off") refuse(fmt::format("\"{}\" is no state", words[7]));
    cells.push_back({count(0), count(1), count(2), words[3] == "negative", count(4), count(5), count(6), words[7] == "on"});
  }
  return cells;
}

}  // namespace epim
