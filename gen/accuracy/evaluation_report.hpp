// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// An evaluation as result.json and as tables.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/accuracy/evaluation.hpp"
#include "golden/energy.hpp"

namespace epim {

/// What makes a point differ from the others, and the chip that it is.
struct PointSettings {
  std::vector<std::pair<std::string, std::string>> swept;  ///< key, value
  std::int64_t device_seed = 0;
  bool operator==(const PointSettings&) const = default;
};

/// Mean over chips, and the 95 % interval of the mean: mean -+ t*s/sqrt(n), s the standard deviation of the sample (n - 1), t the
/// 97.5 % quantile of Student's distribution with n - 1 degrees of freedom.
struct Spread {
  double mean = 0, deviation = 0, half_width = 0;  ///< the last two 0 with one chip
  std::size_t chips = 0;
};
Spread spread_of(const std::vector<double>& samples);
/// The 97.5 % quantile of Student's distribution.
double student_quantile(std::size_t degrees_of_freedom);

/// What was evaluated on what.
struct EvaluationSubject {
  std::string network_file, images, labels, weights, calibrated_on;  ///< files; empty: none, or seeded
  std::size_t first = 0;
  std::vector<const CompiledNetwork*> points;
  std::vector<PointSettings> settings;  ///< per point; empty: no device and no sweep
};

/// docs/eval.md lists every key. `energies`: for the energy of counted events.
nlohmann::ordered_json json_of(const EvaluationSubject& subject, const EvaluationResult& result, const EnergyTable& energies);
std::string text_of(const EvaluationSubject& subject, const EvaluationResult& result, const EnergyTable& energies);

}  // namespace epim
