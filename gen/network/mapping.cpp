// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/mapping.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/config/config.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/pool.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/rtl_model.hpp"

namespace epim {

IntTensor streamed_map(const IntTensor& map, const MappedLayer& planned) {
  if (planned.space_to_depth > 1) return space_to_depth(map, planned.space_to_depth, planned.layer);
  const int s = planned.subsample;
  if (s == 1) return map;
  IntTensor y({map.shape[0], planned.layer.h, planned.layer.w});
  for (int c = 0; c < y.shape[0]; ++c)
    for (int i = 0; i < y.shape[1]; ++i)
      for (int j = 0; j < y.shape[2]; ++j) y(c, i, j) = map(c, i * s, j * s);
  return y;
}

namespace {

/// Does `work`; errors are placed at the node.
template <class F> auto at_node(const Node& node, F&& work) {
  try {
    return work();
  } catch (const InputError& e) {
    throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
  }
}

/// What the core of a layer alone is asked to be.
HardwareRequest request_for(const HardwareRequest& base, const Layer& layer, CorePolicy policy, bool is_output) {
  HardwareRequest hw = base;
  hw.pe_rows = hw.pe_cols = hw.buffer_words = std::nullopt;
  if (policy == CorePolicy::own && !is_output) hw.out_bits = hw.act_bits;
  // Several PE columns finish a range together: the drain then takes a whole output word per cycle.
  if (policy == CorePolicy::grouped && pe_array_for(base, layer.epitome).cols > 1) hw.joint_lanes = std::min(hw.lanes, hw.adcs());
  return hw;
}

/// The output stream is too slow for a plain layer whose core has so many PE columns.
bool drain_bound(const HardwareRequest& base, Layer layer, int columns) {
  layer.cout = layer.epitome.e_out = std::min(layer.cout, columns * base.xb_cols);
  lay_out(layer, base.lanes);
  const Hardware hw = resolve({request_for(base, layer, CorePolicy::grouped, false)}, {layer}).hw;
  return bound_of(hw, layer, 1, fast_timing(hw, layer)) == Bound::drain;
}

/// Adds a layer to the core that it shares, which is made where there is none; `asked` are the cores' requests.
void place(Mapping& mapping, std::vector<HardwareRequest>& asked, MappedLayer mapped, const HardwareRequest& base) {
  const bool is_output = mapping.network.is_output(mapped.node) && mapping.network.readers(mapped.node).empty();
  const HardwareRequest request = mapping.policy == CorePolicy::shared ? base : request_for(base, mapped.layer, mapping.policy, is_output);
  const auto alike = [&](const MappedCore& core) {
    if (mapping.policy != CorePolicy::grouped) return mapping.policy == CorePolicy::shared;
    const Layer& other = mapping.layers[static_cast<std::size_t>(core.layers.front())].layer;
    return asked[static_cast<std::size_t>(&core - mapping.cores.data())].weight_bits == request.weight_bits &&
           other.pool.has_value() == mapped.layer.pool.has_value() && pe_array_for(base, other.epitome) == pe_array_for(base, mapped.layer.epitome);
  };
  const auto core = std::find_if(mapping.cores.begin(), mapping.cores.end(), alike);
  mapped.core = static_cast<int>(core - mapping.cores.begin());
  if (core == mapping.cores.end()) {
    mapping.cores.emplace_back();
    asked.push_back(request);
  }
  mapping.cores[static_cast<std::size_t>(mapped.core)].layers.push_back(static_cast<int>(mapping.layers.size()));
  mapping.layers.push_back(std::move(mapped));
}

/// Resolves every core for its layers. Without `locate` errors are placed at the node of the layer.
void resolve_cores(Mapping& mapping, const std::vector<HardwareRequest>& asked, const Locator& locate) {
  for (std::size_t c = 0; c < asked.size(); ++c) {
    MappedCore& core = mapping.cores[c];
    std::vector<Layer> layers;
    for (int l : core.layers) {
      const MappedLayer& mapped = mapping.layers[static_cast<std::size_t>(l)];
      if (!locate && mapping.policy != CorePolicy::shared)
        at_node(mapping.network.nodes[static_cast<std::size_t>(mapped.node)], [&] { resolve({asked[c]}, {mapped.layer}); });
      layers.push_back(mapped.layer);
    }
    core.hw = resolve({asked[c]}, layers, locate).hw;
  }
}

/// The hardware of a node's core: that of the base, with the width of its codes.
HardwareRequest hardware_of(const Node& node, const HardwareRequest& base, CorePolicy policy) {
  HardwareRequest hw = base;
  if (policy != CorePolicy::shared && node.pool) {
    hw.ask_weight_bits(1);
    hw.cell_bits = 1;
    hw.zero_point = false;
  } else if (policy == CorePolicy::grouped && node.weight_bits > 0) {
    hw.weight_bits = std::max(2, node.weight_bits);
  }
  return hw;
}

/// How a node's layer is cut and rewritten.
struct Form {
  MappedLayer mapped;  ///< without part
  int parts = 1, columns = 1;  ///< columns: PE columns of a part
};

Form form_of(const Node& node, const HardwareRequest& hw, CorePolicy policy, int max_pes) {
  Form f;
  MappedLayer& mapped = f.mapped;
  Layer& layer = mapped.layer;
  layer = layer_of(node);
  if (node.groups > 1) {
    mapped.merged_groups = merged_groups(node.groups, node.in.channels, hw.lanes);
    if (node.epitome && mapped.merged_groups > 1)
      fail("grouped-epitome", fmt::format("an epitome of groups of {} channels, legal: groups that fill whole words of {} lanes, or no epitome",
                                          node.in.channels / node.groups, hw.lanes));
    layer = merge_groups(layer, mapped.merged_groups);
  }
  if (node.pool) layer.pool = pool_of(*node.pool, hw);
  if (!node.epitome && !node.pool) {
    mapped.widening = widening_of(layer);
    layer = widen(layer, mapped.widening);
  }
  if (policy != CorePolicy::grouped) return f;
  mapped.space_to_depth = mapped_space_to_depth(node, hw.lanes);
  const bool pixels = node.stride.y > 1 && node.stride.x == node.stride.y && node.kh == 1 && node.kw == 1 && node.pad == Padding{};
  if (mapped.space_to_depth > 1) {
    layer = space_to_depth_layer(layer);
  } else if (pixels) {
    mapped.subsample = node.stride.y;
    const int h = node.out.height, w = node.out.width;
    layer.stride = 1;
    layer.h = h;
    layer.w = w;
  }
  if (node.pool) return f;        // its cells are a pool that every patch reads, in one PE column
  if (node.groups > 1) return f;  // a part of the channels would not read all groups
  const PeArray array = pe_array_for(hw, layer.epitome);
  f.columns = array.cols;
  const auto split = [&](int at_most) {
    f.parts = (array.cols + at_most - 1) / at_most;
    f.columns = (array.cols + f.parts - 1) / f.parts;  // as even as whole columns allow
  };
  if (!node.epitome && array.rows * array.cols > max_pes) split(std::max(1, max_pes / array.rows));
  while (!node.epitome && f.columns > 1 && drain_bound(hw, layer, f.columns)) split(f.columns / 2);
  return f;
}

}  // namespace

int mapped_space_to_depth(const Node& node, int lanes) {
  const int s = node.stride.y;
  const bool plain = !node.epitome && !node.pool && node.groups == 1 && node.dilation == Axes{} && node.stride.x == s && node.in.stored == node.in.channels &&
                     widening_of(layer_of(node)) == Widening{};
  return s > 1 && plain && node.kh > 1 && node.in.channels * s * s <= lanes ? s : 1;
}

FloatTensor mapped_weights(const Node& node, const MappedLayer& mapped, const FloatTensor& epitome) {
  Layer original = layer_of(node);
  original.cout = mapped.layer.cout;  // of the part
  FloatTensor w = mapped.parts > 1 ? rows_of(epitome, mapped.first_channel, mapped.layer.cout) : epitome;
  if (mapped.merged_groups > 1) w = merge_group_weights(w, original, mapped.merged_groups);
  if (!(mapped.widening == Widening{})) w = widen_weights(w, mapped.widening);
  return mapped.space_to_depth > 1 ? space_to_depth_weights(w, original) : w;
}

std::int64_t MappedLayer::wasted_cells() const {
  if (merged_groups == 1) return 0;
  const EpitomeShape& e = layer.epitome;
  return std::int64_t{e.e_out} * e.p * e.q * (e.e_in - e.e_in / merged_groups);
}

SignedMaps signed_maps_of(CorePolicy policy) {
  return policy == CorePolicy::grouped ? SignedMaps::one_bit_more : SignedMaps::as_activations;
}

namespace {

/// Gives the layers the formats of the maps they read, where these are not the hardware's, and makes the activations of
/// `base` as wide as the widest of them.
void set_formats(Mapping& mapping) {
  const Network& network = mapping.network;
  const FixedHardware& asked = mapping.asked;
  mapping.formats = map_formats(network, asked, signed_maps_of(mapping.policy));
  bool own = network.own_formats();
  for (const Node& node : network.nodes) {
    if (!node.has_weights()) continue;
    const MapFormat& in = format_of(mapping.formats, node.input_ids[0]);
    own = own || !is_hardware_format(network, in, asked);
    if (in.bits > 9)
      throw InputError(node.where, "activation-bits",
                       fmt::format("node {} reads '{}' of {} bits, legal: up to 9; give that node act_bits", node.name, node.inputs[0], in.bits));
  }
  if (mapping.policy == CorePolicy::own) own = own || network.input_bits > asked.act_bits;
  if (!own) return;
  int widest = mapping.policy == CorePolicy::own ? network.input_bits : 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (mapping.policy == CorePolicy::own && !network.readers(static_cast<int>(n)).empty()) {
      const int bits = format_of(mapping.formats, static_cast<int>(n)).bits;
      if (bits > 9)
        throw InputError(node.where, "chip-activation-range",
                         fmt::format("node {} gives a map of {} bits, the lanes between the blocks of a chip have at most 9; legal: act_bits of up to 9 "
                                     "there",
                                     node.name, bits));
      widest = std::max(widest, bits);  // lanes between the blocks of a chip
    }
    if (node.has_format() && node.has_weights()) mapping.base.out_bits = std::max(mapping.base.out_bits, *node.act_bits);
    if (!node.has_weights()) continue;
    const MapFormat& in = format_of(mapping.formats, node.input_ids[0]);
    widest = std::max(widest, in.bits);
    mapping.base.act_signed = mapping.base.act_signed || in.is_signed;
  }
  mapping.base.act_bits = std::max(widest, network.own_formats() ? 1 : asked.act_bits);
  mapping.own_formats = true;
}

ActFormat act_of(const MapFormat& f) { return {f.bits, f.is_signed, f.zero}; }

StreamType stream_of(const Mapping& mapping, int id, int bits) {
  return {bits, id < 0 ? mapping.network.input.stored : mapping.network.nodes[static_cast<std::size_t>(id)].out.stored,
          format_of(mapping.formats, id)};
}

}  // namespace

