// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The integers of a planned network against the values of the graph that it was made from: fidelity (b) and (c).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/import/calibrate.hpp"
#include "gen/import/plan.hpp"
#include "gen/network/compile.hpp"

namespace epim::importer {

/// At most this share of a map's elements may be one step off.
constexpr double step_limit = 1e-3;

struct MapFidelity {
  std::string node, op;
  bool judged = false;          ///< the file says which integers the map holds: fidelity (b)
  // The node alone, on the graph's own integers:
  std::int64_t elements = 0;
  std::int64_t one_step = 0;    ///< elements one step off, not on a rounding boundary
  std::int64_t boundary = 0;    ///< elements one step off whose real value is within 1e-5 steps of a rounding boundary (more
                                ///< than 9 bits: within a unit in the last place of float32)
  std::int64_t more = 0;        ///< elements more than one step off
  std::int64_t worst = 0;       ///< steps
  double scale_error = 0;       ///< largest relative error of its multipliers
  // The whole network, on its own integers:
  double signal = 0, noise = 0; ///< sums of squares
  std::int64_t whole_worst = 0, whole_off = 0;  ///< judged maps: steps, elements that differ
  double decibels() const;
  bool good() const { return !judged || (more == 0 && static_cast<double>(one_step) <= step_limit * static_cast<double>(elements)); }
};

struct OutputAgreement {
  std::string output, node;
  std::int64_t images = 0, agree = 0;           ///< the largest value is at the same place as in the graph
  std::int64_t right_graph = -1, right = -1;    ///< images whose class is the label; -1: no labels
};

struct IntegerFidelity {
  std::int64_t images = 0;
  std::vector<MapFidelity> maps;                ///< of every node that stands for a tensor of the graph
  std::vector<OutputAgreement> outputs;
  bool good() const;
  /// What other images of the same network gave.
  void add(const IntegerFidelity& other);
};

/// Evaluates graph and integers on the first `count` images. `codes`: input_codes of the images. `net` is compiled.
/// `labels`: a class per image, or empty. `progress` is told the share that is done.
IntegerFidelity check_integers(const Plan& plan, const Graph& graph, const CompiledNetwork& net, const Images& images, const IntTensor& codes,
                               std::size_t count, const std::vector<std::int64_t>& labels, int jobs, const std::function<void(double)>& progress = {});

}  // namespace epim::importer
