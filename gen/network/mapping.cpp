// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/mapping.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/config/config.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/rtl_model.hpp"

namespace epim {
namespace {

int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// Kernel positions in units of s: tap k reads offset k - pad = s*t + d.
struct Axis {
  int first, taps;  // first t, number of them
};
Axis axis_of(int kernel, int pad, int s) {
  const int first = floor_div(-pad, s), last = floor_div(kernel - 1 - pad, s);
  return {first, last - first + 1};
}

}  // namespace

Layer space_to_depth_layer(const Layer& layer) {
  const int s = layer.stride.y;
  const Axis y = axis_of(layer.kh, layer.pad.top, s), x = axis_of(layer.kw, layer.pad.left, s);
  Layer r = layer;
  r.cin = layer.cin * s * s;
  r.in_period = 0;
  r.kh = y.taps;
  r.kw = x.taps;
  r.stride = 1;
  r.h = (layer.h + s - 1) / s;
  r.w = (layer.w + s - 1) / s;
  r.pad.top = -y.first;
  r.pad.left = -x.first;
  // As many output rows and columns as before.
  r.pad.bottom = layer.out_h() - 1 + r.kh - r.h - r.pad.top;
  r.pad.right = layer.out_w() - 1 + r.kw - r.w - r.pad.left;
  if (r.pad.bottom < 0) {
    r.h += r.pad.bottom;
    r.pad.bottom = 0;
  }
  if (r.pad.right < 0) {
    r.w += r.pad.right;
    r.pad.right = 0;
  }
  r.epitome = {r.cout, r.cin, r.kh, r.kw};
  r.patches.clear();
  return r;
}

IntTensor space_to_depth(const IntTensor& x, int s, const Layer& rewritten) {
  const int c = x.shape[0], h = rewritten.h, w = rewritten.w;
  IntTensor y({c * s * s, h, w});
  for (int d = 0; d < s * s; ++d)
    for (int ch = 0; ch < c; ++ch)
      for (int i = 0; i < h; ++i)
        for (int j = 0; j < w; ++j) {
          const int yy = i * s + d / s, xx = j * s + d % s;
          if (yy < x.shape[1] && xx < x.shape[2]) y(d * c + ch, i, j) = x(ch, yy, xx);
        }
  return y;
}

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

template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer) {
  const int s = layer.stride.y;
  const Axis y = axis_of(layer.kh, layer.pad.top, s), x = axis_of(layer.kw, layer.pad.left, s);
  Tensor<T> r({layer.cout, layer.cin * s * s, y.taps, x.taps});
  for (int o = 0; o < layer.cout; ++o)
    for (int c = 0; c < layer.cin; ++c)
      for (int ky = 0; ky < layer.kh; ++ky)
        for (int kx = 0; kx < layer.kw; ++kx) {
          const int oy = ky - layer.pad.top, ox = kx - layer.pad.left;
          const int ty = floor_div(oy, s), tx = floor_div(ox, s), dy = oy - ty * s, dx = ox - tx * s;
          r(o, (dy * s + dx) * layer.cin + c, ty - y.first, tx - x.first) = w(o, c, ky, kx);
        }
  return r;
}
template Tensor<float> space_to_depth_weights(const Tensor<float>&, const Layer&);
template Tensor<std::int64_t> space_to_depth_weights(const Tensor<std::int64_t>&, const Layer&);

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
  layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, base.lanes);
  const Hardware hw = resolve({request_for(base, layer, CorePolicy::grouped, false)}, {layer}).hw;
  return bound_of(hw, layer, 1, fast_timing(hw, layer)) == Bound::drain;
}

