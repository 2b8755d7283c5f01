// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/network_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

RtlArea area_of(const Hardware& hw, const MnsimData& data) {
  const double pes = double(hw.pe_rows) * hw.pe_cols, rows = hw.xb_rows;
  RtlArea a;
  a.crossbar = pes * 2 * hw.slices() * (rows * hw.xb_cols * data.config.device_area + rows * data.constants.row_driver_area);
  const ConverterRow* adc = nullptr;
  for (const ConverterRow& row : data.adc)
    if (row.bits >= hw.adc_bits && (!adc || row.bits < adc->bits || (row.bits == adc->bits && row.area < adc->area))) adc = &row;
  if (adc) a.adc = pes * 2 * hw.slices() * hw.adcs() * adc->area;
  for (const ConverterRow& row : data.dac)
    if (row.bits == hw.dac_bits) {
      a.dac = pes * rows * row.area;
      break;
    }
  return a;
}

void add(NetworkCount& total, const LayerCount& n) {
  total.crossbars += n.crossbars;
  total.cells += n.cells;
  total.weights += n.weights;
  total.parameters += n.parameters;
}

/// Sums of the rtl model over the layers.
void sum_rtl(NetworkEstimate& e) {
  e.cycles = 0;
  e.events = {};
  e.energy = {};
  for (const LayerEstimate& l : e.layers) {
    e.cycles += l.rtl.timing.cycles;
    e.events += l.rtl.events;
    e.energy.total += l.energy.total;
    for (std::size_t i = 0; i < event_count; ++i) e.energy.by_event[i] += l.energy.by_event[i];
    if (e.energy.by_component.empty()) {
      e.energy.by_component = l.energy.by_component;
    } else {
      for (std::size_t i = 0; i < l.energy.by_component.size(); ++i)
        e.energy.by_component[i].second += l.energy.by_component[i].second;
    }
  }
}

}  // namespace

EstimateData load_estimate_data(const std::string& home) {
  return {load_mnsim_data(home + "/gen/cost/data/mnsim.toml"), load_energy_table(home + "/golden/data/energy.toml"),
          load_activity(home + "/golden/data/activity.toml")};
}

