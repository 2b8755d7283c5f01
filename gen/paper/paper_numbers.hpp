// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The numbers that the paper prints, from gen/paper/data/paper.toml.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace epim {

/// A row of Table 1. Absent values are not printed.
struct Table1Row {
  std::string network;  ///< "resnet50" or "resnet101"
  std::string model;    ///< as printed
  std::string epitome;  ///< "none", "1024x256", "layer-wise", "pruned"
  int weight_bits = 32, act_bits = 32;  ///< 32 = FP32, 0 = mixed
  std::optional<double> accuracy, crossbars, compression, latency_ms, energy_mj, utilisation;  ///< percent; ms; mJ
  /// One width and one epitome for all layers: what the printed design says completely.
  bool uniform() const { return weight_bits > 0 && (epitome == "none" || epitome == "1024x256"); }
  bool is_epitome() const { return epitome == "1024x256"; }
};
struct Table2Row {
  std::string model;
  double naive = 0, crossbar = 0, overlap = 0;  ///< accuracy in percent
};
struct Table3Row {
  std::string method;
  double resnet50 = 0, resnet101 = 0, accuracy50 = 0, accuracy101 = 0;
};
struct Figure3Layer {
  int layer = 0;        ///< number in the paper
  std::string node;     ///< ours
  double parameters_k = 0, latency_ms = 0, energy_mj = 0;  ///< saved; added; added
};
struct Figure4Ratios {
  double uniform_256_latency = 0, uniform_256_energy = 0, opt_speedup = 0, opt_energy = 0, opt_edp = 0;
};
struct PaperNumbers {
  std::vector<Table1Row> table1;
  std::vector<Table2Row> table2;
  std::vector<Table3Row> table3;
  std::vector<Figure3Layer> figure3;
  Figure4Ratios figure4;
};

/// Throws InputError unreadable-file, toml-syntax, missing-key, wrong-type with the position.
PaperNumbers load_paper_numbers(const std::string& path);

/// The rows of one width and one epitome, in the order of the table: twelve.
std::vector<Table1Row> uniform_rows(const PaperNumbers& paper);

}  // namespace epim
