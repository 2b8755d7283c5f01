// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/command/network_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/core/tables.hpp"
#include "golden/diagnostic.hpp"

namespace epim::command {
namespace {

const Hardware& core_of(const Mapping& plan, std::size_t l) {
  return plan.cores[static_cast<std::size_t>(plan.layers[l].core)].hw;
}
double busy_of(const LayerJobResult& r) {
  return static_cast<double>(r.events.fire_cycles) / static_cast<double>(r.last_fire - r.first_fire + 1);
}
std::string epitome_text(const Layer& layer) {
  const EpitomeShape& e = layer.epitome;
  if (layer.pool) return fmt::format("pool {}", kept_name(layer.pool->kept_one_in));
  return layer.patches.size() == 1 ? "-" : fmt::format("{}x{}x{}x{}", e.e_out, e.e_in, e.p, e.q);
}
/// What else the map says about a layer.
std::string notes(const Mapping& plan, const MappedLayer& l, const LayerTables& t) {
  std::string s;
  if (l.space_to_depth > 1) s += fmt::format("space-to-depth {}, ", l.space_to_depth);
  if (l.subsample > 1) s += fmt::format("every {} pixels, ", l.subsample);
  if (l.parts > 1) s += fmt::format("channels {}..{} of {} cores on one stream, ", l.first_channel, l.first_channel + l.layer.cout - 1, l.parts);
  if (!(l.widening == Widening{})) s += fmt::format("kernel widened for its padding, ");
  if (l.layer.groups > 1) s += fmt::format("{} blocks, ", l.layer.groups);
  if (l.wasted_cells() > 0) s += fmt::format("{} groups share words: {} zero weights, ", l.merged_groups, l.wasted_cells());
  if (l.layer.act && (l.layer.act->bits != plan.asked.act_bits || l.layer.act->is_signed != plan.asked.act_signed))
    s += fmt::format("A{}{}, ", l.layer.act->bits, l.layer.act->is_signed ? " signed" : "");
  if (l.layer.wrap != Wrap::off) s += t.wrapping + ", ";
  if (l.layer.in_period > 0) s += fmt::format("reads {} of {} channels, ", l.layer.in_period, l.layer.cin);
  return s.substr(0, s.size() < 2 ? 0 : s.size() - 2);
}

nlohmann::ordered_json pool_json(const WeightPool& pool) {
  return {{"vector", pool.vector}, {"group", pool.group}, {"kept", kept_name(pool.kept_one_in)}, {"kept_first", pool.kept_first}};
}

}  // namespace

std::string crossbars_text(const CrossbarTotals& t) {
  std::string text = fmt::format("{} crossbars", t.per_core);
  if (t.pools > 0) text += fmt::format(" with a pool in each of the {} cores that read it, {} with one pool for the chip", t.pools, t.one_pool);
  return text;
}

nlohmann::ordered_json crossbars_json(const CrossbarTotals& t) {
  nlohmann::ordered_json j = {{"per_core", t.per_core}};
  if (t.pools > 0) j.update({{"one_pool", t.one_pool}, {"pools", t.pools}});
  return j;
}

nlohmann::ordered_json plan_json(const Mapping& plan) {
  nlohmann::ordered_json j = {{"network", plan.network.name}};
  for (const MappedCore& c : plan.cores)
    j["cores"].push_back({{"pe_rows", c.hw.pe_rows}, {"pe_cols", c.hw.pe_cols}, {"weight_bits", c.hw.weight_bits}, {"buffer_words", c.hw.buffer_words},
                          {"layers", c.layers.size()}});
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const MappedLayer& l = plan.layers[i];
    const Hardware& hw = core_of(plan, i);
    const LayerTables t = build_tables(hw, l.layer);
    const Timing time = predict_timing(hw, l.layer, 1, false);
    const EpitomeShape& e = l.layer.epitome;
    j["layers"].push_back({{"name", l.layer.name}, {"cin", l.layer.cin}, {"cout", l.layer.cout},
                           {"kernel", {l.layer.kh, l.layer.kw}}, {"epitome", {e.e_out, e.e_in, e.p, e.q}},
                           {"space_to_depth", l.space_to_depth}, {"subsample", l.subsample}, {"part", l.part}, {"parts", l.parts},
                           {"first_channel", l.first_channel}, {"core", l.core}, {"pe_rows", hw.pe_rows},
                           {"pe_cols", hw.pe_cols}, {"weight_bits", hw.weight_bits}, {"patches", t.patches},
                           {"activations_per_position", t.fired_patches}, {"ifrt_sequences", t.ifrt.size()},
                           {"crossbars", crossbars_of(plan, i)}, {"wrapping", t.wrapping},
                           {"operator", name_of(operator_of(l.layer))}, {"in_period", l.layer.in_period}, {"macs", l.layer.macs()}, {"cycles", time.cycles},
                           {"busy", time.busy()}, {"bound", name_of(time.bound)}});
  }
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const MappedLayer& l = plan.layers[i];
    nlohmann::ordered_json& x = j["layers"][i];
    if (l.layer.act) x["act"] = {{"bits", l.layer.act->bits}, {"signed", l.layer.act->is_signed}, {"pad", l.layer.act->pad}};
    if (l.layer.pool) x["pool"] = pool_json(*l.layer.pool);
    if (l.layer.groups > 1) x["blocks"] = l.layer.groups;
    if (l.wasted_cells() > 0) x["zero_weights"] = l.wasted_cells();
  }
  j["crossbars"] = crossbars_json(crossbar_totals(plan));
  return j;
}

