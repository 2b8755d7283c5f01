// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "gen/core/tables.hpp"
#include "gen/report/mapped_network.hpp"

namespace epim::report {
namespace {

/// Borders of the ranges [start, start + size) in 0 .. end.
template <class Start, class Size>
std::vector<int> borders(const std::vector<Patch>& patches, int end, const Start& start, const Size& size) {
  std::set<int> cuts = {0, end};
  for (const Patch& p : patches) {
    cuts.insert(p.*start);
    cuts.insert(p.*start + p.*size);
  }
  return {cuts.begin(), cuts.end()};
}

Json tables_json(const Hardware& hw, const LayerTables& t) {
  Json ifat = Json::array(), ifrt = Json::array(), ofat = Json::array();
  for (const IfatEntry& e : t.ifat) ifat.push_back({e.start, e.stop, e.block, e.sequence});
  const int groups = hw.xb_rows / hw.lanes;
  for (const std::vector<IfrtEntry>& sequence : t.ifrt) {
    Json to = Json::array();  // line group of every word that is fetched
    for (const IfrtEntry& e : sequence)
      if (e.used) to.push_back(e.pe_row * groups + e.group);
    ifrt.push_back(std::move(to));
  }
  for (const OfatEntry& e : t.ofat) ofat.push_back({e.start, e.stop, e.first, e.last});
  return {{"patches", t.patches}, {"activations", t.fired_patches}, {"wrapping", t.wrapping}, {"line_groups", groups * hw.pe_rows},
          {"groups_of_a_pe", groups}, {"ifat", std::move(ifat)}, {"ifrt", std::move(ifrt)}, {"ofat", std::move(ofat)}};
}

}  // namespace

std::vector<RepetitionBlock> repetition_blocks(const Layer& layer) {
  const EpitomeShape& e = layer.epitome;
  const std::vector<int> in = borders(layer.patches, e.e_in, &Patch::c_in, &Patch::beta1), out = borders(layer.patches, e.e_out, &Patch::c_out, &Patch::beta2);
  std::vector<RepetitionBlock> blocks;
  for (std::size_t o = 0; o + 1 < out.size(); ++o)
    for (std::size_t i = 0; i + 1 < in.size(); ++i) {
      RepetitionBlock b{in[i], in[i + 1] - 1, out[o], out[o + 1] - 1, std::vector<std::int64_t>(static_cast<std::size_t>(e.p * e.q))};
      for (const Patch& p : layer.patches) {
        if (p.c_in > b.in_first || p.c_in + p.beta1 <= b.in_last || p.c_out > b.out_first || p.c_out + p.beta2 <= b.out_last) continue;
        for (int y = p.p; y < p.p + layer.kh; ++y)
          for (int x = p.q; x < p.q + layer.kw; ++x) ++b.reads[static_cast<std::size_t>(y * e.q + x)];
      }
      blocks.push_back(std::move(b));
    }
  return blocks;
}

Json epitomes_section(const MappedNetwork& m) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < m.plan.layers.size(); ++l) {
    const Layer& layer = m.plan.layers[l].layer;
    if (layer.patches.size() < 2 || layer.pool) continue;
    const EpitomeShape& e = layer.epitome;
    Json blocks = Json::array();
    for (const RepetitionBlock& b : repetition_blocks(layer)) blocks.push_back({{"in", {b.in_first, b.in_last}}, {"out", {b.out_first, b.out_last}}, {"reads", b.reads}});
    Json one = {{"layer", layer.name}, {"cin", layer.cin}, {"cout", layer.cout}, {"kernel", {layer.kh, layer.kw}},
                {"epitome", {e.e_out, e.e_in, e.p, e.q}}, {"weights", std::int64_t{layer.cout} * (layer.cin / layer.groups) * layer.kh * layer.kw},
                {"cells", std::int64_t{e.e_out} * e.e_in * e.p * e.q}, {"blocks", std::move(blocks)}};
    one.update(tables_json(m.core_of(l), build_tables(m.core_of(l), layer)));
    layers.push_back(std::move(one));
  }
  return layers.empty() ? Json() : Json{{"layers", std::move(layers)}};
}

}  // namespace epim::report