int crossbars_of(const Mapping& mapping, std::size_t l) {
  const Hardware& hw = mapping.cores[static_cast<std::size_t>(mapping.layers[l].core)].hw;
  return hw.crossbars(hw.pe_rows, hw.pe_cols);
}

void CrossbarTotals::add(const Hardware& core, const Layer& layer) {
  const int all = core.crossbars(core.pe_rows, core.pe_cols);
  per_core += all;
  one_pool += layer.pool && pools > 0 ? all - core.crossbars(1, 1) : all;
  if (layer.pool) ++pools;
}

CrossbarTotals crossbar_totals(const Mapping& mapping, const std::vector<std::size_t>& layers) {
  CrossbarTotals t;
  for (std::size_t l : layers) t.add(mapping.cores[static_cast<std::size_t>(mapping.layers[l].core)].hw, mapping.layers[l].layer);
  return t;
}

CrossbarTotals crossbar_totals(const Mapping& mapping) {
  std::vector<std::size_t> all(mapping.layers.size());
  for (std::size_t l = 0; l < all.size(); ++l) all[l] = l;
  return crossbar_totals(mapping, all);
}

void set_scales(Mapping& mapping) {
  mapping.formats = map_formats(mapping.network, mapping.asked, signed_maps_of(mapping.policy));
  for (MappedLayer& l : mapping.layers) {
    l.in.format = format_of(mapping.formats, mapping.network.nodes[static_cast<std::size_t>(l.node)].input_ids[0]);
    l.out.format = format_of(mapping.formats, l.node);
    l.layer.clamp_lo = l.out.format.lo;
    l.layer.clamp_hi = l.out.format.hi;
  }
}

