// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/table1.hpp"

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

MnsimWorkload table1_workload(int weight_bits, int act_bits, Traffic traffic) {
  MnsimWorkload w;
  w.weight_bits = weight_bits;
  w.slices = weight_bits / 2;  // ceil((weight_bits - 1) / 2)
  w.act_bits = act_bits;
  w.classes = 10;
  w.activations = ActivationRule::rows;
  w.traffic = traffic;
  return w;
}

MnsimWorkload figure4_workload(Traffic traffic) {
  MnsimWorkload w = table1_workload(9, 9, traffic);
  w.activations = ActivationRule::patches;
  return w;
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

Table1Emulation emulate_table1(const std::vector<Table1Row>& rows, Network resnet50, Network resnet101, const MnsimData& data, Table1Layers layers,
                               Traffic traffic) {
  Network epitome50 = resnet50, epitome101 = resnet101;
  apply_table1_layers(epitome50, layers);
  apply_table1_layers(epitome101, layers);
  Table1Emulation out;
  for (const Table1Row& row : rows) {
    const MnsimWorkload w = table1_workload(row.weight_bits, row.act_bits, traffic);
    const bool small = row.network == "resnet50";
    const Network& net = row.is_epitome() ? (small ? epitome50 : epitome101) : (small ? resnet50 : resnet101);
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
