// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "gen/import/plan.hpp"

namespace epim::importer {

std::int64_t Format::code_of(double real) const {
  const double code = std::nearbyint(real / scale) + zero;
  return static_cast<std::int64_t>(std::clamp(code, static_cast<double>(least()), static_cast<double>(greatest())));
}

bool Plan::reaches_core(int id) const {
  for (const PlannedNode& n : nodes)
    for (const int in : n.inputs) {
      if (in != id) continue;
      if (n.has_weights()) return true;
      if (n.source == FormatSource::input && reaches_core(static_cast<int>(&n - nodes.data()))) return true;
    }
  return false;
}

bool Plan::any_calibrated() const {
  return input_source == FormatSource::calibrated ||
         std::any_of(nodes.begin(), nodes.end(), [](const PlannedNode& n) { return n.source == FormatSource::calibrated; });
}

std::vector<std::int64_t> codes_of(const Value& tensor, const Format& format) {
  std::vector<std::int64_t> codes(static_cast<std::size_t>(tensor.size()));
  const bool integers = tensor.type() != Type::f32;
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    codes[static_cast<std::size_t>(i)] = integers ? tensor.integer(i) : format.code_of(tensor.number(i));
  return codes;
}

std::vector<double> reals_of(const Value& tensor, const Format& format) {
  std::vector<double> reals(static_cast<std::size_t>(tensor.size()));
  const bool integers = tensor.type() != Type::f32;
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    reals[static_cast<std::size_t>(i)] = integers ? format.scale * static_cast<double>(tensor.integer(i) - format.zero) : tensor.number(i);
  return reals;
}

}  // namespace epim::importer