Mapping map_network(const Network& source, const HardwareRequest& base, const DesignChoice& design, CorePolicy policy,
                    const Locator& locate) {
  Mapping mapping;
  mapping.policy = policy;
  mapping.asked = mapping.base = base;
  std::vector<HardwareRequest> asked;
  mapping.network = source;
  if (design.file) apply_design(mapping.network, *design.file);
  else if (design.pool) apply_pools(mapping.network, *design.pool);
  else if (design.uniform) apply_uniform(mapping.network, design.rows, design.cols);
  for (Node& node : mapping.network.nodes)
    if (!design.file && design.wrap != Wrap::off && node.has_weights() && node.epitome && node.epitome->e_out < node.cout)
      node.wrap = design.wrap;
  infer_shapes(mapping.network);
  set_formats(mapping);
  const bool mixed = std::any_of(mapping.network.nodes.begin(), mapping.network.nodes.end(), [](const Node& n) { return n.has_weights() && !n.pool; });
  for (std::size_t n = 0; n < mapping.network.nodes.size(); ++n) {
    const Node& node = mapping.network.nodes[n];
    if (!node.has_weights()) continue;
    if (policy == CorePolicy::shared && node.pool && mixed)
      throw InputError(node.where, "pool-core",
                       fmt::format("node {} reads a weight pool, others do not, and one core cannot hold both; legal: --top network (a core for each), or epim run",
                                   node.name));
    if (node.weight_bits > 9)
      throw InputError(node.where, "value-out-of-range",
                       fmt::format("node {}: weight_bits is {}, a core holds 2..9", node.name, node.weight_bits));
    HardwareRequest hw = hardware_of(node, mapping.base, policy);
    if (node.weight_bits > hw.weight_bits)
      throw InputError(node.where, "contradictory-bits",
                       fmt::format("node {}: the design has weight_bits {}, the core hardware.weight_bits = {}; legal: up to {}",
                                   node.name, node.weight_bits, hw.weight_bits, hw.weight_bits));
    const bool is_output = mapping.network.is_output(static_cast<int>(n)) && mapping.network.readers(static_cast<int>(n)).empty();
    const MapFormat& in = format_of(mapping.formats, node.input_ids[0]);
    if (policy == CorePolicy::own && mapping.own_formats) hw.act_signed = in.is_signed;
    const Form form = at_node(node, [&] { return form_of(node, hw, policy, design.max_pes); });
    for (int part = 0; part < form.parts; ++part) {
      MappedLayer mapped = form.mapped;
      mapped.node = static_cast<int>(n);
      mapped.part = part;
      mapped.parts = form.parts;
      mapped.first_channel = part * form.columns * base.xb_cols;
      Layer& layer = mapped.layer;
      if (mapping.own_formats) layer.act = act_of(in);
      if (form.parts > 1) {
        layer.name = fmt::format("{}.part{}", form.mapped.layer.name, part);
        layer.cout = std::min(form.columns * base.xb_cols, form.mapped.layer.cout - mapped.first_channel);
        layer.epitome.e_out = layer.cout;
      }
      at_node(node, [&] {
        if (layer.pool) check_pool_core(hw, layer);
        lay_out(layer, base.lanes, node.sampler == SpatialCycle::distinct);
        validate_patches(layer, base.lanes);
      });
      mapped.in = stream_of(mapping, node.input_ids[0], hw.act_bits);
      mapped.out = stream_of(mapping, static_cast<int>(n), policy == CorePolicy::own && !is_output ? hw.act_bits : hw.out_bits);
      if (form.parts > 1) mapped.out.channels = layer.cout;
      layer.clamp_lo = mapped.out.format.lo;
      layer.clamp_hi = mapped.out.format.hi;
      place(mapping, asked, std::move(mapped), hw);
    }
  }
  resolve_cores(mapping, asked, locate);
  return mapping;
}

}  // namespace epim