void print_plan(const Mapping& plan) {
  fmt::print("{:<22} {:>5} {:>5} {:>6} {:>15} {:>6} {:>4} {:>7} {:>4} {:>5} {:>10} {:>6} {:<8} {}\n", "layer", "cin", "cout", "kernel",
             "epitome", "PEs", "core", "patches", "act", "XBs", "cycles", "busy", "bound", "notes");
  std::int64_t cycles = 0;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const MappedLayer& l = plan.layers[i];
    const Hardware& hw = core_of(plan, i);
    const LayerTables t = build_tables(hw, l.layer);
    const Timing time = predict_timing(hw, l.layer, 1, false);
    cycles += time.cycles;
    fmt::print("{:<22} {:>5} {:>5} {:>4}x{} {:>15} {:>4}x{} {:>4} {:>7} {:>4} {:>5} {:>10} {:>5.1f}% {:<8} {}\n", l.layer.name, l.layer.cin,
               l.layer.cout, l.layer.kh, l.layer.kw, epitome_text(l.layer), hw.pe_rows, hw.pe_cols, l.core, t.patches, t.fired_patches,
               crossbars_of(plan, i), time.cycles, time.busy() * 100, name_of(time.bound), notes(plan, l, t));
  }
  for (const std::string& line : plan.network.host) fmt::print("left to the host: {}\n", line);
  fmt::print("{} layers on {} kinds of core, {}, {} cycles\n", plan.layers.size(), plan.cores.size(), crossbars_text(crossbar_totals(plan)), cycles);
}

std::vector<Wait> waits(const Mapping& plan, int lanes, const std::function<Mapping(int)>& plan_with) {
  std::vector<Wait> list;
  for (const MappedLayer& l : plan.layers) {
    const Timing t = predict_timing(plan.cores[static_cast<std::size_t>(l.core)].hw, l.layer, 1, false);
    if (t.bound != Bound::firing) list.push_back({l.layer.name, t.bound, t.busy(), 0, 0});
  }
  if (list.empty()) return list;
  for (int wider = 2 * lanes; wider <= 16 * lanes && wider <= plan.cores[0].hw.xb_rows; wider *= 2) {
    Mapping other;
    try {
      other = plan_with(wider);
    } catch (const InputError&) {
      break;  // more lanes than this network's epitomes or crossbars allow
    }
    for (Wait& w : list) {
      if (w.lanes > 0) continue;
      for (const MappedLayer& l : other.layers) {
        if (l.layer.name != w.layer) continue;
        const Timing t = predict_timing(other.cores[static_cast<std::size_t>(l.core)].hw, l.layer, 1, false);
        if (t.busy() < 0.98) continue;
        w.lanes = wider;
        w.busy_then = t.busy();
      }
    }
  }
  return list;
}

nlohmann::ordered_json waits_json(const std::vector<Wait>& list) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  for (const Wait& w : list) {
    j.push_back({{"layer", w.layer}, {"bound", name_of(w.bound)}, {"busy", w.busy}, {"lifted_by", remedy(w.bound)}});
    if (w.lanes > 0) {
      j.back()["lanes"] = w.lanes;
      j.back()["busy_with_these_lanes"] = w.busy_then;
    }
  }
  return j;
}

void print_waits(const std::vector<Wait>& list) {
  if (list.empty()) fmt::print("array busy in at least 98 % of the cycles of every layer\n");
  for (const Wait& w : list)
    fmt::print("array of {} busy {:.1f} %: waits for {}; lifted by {}{}\n", w.layer, w.busy * 100, name_of(w.bound), remedy(w.bound),
               w.lanes > 0 ? fmt::format(": {:.1f} % with lanes {}", w.busy_then * 100, w.lanes) : "");
}