/// Adds a layer to the core that it shares, which is made where there is none; `asked` are the cores' requests.
void place(Mapping& mapping, std::vector<HardwareRequest>& asked, MappedLayer mapped, const HardwareRequest& base) {
  const bool is_output = mapped.node == mapping.network.output;
  const HardwareRequest request = mapping.policy == CorePolicy::shared ? base : request_for(base, mapped.layer, mapping.policy, is_output);
  const auto alike = [&](const MappedCore& core) {
    if (mapping.policy != CorePolicy::grouped) return mapping.policy == CorePolicy::shared;
    const Layer& other = mapping.layers[static_cast<std::size_t>(core.layers.front())].layer;
    return asked[static_cast<std::size_t>(&core - mapping.cores.data())].weight_bits == request.weight_bits &&
           pe_array_for(base, other.epitome) == pe_array_for(base, mapped.layer.epitome);
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

/// What a layer sends. A map that cores read fits their activations; a signed map of a grouped core, which additions on
/// the host read, keeps one bit more.
StreamType output_type(const Mapping& mapping, const Node& node, bool is_output, const FixedHardware& hw) {
  const int signs = hw.act_signed && !is_output ? 1 : 0;  // a signed core takes one bit less above zero
  StreamType type{hw.out_bits, 0, 0, node.out.stored};
  const bool grouped = mapping.policy == CorePolicy::grouped;
  int bits = is_output && (grouped || !node.relu) ? hw.out_bits : std::min(hw.act_bits, hw.out_bits);
  if (node.relu) {
    type.hi = (std::int64_t{1} << (bits - signs)) - 1;
  } else {
    if (!is_output) bits = grouped ? std::min(hw.out_bits, hw.act_bits + 1) : hw.act_bits;
    type.lo = -(std::int64_t{1} << (bits - 1));
    type.hi = (std::int64_t{1} << (bits - 1)) - 1;
  }
  return type;
}

/// How a node's layer is cut and rewritten.
struct Form {
  Layer whole;
  int space_to_depth = 1, subsample = 1, parts = 1, columns = 1;  ///< columns: PE columns of a part
};

Form form_of(const Node& node, const HardwareRequest& hw, CorePolicy policy, int max_pes) {
  Form f;
  f.whole = layer_of(node);
  f.whole.wrap = node.wrap;
  if (policy != CorePolicy::grouped) return f;
  f.space_to_depth = mapped_space_to_depth(node, hw.lanes);
  if (f.space_to_depth > 1) f.whole = space_to_depth_layer(f.whole);
  if (node.stride > 1 && node.kh == 1 && node.kw == 1 && node.pad == Padding{}) {
    f.subsample = node.stride;
    const int h = f.whole.out_h(), w = f.whole.out_w();
    f.whole.stride = 1;
    f.whole.h = h;
    f.whole.w = w;
  }
  const PeArray array = pe_array_for(hw, f.whole.epitome);
  f.columns = array.cols;
  const auto split = [&](int at_most) {
    f.parts = (array.cols + at_most - 1) / at_most;
    f.columns = (array.cols + f.parts - 1) / f.parts;  // as even as whole columns allow
  };
  if (!node.epitome && array.rows * array.cols > max_pes) split(std::max(1, max_pes / array.rows));
  while (!node.epitome && f.columns > 1 && drain_bound(hw, f.whole, f.columns)) split(f.columns / 2);
  return f;
}

}  // namespace

int mapped_space_to_depth(const Node& node, int lanes) {
  const int s = node.stride;
  return s > 1 && !node.epitome && node.kh > 1 && node.in.channels * s * s <= lanes && node.in.stored == node.in.channels ? s : 1;
}

std::vector<StreamType> stream_types(const Network& network, const FixedHardware& base, const std::function<StreamType(int)>& of_layer) {
  StreamType input{base.act_bits, 0, 0, network.input.stored};
  input.lo = network.input_signed ? -(std::int64_t{1} << (network.input_bits - 1)) : 0;
  input.hi = (std::int64_t{1} << (network.input_bits - (network.input_signed ? 1 : 0))) - 1;
  std::vector<StreamType> types = {input};
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const StreamType& in = types[static_cast<std::size_t>(node.input_ids[0]) + 1];
    StreamType type{base.act_bits, in.lo, in.hi, in.channels};
    if (node.has_weights()) {
      type = of_layer(static_cast<int>(n));
    } else if (node.op == Op::add) {
      const ValueRange sum = sum_range(node, base, static_cast<int>(n) == network.output);
      type.lo = sum.lo;
      type.hi = sum.hi;
      type.channels = node.out.stored;
    } else if (node.op == Op::relu) {
      type.lo = 0;
      type.hi = std::max<std::int64_t>(in.hi, 0);
    }
    types.push_back(type);
  }
  return types;
}

