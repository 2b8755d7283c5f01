// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/mapped_network.hpp"

#include <fmt/format.h>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/parallel.hpp"

namespace epim::report {

const Hardware& MappedNetwork::core_of(std::size_t layer) const { return plan.cores[static_cast<std::size_t>(plan.layers[layer].core)].hw; }

std::int64_t MappedNetwork::crossbars(std::size_t layer) const {
  if (plan.policy == CorePolicy::shared) return estimate.layers[layer].physical.crossbars;
  const Hardware& hw = core_of(layer);
  return hw.crossbars(hw.pe_rows, hw.pe_cols);
}

double MappedNetwork::utilisation(std::size_t layer) const {
  const Hardware& hw = core_of(layer);
  const LayerEstimate& e = estimate.layers[layer];
  const EpitomeShape& stored = plan.layers[layer].layer.epitome;
  // A rewritten stem holds zeros that the network's convolution does not have: the network's weights count.
  const std::int64_t cells = plan.layers[layer].parts == 1 ? e.physical.cells
                                                           : std::int64_t{2} * hw.slices() * stored.e_out * stored.e_in * stored.p * stored.q;
  return static_cast<double>(cells) / (static_cast<double>(crossbars(layer)) * hw.xb_rows * hw.xb_cols);
}

MappedNetwork map_for_report(const Network& network, const HardwareRequest& base, const DesignChoice& design, int weight_bits,
                             const EstimateData& data) {
  EstimateRequest request;
  request.mnsim = false;
  request.bounds = true;
  request.base = base;
  request.design = design;
  request.weight_bits = weight_bits;
  request.workload.act_bits = base.act_bits;
  MappedNetwork m;
  m.estimate = estimate_network(network, request, data);
  m.plan = map_network(network, base, design);
  for (const LayerEstimate& l : m.estimate.layers) {
    m.cycles.push_back(l.rtl.timing.cycles);
    m.events.push_back(l.rtl.events);
    m.energy.push_back(l.energy);
  }
  return m;
}

MappedNetwork map_configured(const Network& network, const Config& config, const EstimateData& data) {
  MappedNetwork m;
  const HardwareRequest& base = config.core.hw;
  m.plan = map_network(network, base, {}, CorePolicy::shared, [&](const std::string& key) { return config.locate(key); });
  const CountGeometry geometry{base.xb_rows, base.xb_cols, base.cell_bits, base.lanes};
  NetworkEstimate& e = m.estimate;
  for (std::size_t i = 0; i < m.plan.layers.size(); ++i) {
    const MappedLayer& p = m.plan.layers[i];
    const Node& node = m.plan.network.nodes[static_cast<std::size_t>(p.node)];
    const Hardware& hw = m.core_of(i);
    LayerEstimate l;
    l.node = p.node;
    l.name = p.layer.name;
    l.weight_bits = node.weight_bits > 0 ? node.weight_bits : base.bipolar_weights ? 1 : hw.weight_bits;
    l.weights = operator_of(node);
    l.hw = hw;
    l.physical = count_layer(m.plan.network, p.node, hw.weight_bits, CountRule::physical, geometry);
    l.rtl = estimate_rtl(hw, p.layer, activity_for(data.activity, hw).activity);
    l.rtl.timing.bound = bound_of(hw, p.layer, 1, l.rtl.timing);
    l.energy = energy(l.rtl.events, data.energy, hw);
    l.activations = static_cast<int>(plan_firings(p.layer).firings.size());
    e.macs += layer_of(node).macs();
    m.cycles.push_back(l.rtl.timing.cycles);
    m.events.push_back(l.rtl.events);
    m.energy.push_back(l.energy);
    e.layers.push_back(std::move(l));
  }
  return m;
}

void use_run(MappedNetwork& m, const std::vector<std::string>& names, const std::vector<std::int64_t>& cycles,
             const std::vector<EventCounts>& events, const EstimateData& data, const std::string& file) {
  if (names.size() != m.plan.layers.size())
    throw InputError({file, 0, 0}, "run-result", fmt::format("{} layers, its network has {} on its cores; run again", names.size(), m.plan.layers.size()));
  for (std::size_t l = 0; l < names.size(); ++l)
    if (names[l] != m.plan.layers[l].layer.name)
      throw InputError({file, 0, 0}, "run-result", fmt::format("layer {} is '{}', the network has '{}' there; run again", l, names[l], m.plan.layers[l].layer.name));
  m.counted = true;
  m.cycles = cycles;
  m.events = events;
  for (std::size_t l = 0; l < names.size(); ++l) m.energy[l] = energy(events[l], data.energy, m.core_of(l));
}

std::vector<Phases> phases_of(const MappedNetwork& m, int jobs) {
  std::vector<Phases> phases(m.plan.layers.size());
  parallel(phases.size(), jobs, [&](std::size_t l) { phases[l] = predict_phases(m.core_of(l), m.plan.layers[l].layer); });
  return phases;
}

Json graph_section(const MappedNetwork& m) {
  const Network& net = m.plan.network;
  std::vector<std::int64_t> crossbars(net.nodes.size()), cycles(net.nodes.size());
  std::int64_t all = 0;
  for (std::size_t l = 0; l < m.plan.layers.size(); ++l) {
    const auto n = static_cast<std::size_t>(m.plan.layers[l].node);
    crossbars[n] += m.crossbars(l);
    cycles[n] += m.cycles[l];
    all += m.cycles[l];
  }
  const auto shape = [](const MapShape& s) { return Json{s.channels, s.height, s.width}; };
  Json nodes = Json::array({{{"name", net.input_name}, {"op", "input"}, {"shape", shape(net.input)}, {"bits", format_of(m.plan.formats, -1).bits}}});
  Json edges = Json::array();
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    Json j = {{"name", node.name}, {"op", op_name(node.op)}, {"shape", shape(node.out)}, {"bits", format_of(m.plan.formats, static_cast<int>(n)).bits}};
    if (node.has_weights()) {
      j["kernel"] = {node.kh, node.kw};
      j["stride"] = {node.stride.y, node.stride.x};
      if (node.epitome) j["epitome"] = {node.epitome->e_out, node.epitome->e_in, node.epitome->p, node.epitome->q};
      if (node.wrap != Wrap::off) j["wrap"] = wrap_name(node.wrap);
      j["crossbars"] = crossbars[n];
      j["cycles"] = cycles[n];
      j["share_of_cycles"] = static_cast<double>(cycles[n]) / static_cast<double>(all);
    }
    nodes.push_back(std::move(j));
    for (int id : node.input_ids) edges.push_back({id + 1, n + 1});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

namespace {

std::int64_t busy_cycles(const std::vector<Interval>& intervals) {
  std::int64_t sum = 0;
  for (const Interval& i : intervals) sum += i.last - i.first + 1;
  return sum;
}

}  // namespace

Json layers_section(const MappedNetwork& m, const std::vector<Phases>& phases) {
  Json rows = Json::array();
  std::int64_t crossbars = 0, cycles = 0;
  std::size_t equal = 0;
  for (std::size_t l = 0; l < m.plan.layers.size(); ++l) {
    const MappedLayer& p = m.plan.layers[l];
    const Hardware hw = hardware_for(m.core_of(l), p.layer);
    const Timing& t = m.estimate.layers[l].rtl.timing;
    const auto share = [&](const std::vector<Interval>& intervals) { return static_cast<double>(busy_cycles(intervals)) / static_cast<double>(t.cycles); };
    rows.push_back({{"layer", p.layer.name}, {"node", m.plan.network.nodes[static_cast<std::size_t>(p.node)].name},
                    {"cin", p.layer.cin}, {"cout", p.layer.cout}, {"kernel", {p.layer.kh, p.layer.kw}}, {"output", {p.layer.out_h(), p.layer.out_w()}},
                    {"weight_bits", m.estimate.layers[l].weight_bits}, {"act_bits", hw.act_bits}, {"pe_rows", hw.pe_rows}, {"pe_cols", hw.pe_cols},
                    {"crossbars", m.crossbars(l)}, {"utilisation", m.utilisation(l)}, {"activations", m.estimate.layers[l].activations},
                    {"cycles", m.cycles[l]}, {"busy", t.busy()}, {"bound", name_of(t.bound)},
                    {"busy_share", {{"array", share(phases[l].array)}, {"loading", share(phases[l].loading)}, {"draining", share(phases[l].draining)}}}});
    if (t.bound != Bound::firing) rows.back()["lifted_by"] = remedy(t.bound);
    crossbars += m.crossbars(l);
    cycles += m.cycles[l];
    equal += t.cycles == m.cycles[l];
  }
  return {{"origin", m.counted ? "run" : "estimate"}, {"cycles_as_predicted", equal}, {"rows", std::move(rows)},
          {"total", {{"crossbars", crossbars}, {"cycles", cycles}, {"macs", m.estimate.macs}}}};
}

Json energy_section(const MappedNetwork& m) {
  Json components = Json::array(), layers = Json::array();
  for (const auto& [name, aj] : m.energy.at(0).by_component) components.push_back(name);
  std::int64_t total = 0;
  for (std::size_t l = 0; l < m.energy.size(); ++l) {
    Json aj = Json::array();
    for (const auto& [name, value] : m.energy[l].by_component) aj.push_back(value);
    layers.push_back({{"layer", m.plan.layers[l].layer.name}, {"aJ", std::move(aj)}, {"total_aJ", m.energy[l].total}});
    total += m.energy[l].total;
  }
  Json sums = Json::array();
  for (std::size_t c = 0; c < components.size(); ++c) {
    std::int64_t sum = 0;
    for (const EnergyReport& e : m.energy) sum += e.by_component[c].second;
    sums.push_back(sum);
  }
  return {{"origin", m.counted ? "run" : "estimate"}, {"components", std::move(components)}, {"component_aJ", std::move(sums)}, {"layers", std::move(layers)}, {"total_aJ", total}};
}

}  // namespace epim::report
