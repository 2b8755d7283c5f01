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

/// What was evaluated on what.
struct EvaluationSubject {
  std::string network_file, images, labels, weights, calibrated_on;  ///< files; empty: none, or seeded
  std::size_t first = 0;
  std::vector<const CompiledNetwork*> points;
};

/// docs/eval.md lists every key. `energies`: for the energy of counted events.
nlohmann::ordered_json json_of(const EvaluationSubject& subject, const EvaluationResult& result, const EnergyTable& energies);
std::string text_of(const EvaluationSubject& subject, const EvaluationResult& result, const EnergyTable& energies);

}  // namespace epim
