// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/estimate_report.hpp"

#include <fmt/format.h>

namespace epim::command {
namespace {

const LayerCount& counted(const LayerEstimate& l, CountRule rule) { return rule == CountRule::paper ? l.paper : l.physical; }
const NetworkCount& counted(const NetworkEstimate& e, CountRule rule) { return rule == CountRule::paper ? e.paper : e.physical; }
const char* rule_name(CountRule rule) { return rule == CountRule::paper ? "paper" : "physical"; }
double uj(std::int64_t aj) { return static_cast<double>(aj) * 1e-12; }
double milliseconds(std::int64_t cycles, const EstimateReport& r) { return static_cast<double>(cycles) / r.clock_mhz * 1e-3; }
const MnsimLayerResult* mnsim_of(const NetworkEstimate& e, const LayerEstimate& l) {
  return l.mnsim_layer < 0 ? nullptr : &e.mnsim.layers[static_cast<std::size_t>(l.mnsim_layer)];
}
const char* kind_name(MnsimKind kind) {
  switch (kind) {
    case MnsimKind::conv: return "conv";
    case MnsimKind::fc: return "fc";
    case MnsimKind::pooling: return "pooling";
    case MnsimKind::element_sum: return "element_sum";
  }
  return "?";
}

nlohmann::ordered_json json_of(const MnsimEnergy& e) {
  return {{"total", e.total()}, {"crossbar", e.crossbar}, {"adc", e.adc}, {"dac", e.dac},
          {"buffer", e.buffer}, {"digital", e.digital},   {"pooling", e.pooling}};
}
nlohmann::ordered_json json_of(const RtlArea& a) {
  nlohmann::ordered_json j = {{"crossbar", a.crossbar}, {"adc", nullptr}, {"dac", a.dac}};
  if (a.adc) j["adc"] = *a.adc;
  return j;
}
nlohmann::ordered_json json_of(const NetworkCount& c, double rate) {
  return {{"crossbars", c.crossbars}, {"utilisation", c.utilisation}, {"compression", rate}};
}

}  // namespace

void print_text(const NetworkEstimate& e, const EstimateReport& r) {
  const bool rtl = r.request.rtl, mnsim = r.request.mnsim;
  std::size_t name = 5;
  for (const LayerEstimate& l : e.layers) name = std::max(name, l.name.size());
  std::string head = fmt::format("{:<{}} {:>2} {:>4} {:>6} {:>6} {:>6} {:>9}", "layer", name, "W", "act", "XBs p", "XBs ph", "util", "params");
  if (rtl) head += fmt::format(" | {:>9} {:>6} {:<7} {:>9}", "cycles", "busy", "bound", "rtl uJ");
  if (mnsim) head += fmt::format(" | {:>9} {:>9}", "mnsim us", "uJ");
  fmt::print("{}\n", head);
  for (const LayerEstimate& l : e.layers) {
    fmt::print("{:<{}} {:>2} {:>4} {:>6} {:>6} {:>5.1f}% {:>9}", l.name, name, l.weight_bits, l.activations, l.paper.crossbars,
               l.physical.crossbars, 100 * counted(l, r.rule).utilisation, l.paper.parameters);
    if (rtl)
      fmt::print(" | {:>9} {:>5.1f}% {:<7} {:>9.2f}", l.rtl.timing.cycles, 100 * l.rtl.timing.busy(), name_of(l.rtl.timing.bound),
                 uj(l.energy.total));
    if (const MnsimLayerResult* m = mnsim ? mnsim_of(e, l) : nullptr)
      fmt::print(" | {:>9.1f} {:>9.2f}", m->busy * 1e-3, m->energy.total() * 1e-3);
    fmt::print("\n");
  }
  const NetworkCount& count = counted(e, r.rule);
  fmt::print("\n{}, W{}A{}, crossbars {}x{}, {} multiplications\n", e.network.name, r.request.weight_bits,
             r.request.workload.act_bits, r.request.base.xb_rows, r.request.base.xb_cols, e.macs);
  fmt::print("crossbars    {} by the paper's rule ({:.2f}x fewer than FP32 convolutions), {} as generated ({:.2f}x)\n",
             e.paper.crossbars, e.crossbar_rate_paper, e.physical.crossbars, e.crossbar_rate_physical);
  if (e.pools.pools > 0)
    fmt::print("pools        {} crossbars with a pool in each of the {} cores that read it, {} with one pool for the chip\n", e.pools.per_core,
               e.pools.pools, e.pools.one_pool);
  fmt::print("utilisation  {:.1f} % of the cells ({} rule)\n", 100 * count.utilisation, rule_name(r.rule));
  fmt::print("parameters   {} ({:.2f}x fewer)\n", e.paper.parameters, e.parameter_rate);
  if (rtl) {
    const double ms = milliseconds(e.cycles, r), mj = static_cast<double>(e.energy.total) * 1e-15;
    fmt::print("\nrtl          {} cycles layer after layer, {:.3f} ms at {:g} MHz, {:.3f} mJ, EDP {:.4g} mJ ms\n", e.cycles, ms,
               r.clock_mhz, mj, ms * mj);
    fmt::print("  energy    ");
    for (const auto& [component, aj] : e.energy.by_component)
      fmt::print(" {} {:.2f} %", component, 100.0 * static_cast<double>(aj) / static_cast<double>(e.energy.total));
    fmt::print("\n  area       crossbars {:.1f} mm2, ADCs {}, DACs {:.3f} mm2 (MNSIM's components; digital part not counted)\n",
               e.area.crossbar * 1e-6, e.area.adc ? fmt::format("{:.1f} mm2", *e.area.adc * 1e-6) : "of no listed width",
               e.area.dac * 1e-6);
    std::string names;
    for (const LayerEstimate& l : e.layers)
      if (l.rtl.timing.bound != Bound::firing) names += fmt::format(" {} ({}: {})", l.name, name_of(l.rtl.timing.bound), remedy(l.rtl.timing.bound));
    if (!names.empty()) fmt::print("  not bound by firing:{}\n", names);
    if (r.exact) {
      const Activity a = measured_activity(e);
      fmt::print("  activity   counted: lines driven in {:.6f} of their steps, cell level {:.6f}, {:.6f} of conversions zero, {:.6f} clipped\n",
                 a.driven, a.cell_level, a.zero, a.saturated);
    } else {
      fmt::print("  activity   from {}{}; --exact counts\n", e.activity.source,
                 e.activity_measured ? "" : ", the closest widths that were measured");
    }
  }
  if (mnsim) {
    const MnsimResult& m = e.mnsim;
    const double total = m.energy.total();
    fmt::print("\nmnsim        {:.3f} ms pipelined, {:.3f} mJ, EDP {:.4g} mJ ms, {:.1f} mm2, {} PEs in {} tiles\n", m.latency_ms(), m.energy_mj(),
               m.latency_ms() * m.energy_mj(), m.area_mm2(), m.pes, m.tiles);
    fmt::print("  energy     adc {:.2f} % buffer {:.2f} % crossbar {:.2f} % dac {:.2f} % digital {:.2f} % pooling {:.2f} %\n",
               100 * m.energy.adc / total, 100 * m.energy.buffer / total, 100 * m.energy.crossbar / total,
               100 * m.energy.dac / total, 100 * m.energy.digital / total, 100 * m.energy.pooling / total);
    fmt::print("  area       crossbar {:.1f} adc {:.1f} dac {:.3f} buffer {:.1f} digital {:.1f} pooling {:.1f} mm2\n", m.area.crossbar * 1e-6,
               m.area.adc * 1e-6, m.area.dac * 1e-6, m.area.buffer * 1e-6, m.area.digital * 1e-6, m.area.pooling * 1e-6);
  }
}

nlohmann::ordered_json json_of(const NetworkEstimate& e, const EstimateReport& r) {
  nlohmann::ordered_json j = r.asked;
  j["rule"] = rule_name(r.rule);
  j["layers"] = nlohmann::ordered_json::array();
  for (const LayerEstimate& l : e.layers) {
    nlohmann::ordered_json x = {{"layer", l.name}, {"weight_bits", l.weight_bits}, {"epitome", l.weights == WeightOperator::epitome}, {"operator", name_of(l.weights)}, {"activations", l.activations},
                                {"crossbars", {{"paper", l.paper.crossbars}, {"physical", l.physical.crossbars}}},
                                {"utilisation", counted(l, r.rule).utilisation}, {"weights", l.paper.weights}, {"parameters", l.paper.parameters}};
    if (r.request.rtl) {
      const Timing& t = l.rtl.timing;
      x["rtl"] = {{"pe_rows", l.hw.pe_rows}, {"pe_cols", l.hw.pe_cols}, {"cycles", t.cycles}, {"busy", t.busy()}, {"bound", name_of(t.bound)},
                  {"energy_aJ", l.energy.total}, {"area_um2", json_of(l.area)}, {"events", to_json(l.rtl.events)}};
    }
    if (const MnsimLayerResult* m = r.request.mnsim ? mnsim_of(e, l) : nullptr)
      x["mnsim"] = {{"busy_ns", m->busy}, {"energy_nJ", m->energy.total()}};
    j["layers"].push_back(std::move(x));
  }
  j["macs"] = e.macs;
  j["paper"] = json_of(e.paper, e.crossbar_rate_paper);
  j["physical"] = json_of(e.physical, e.crossbar_rate_physical);
  if (e.pools.pools > 0) j["pools"] = {{"per_core", e.pools.per_core}, {"one_pool", e.pools.one_pool}, {"pools", e.pools.pools}};
  j["parameters"] = e.paper.parameters;
  j["parameter_compression"] = e.parameter_rate;
  if (r.request.rtl) {
    const double ms = milliseconds(e.cycles, r), mj = static_cast<double>(e.energy.total) * 1e-15;
    j["rtl"] = {{"cycles", e.cycles}, {"clock_MHz", r.clock_mhz}, {"latency_ms", ms}, {"energy", to_json(e.energy)}, {"edp_mJ_ms", ms * mj},
                {"area_um2", json_of(e.area)}, {"events", to_json(e.events)}};
    const Activity a = r.exact ? measured_activity(e) : e.activity.activity;
    j["rtl"]["activity"] = {{"driven", a.driven}, {"cell_level", a.cell_level}, {"zero", a.zero}, {"saturated", a.saturated},
                            {"source", r.exact ? "counted" : e.activity.source}, {"same_widths", r.exact || e.activity_measured}};
  }
  if (r.request.mnsim) {
    const MnsimResult& m = e.mnsim;
    j["mnsim"] = {{"latency_ms", m.latency_ms()}, {"energy_mJ", m.energy_mj()}, {"edp_mJ_ms", m.latency_ms() * m.energy_mj()},
                  {"area_mm2", m.area_mm2()}, {"pe_count", m.pes}, {"tile_count", m.tiles}, {"input_buffer_KB", m.input_buffer_kb},
                  {"output_buffer_KB", m.output_buffer_kb}, {"energy_nJ", json_of(m.energy)},
                  {"area_um2", {{"crossbar", m.area.crossbar}, {"adc", m.area.adc}, {"dac", m.area.dac}, {"digital", m.area.digital},
                                {"buffer", m.area.buffer}, {"pooling", m.area.pooling}}}};
    j["mnsim"]["layers"] = nlohmann::ordered_json::array();
    for (const MnsimLayerResult& l : m.layers)
      j["mnsim"]["layers"].push_back({{"type", kind_name(l.layer.kind)}, {"name", l.layer.name}, {"pe_count", l.layer.pes},
                                      {"tile_count", l.layer.tiles}, {"activations", l.layer.activations}, {"begin_ns", l.begin},
                                      {"finish_ns", l.finish}, {"busy_ns", l.busy}, {"energy_nJ", json_of(l.energy)}, {"area_um2", l.area}});
  }
  return j;
}

std::string csv_of(const NetworkEstimate& e, const EstimateReport& r) {
  std::string out = "layer,weight_bits,activations,crossbars_paper,crossbars_physical,utilisation,parameters";
  if (r.request.rtl) out += ",rtl_cycles,rtl_busy,rtl_bound,rtl_energy_aJ";
  if (r.request.mnsim) out += ",mnsim_begin_ns,mnsim_finish_ns,mnsim_busy_ns,mnsim_energy_nJ";
  out += "\n";
  for (const LayerEstimate& l : e.layers) {
    out += fmt::format("{},{},{},{},{},{},{}", l.name, l.weight_bits, l.activations, l.paper.crossbars, l.physical.crossbars,
                       counted(l, r.rule).utilisation, l.paper.parameters);
    if (r.request.rtl) out += fmt::format(",{},{},{},{}", l.rtl.timing.cycles, l.rtl.timing.busy(), name_of(l.rtl.timing.bound), l.energy.total);
    if (r.request.mnsim) {
      const MnsimLayerResult* m = mnsim_of(e, l);
      out += m ? fmt::format(",{},{},{},{}", m->begin, m->finish, m->busy, m->energy.total()) : ",,,,";
    }
    out += "\n";
  }
  out += fmt::format("total,,,{},{},{},{}", e.paper.crossbars, e.physical.crossbars, counted(e, r.rule).utilisation, e.paper.parameters);
  if (r.request.rtl) out += fmt::format(",{},,,{}", e.cycles, e.energy.total);
  if (r.request.mnsim) out += fmt::format(",0,{},,{}", e.mnsim.latency, e.mnsim.energy.total());
  return out + "\n";
}

}  // namespace epim::command
