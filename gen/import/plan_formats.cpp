// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "gen/import/plan.hpp"

namespace epim::importer {

std::int64_t code_of(double real, const MapFormat& f) {
  const double code = std::nearbyint(real / f.scale) + f.zero;
  return static_cast<std::int64_t>(std::clamp(code, static_cast<double>(f.least()), static_cast<double>(f.greatest())));
}

std::vector<bool> Plan::read_by_cores() const {
  std::vector<bool> core(nodes.size(), false);
  for (std::size_t r = nodes.size(); r-- > 0;)  // readers stand behind what they read
    for (const int in : nodes[r].inputs)
      if (in >= 0 && (nodes[r].has_weights() || (nodes[r].source == FormatSource::input && core[r]))) core[static_cast<std::size_t>(in)] = true;
  return core;
}

bool Plan::any_calibrated() const {
  return input_source == FormatSource::calibrated ||
         std::any_of(nodes.begin(), nodes.end(), [](const PlannedNode& n) { return n.source == FormatSource::calibrated; });
}

std::vector<std::int64_t> codes_of(const Value& tensor, const MapFormat& format) {
  std::vector<std::int64_t> codes(static_cast<std::size_t>(tensor.size()));
  const bool integers = tensor.type() != Type::f32;
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    codes[static_cast<std::size_t>(i)] = integers ? tensor.integer(i) : code_of(tensor.number(i), format);
  return codes;
}

std::vector<double> reals_of(const Value& tensor, const MapFormat& format) {
  std::vector<double> reals(static_cast<std::size_t>(tensor.size()));
  const bool integers = tensor.type() != Type::f32;
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    reals[static_cast<std::size_t>(i)] = integers ? format.scale * static_cast<double>(tensor.integer(i) - format.zero) : tensor.number(i);
  return reals;
}

}  // namespace epim::importer