RunTotals totals(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& layers,
                 const EnergyTable& table) {
  RunTotals t;
  t.crossbars = crossbar_totals(plan, layers);
  for (std::size_t l : layers) {
    const LayerJobResult& r = results[l];
    t.events += r.events;
    t.cycles += r.cycles;
    t.energy += energy(r.events, table, core_of(plan, l)).total;
    t.macs += plan.layers[l].layer.macs();
    t.resumed += r.resumed;
    t.seconds += r.seconds;
    if (r.predicted.bound == Bound::firing) t.busy_least = std::min(t.busy_least, busy_of(r));
  }
  return t;
}

nlohmann::ordered_json layers_json(const Mapping& plan, const std::vector<LayerJobResult>& results,
                                   const std::vector<std::size_t>& layers, const EnergyTable& table) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  for (std::size_t l : layers) {
    const LayerJobResult& r = results[l];
    j.push_back({{"layer", r.name}, {"key", r.key}, {"operator", name_of(operator_of(plan.layers[l].layer))}, {"crossbars", crossbars_of(plan, l)}, {"cycles", r.cycles}, {"busy", busy_of(r)},
                 {"bound", name_of(r.predicted.bound)}, {"energy_aJ", energy(r.events, table, core_of(plan, l)).total},
                 {"output_hash", hash_text(r.output_hash)}, {"events", to_json(r.events)}});
  }
  return j;
}

void print_layers(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& layers,
                  const EnergyTable& table) {
  fmt::print("{:<24} {:>6} {:>10} {:>7} {:<8} {:>12} {:>8} {:>9}\n", "layer", "XBs", "cycles", "busy", "bound", "energy", "sim s",
             "M MAC/s");
  for (std::size_t l : layers) {
    const LayerJobResult& r = results[l];
    fmt::print("{:<24} {:>6} {:>10} {:>6.1f}% {:<8} {:>9.2f} uJ {:>8.2f} {:>9.0f}\n", r.name, crossbars_of(plan, l), r.cycles, busy_of(r) * 100,
               name_of(r.predicted.bound), static_cast<double>(energy(r.events, table, core_of(plan, l)).total) * 1e-12, r.seconds,
               static_cast<double>(plan.layers[l].layer.macs()) / r.seconds / 1e6);
  }
}

namespace {

/// One line of the comparison: the same quantities of one or several layers.
struct Compared {
  std::string name;
  RunTotals wrapped, plain;
};

std::vector<Compared> compared(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& twin,
                               const EnergyTable& table) {
  std::vector<Compared> rows;
  std::vector<std::size_t> all, all_plain;
  for (std::size_t l = 0; l < twin.size(); ++l) {
    all.push_back(l);
    all_plain.push_back(twin[l]);
    if (twin[l] != l) rows.push_back({results[l].name, totals(plan, results, {l}, table), totals(plan, results, {twin[l]}, table)});
  }
  rows.push_back({"network", totals(plan, results, all, table), totals(plan, results, all_plain, table)});
  return rows;
}

nlohmann::ordered_json side_json(const RunTotals& t) {
  return {{"activations", t.events.activations}, {"output_buffer_writes", t.events.output_buffer_writes},
          {"input_buffer_reads", t.events.input_buffer_reads}, {"cycles", t.cycles}, {"energy_aJ", t.energy}};
}

}  // namespace

nlohmann::ordered_json comparison_json(const Mapping& plan, const std::vector<LayerJobResult>& results,
                                       const std::vector<std::size_t>& twin, const EnergyTable& table) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  for (const Compared& c : compared(plan, results, twin, table))
    j.push_back({{"layer", c.name}, {"off", side_json(c.plain)}, {"wrapped", side_json(c.wrapped)}, {"outputs", "equal"}});
  return j;
}

void print_comparison(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& twin,
                      const EnergyTable& table) {
  fmt::print("{:<22} {:>21} {:>21} {:>21} {:>23}  {}\n{:<22} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>11} {:>11}\n", "", "activations",
             "output-buffer writes", "cycles", "energy, uJ", "outputs", "layer", "off", "wrapped", "off", "wrapped", "off", "wrapped", "off",
             "wrapped");
  for (const Compared& c : compared(plan, results, twin, table))
    fmt::print("{:<22} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>11.2f} {:>11.2f}  equal\n", c.name, c.plain.events.activations,
               c.wrapped.events.activations, c.plain.events.output_buffer_writes, c.wrapped.events.output_buffer_writes, c.plain.cycles,
               c.wrapped.cycles, static_cast<double>(c.plain.energy) * 1e-12, static_cast<double>(c.wrapped.energy) * 1e-12);
}

}  // namespace epim::command
