// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/estimate/table1.hpp"

#include <cmath>

namespace epim {
namespace {

/// "layer3.0.conv2" -> stage 3, block 0, part "conv2"; stage 0 for nodes outside the blocks.
struct BlockName {
  int stage = 0, block = 0;
  std::string part;
};

BlockName split(const std::string& name) {
  BlockName b;
  const std::size_t first = name.find('.'), second = name.find('.', first == std::string::npos ? first : first + 1);
  if (name.rfind("layer", 0) != 0 || second == std::string::npos) return b;
  b.stage = std::stoi(name.substr(5, first - 5));
  b.block = std::stoi(name.substr(first + 1, second - first - 1));
  b.part = name.substr(second + 1);
  return b;
}

bool is_timed(const Node& node) {
  const BlockName b = split(node.name);
  if (node.op != Op::conv) return false;
  switch (b.stage) {
    case 2: return b.part == "conv2";
    case 3: return b.part == "downsample" || b.part == "conv2" || b.part == "conv3";
    case 4: return b.part == "conv2" || b.part == "conv3" || (b.part == "conv1" && b.block > 0);
    default: return false;
  }
}

}  // namespace

const std::array<Table1Row, 12>& table1_rows() {
  static const std::array<Table1Row, 12> rows{{
      {"resnet50", false, 32, 32, 13120, 139.8, 214.0, 94.9},
      {"resnet50", true, 32, 32, 5696, 167.7, 194.8, 96.7},
      {"resnet50", true, 9, 9, 1424, 50.9, 17.0, 96.7},
      {"resnet50", true, 7, 9, 1076, 45.2, 20.5, 93.2},
      {"resnet50", true, 5, 9, 720, 39.9, 13.7, 93.2},
      {"resnet50", true, 3, 9, 428, 36.7, 9.3, 93.2},
      {"resnet101", false, 32, 32, 22912, 189.7, 385.7, 94.7},
      {"resnet101", true, 32, 32, 10592, 263.7, 364.8, 98.2},
      {"resnet101", true, 9, 9, 2648, 75.8, 32.2, 98.2},
      {"resnet101", true, 7, 9, 1994, 73.7, 39.5, 98.2},
      {"resnet101", true, 5, 9, 1584, 72.1, 29.2, 98.2},
      {"resnet101", true, 3, 9, 734, 63.4, 17.0, 98.2},
  }};
  return rows;
}

void apply_table1_layers(Network& net, Table1Layers layers) {
  apply_uniform(net, 1024, 256);
  if (layers == Table1Layers::counted) return;
  for (Node& node : net.nodes) {
    node.epitome.reset();
    if (is_timed(node)) node.epitome = uniform_epitome(node, 1024, 256);
  }
  infer_shapes(net);
}

Table1Emulation emulate_table1(Network resnet50, Network resnet101, const MnsimData& data, Table1Layers layers) {
  Network epitome50 = resnet50, epitome101 = resnet101;
  apply_table1_layers(epitome50, layers);
  apply_table1_layers(epitome101, layers);
  Table1Emulation out;
  for (const Table1Row& row : table1_rows()) {
    MnsimWorkload w;
    w.weight_bits = row.weight_bits;
    w.slices = (row.weight_bits - 1 + 1) / 2;
    w.act_bits = row.act_bits;
    w.classes = 10;
    w.activations = ActivationRule::rows;
    const bool small = row.network == "resnet50";
    const Network& net = row.epitome ? (small ? epitome50 : epitome101) : (small ? resnet50 : resnet101);
    const MnsimResult r = evaluate_mnsim(net, w, data, MnsimQuirks::compat());
    Table1Estimate e{row, r.latency_ms(), r.energy_mj()};
    out.latency_rms += e.latency_error() * e.latency_error();
    out.energy_rms += e.energy_error() * e.energy_error();
    out.rows.push_back(std::move(e));
  }
  out.latency_rms = std::sqrt(out.latency_rms / static_cast<double>(out.rows.size()));
  out.energy_rms = std::sqrt(out.energy_rms / static_cast<double>(out.rows.size()));
  return out;
}

}  // namespace epim