Mapping map_network(const Network& source, const HardwareRequest& base, const DesignChoice& design, CorePolicy policy,
                    const Locator& locate) {
  Mapping mapping;
  mapping.policy = policy;
  mapping.base = base;
  std::vector<HardwareRequest> asked;
  mapping.network = source;
  if (design.file) apply_design(mapping.network, *design.file);
  else if (design.uniform) apply_uniform(mapping.network, design.rows, design.cols);
  for (Node& node : mapping.network.nodes)
    if (!design.file && design.wrap != Wrap::off && node.has_weights() && node.epitome && node.epitome->e_out < node.cout)
      node.wrap = design.wrap;
  infer_shapes(mapping.network);
  for (std::size_t n = 0; n < mapping.network.nodes.size(); ++n) {
    const Node& node = mapping.network.nodes[n];
    if (!node.has_weights()) continue;
    HardwareRequest hw = base;
    if (node.weight_bits > 9)
      throw InputError(node.where, "value-out-of-range",
                       fmt::format("node {}: weight_bits is {}, a core holds 2..9", node.name, node.weight_bits));
    if (policy == CorePolicy::grouped && node.weight_bits > 0) hw.weight_bits = node.weight_bits;
    if (node.weight_bits > hw.weight_bits)
      throw InputError(node.where, "contradictory-bits",
                       fmt::format("node {}: the design has weight_bits {}, the core hardware.weight_bits = {}; legal: up to {}",
                                   node.name, node.weight_bits, hw.weight_bits, hw.weight_bits));
    const Form form = at_node(node, [&] { return form_of(node, hw, policy, design.max_pes); });
    const bool is_output = static_cast<int>(n) == mapping.network.output;
    for (int part = 0; part < form.parts; ++part) {
      MappedLayer mapped;
      mapped.node = static_cast<int>(n);
      mapped.layer = form.whole;
      mapped.space_to_depth = form.space_to_depth;
      mapped.subsample = form.subsample;
      mapped.part = part;
      mapped.parts = form.parts;
      mapped.first_channel = part * form.columns * base.xb_cols;
      Layer& layer = mapped.layer;
      if (form.parts > 1) {
        layer.name = fmt::format("{}.part{}", form.whole.name, part);
        layer.cout = std::min(form.columns * base.xb_cols, form.whole.cout - mapped.first_channel);
        layer.epitome.e_out = layer.cout;
      }
      at_node(node, [&] {
        layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, base.lanes,
                                        node.sampler == SpatialCycle::distinct);
        validate_patches(layer, base.lanes);
      });
      mapped.out = output_type(mapping, node, is_output, hw);
      if (policy == CorePolicy::own && !is_output) mapped.out.bits = hw.act_bits;
      layer.clamp_lo = mapped.out.lo;
      layer.clamp_hi = mapped.out.hi;
      place(mapping, asked, std::move(mapped), hw);
    }
  }
  resolve_cores(mapping, asked, locate);
  const std::vector<StreamType> types = stream_types(mapping.network, base, [&](int node) {
    for (const MappedLayer& l : mapping.layers)
      if (l.node == node) return l.out;
    return StreamType{};
  });
  for (MappedLayer& l : mapping.layers) {
    l.in = types[static_cast<std::size_t>(mapping.network.nodes[static_cast<std::size_t>(l.node)].input_ids[0]) + 1];
    if (l.parts > 1) l.out.channels = l.layer.cout;
  }
  return mapping;
}

}  // namespace epim
