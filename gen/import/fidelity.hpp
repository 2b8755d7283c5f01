// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Our float evaluation of a graph against the answers that a file brings along.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "golden/files/npz.hpp"

namespace epim::importer {

/// Largest difference that counts as equal, relative to the largest value.
constexpr double fidelity_limit = 1e-4;

struct OutputFidelity {
  std::string output;
  double exact = 0;     ///< worst image, with exact sums
  double float32 = -1;  ///< with sums as ONNX Runtime makes them; -1: not needed
  bool good() const { return exact <= fidelity_limit || (float32 >= 0 && float32 <= fidelity_limit); }
};

/// Elements in front of a quantiser that lie on a rounding boundary, to 1e-5 of a step: there the order of a sum in
/// float32 decides, in the reference as well.
struct BoundaryCount {
  std::string tensor;
  std::int64_t elements = 0, boundary = 0;
};

struct FidelityReport {
  std::int64_t images = 0;
  bool quantised = false;  ///< the graph has quantisers of maps
  std::vector<OutputFidelity> outputs;
  std::vector<BoundaryCount> boundaries;  ///< those that have any
};

/// The arrays of one image: `input` where the graph has one input, else arrays named like the inputs; first axis = images.
/// Throws InputError at images.path: missing-array, array-shape.
std::vector<std::map<std::string, Value>> images_of(const Graph& graph, const NpzFile& images);

/// `reference`: arrays output0, output1, ..., or named like the outputs; first axis = images.
/// A graph with quantisers that misses the limit is evaluated again with Sums::float32.
/// `progress` is told the share that is done. Throws InputError at reference.path: missing-array, array-shape.
FidelityReport check_fidelity(const Graph& graph, const std::vector<std::map<std::string, Value>>& images,
                              const NpzFile& reference, int jobs, const std::function<void(double)>& progress = {});

}  // namespace epim::importer