NetworkEstimate estimate_network(const Network& source, const EstimateRequest& request, const EstimateData& data) {
  NetworkEstimate e;
  // Widths beyond those of a core only change how many crossbars hold a weight: the plan is made with 9 bits then.
  Network planned = source;
  if (request.design.file) apply_design(planned, *request.design.file);
  std::vector<int> bits(planned.nodes.size(), request.weight_bits);
  bool wide = false;
  for (std::size_t n = 0; n < planned.nodes.size(); ++n) {
    Node& node = planned.nodes[n];
    if (!node.has_weights()) continue;
    if (node.weight_bits > 0) bits[n] = node.weight_bits;
    if (bits[n] <= 9) continue;
    if (request.rtl)
      throw InputError(node.where, "rtl-weight-bits",
                       fmt::format("node {}: weight_bits is {}, the rtl model knows 2..9; take --model mnsim", node.name,
                                   bits[n]));
    wide = true;
    node.weight_bits = 0;
  }
  DesignChoice design = request.design;
  if (wide && design.file) {  // already applied; map_network must not apply it again
    design.file.reset();
    design.pool.reset();
    design.uniform = false;
  }
  Mapping plan = map_network(wide ? planned : source, request.base, design);

  CountGeometry geometry{request.base.xb_rows, request.base.xb_cols, request.base.cell_bits, request.base.lanes};
  e.activity = activity_for(data.activity, request.base);
  e.activity_measured = measured_for(e.activity, request.base);
  NetworkCount plain_paper, plain_physical;
  for (const MappedLayer& p : plan.layers) {
    const Node& node = plan.network.nodes[at(p.node)];
    const Hardware& hw = plan.cores[at(p.core)].hw;
    LayerEstimate l;
    l.node = p.node;
    l.name = p.layer.name;
    l.part = p.part;
    l.weight_bits = bits[at(p.node)];
    if (p.layer.pool) l.weight_bits = 1;
    l.weights = operator_of(node);
    l.hw = hw;
    // Crossbars and parameters of a layer split over several cores stand in the row of its first part.
    if (p.part == 0) l.paper = count_layer(plan.network, p.node, l.weight_bits, CountRule::paper, geometry);
    if (p.part == 0) l.physical = count_layer(plan.network, p.node, l.weight_bits, CountRule::physical, geometry);
    if (p.space_to_depth > 1) {  // fewer rows stay empty than in the convolution as written
      l.physical.crossbars = std::int64_t{2} * l.physical.slices * hw.pe_rows * hw.pe_cols;
      l.physical.utilisation = static_cast<double>(l.physical.cells) /
                               (static_cast<double>(l.physical.crossbars) * geometry.xb_rows * geometry.xb_cols);
    }
    add(e.paper, l.paper);
    add(e.physical, l.physical);
    if (p.part == 0) e.macs += layer_of(node).macs();
    if (request.rtl) {
      l.rtl = estimate_rtl(hw, p.layer, activity_for(data.activity, hw).activity);
      if (request.bounds) l.rtl.timing.bound = bound_of(hw, p.layer, 1, l.rtl.timing);
      l.energy = energy(l.rtl.events, data.energy, hw);
      l.area = area_of(hw, data.mnsim);
      e.area.crossbar += l.area.crossbar;
      e.area.dac += l.area.dac;
      if (l.area.adc) e.area.adc = e.area.adc.value_or(0.0) + *l.area.adc;
    }
    const std::int64_t positions = std::int64_t{node.out.height} * node.out.width;
    l.activations = request.rtl ? static_cast<int>(l.rtl.events.activations / positions)
                                : static_cast<int>(plan_firings(p.layer).firings.size());
    e.layers.push_back(std::move(l));
  }
  const auto utilisation = [&](NetworkCount& n) {
    n.utilisation =
        static_cast<double>(n.cells) / (static_cast<double>(n.crossbars) * geometry.xb_rows * geometry.xb_cols);
  };
  utilisation(e.paper);
  utilisation(e.physical);
  e.pools = crossbar_totals(plan);
  e.network = std::move(plan.network);

  Network plain = source;
  for (Node& node : plain.nodes) {
    node.epitome.reset();
    node.pool.reset();
    node.wrap = Wrap::off;
  }
  infer_shapes(plain);
  for (const LayerEstimate& l : e.layers) {
    if (l.part > 0) continue;
    add(plain_paper, count_layer(plain, l.node, 32, CountRule::paper, geometry));
    add(plain_physical, count_layer(plain, l.node, 32, CountRule::physical, geometry));
  }
  e.crossbar_rate_paper = static_cast<double>(plain_paper.crossbars) / static_cast<double>(e.paper.crossbars);
  e.crossbar_rate_physical = static_cast<double>(plain_physical.crossbars) / static_cast<double>(e.physical.crossbars);
  e.parameter_rate = parameter_rate(plain_paper, e.paper);
  if (request.rtl) sum_rtl(e);

  if (request.mnsim) {
    for (const Node& node : e.network.nodes)
      if (node.pool)
        throw InputError(node.where, "mnsim-pool", fmt::format("node {} reads a weight pool, which MNSIM's model does not know, legal: the rtl model", node.name));
    MnsimWorkload workload = request.workload;
    workload.weight_bits = request.weight_bits;
    workload.node_weight_bits = bits;
    e.mnsim = evaluate_mnsim(e.network, workload, data.mnsim, request.quirks);
    for (std::size_t i = 0; i < e.mnsim.layers.size(); ++i)
      for (LayerEstimate& l : e.layers)
        if (e.mnsim.layers[i].layer.node == l.node && l.part == 0) l.mnsim_layer = static_cast<int>(i);
  }
  return e;
}

std::vector<EventDifference> compare_events(const NetworkEstimate& e, const std::vector<EventCounts>& events, bool idle) {
  std::vector<EventDifference> differences;
  for (std::size_t i = 0; i < e.layers.size(); ++i)
    for (std::size_t k = 0; k < event_count; ++k) {
      const std::string name = event_list[k].name;
      const std::int64_t ours = e.layers[i].rtl.events.at(k), counted = events.at(i).at(k);
      if (ours != counted && (idle || name != "idle_cycles"))
        differences.push_back({e.layers[i].name, name, ours, counted, depends_on_data(k)});
    }
  return differences;
}

void use_counted_events(NetworkEstimate& e, const EstimateRequest& request, const EstimateData& data,
                        const std::vector<EventCounts>& events) {
  for (std::size_t i = 0; i < e.layers.size(); ++i) {
    LayerEstimate& l = e.layers[i];
    for (std::size_t k = 0; k < event_count; ++k)
      if (depends_on_data(k)) l.rtl.events.at(k) = events.at(i).at(k);
    l.energy = energy(l.rtl.events, data.energy, l.hw);
  }
  sum_rtl(e);
}

Activity measured_activity(const NetworkEstimate& e) {
  double lines = 0, reads = 0;
  for (const LayerEstimate& l : e.layers) {
    lines += l.rtl.line_steps;
    reads += l.rtl.cell_steps;
  }
  const auto share = [](std::int64_t a, double b) { return b > 0 ? static_cast<double>(a) / b : 0.0; };
  const auto conversions = static_cast<double>(e.events.adc_conversions);
  return {share(e.events.word_line_drives, lines), share(e.events.cell_reads, reads),
          share(e.events.adc_zero, conversions), share(e.events.adc_saturated, conversions)};
}

}  // namespace epim
