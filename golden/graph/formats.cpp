// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/formats.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "golden/graph/operators.hpp"

namespace epim {
namespace {

/// Gives its output in steps of its own where it names them, own format or not.
bool names_its_scale(const Node& node) {
  return node.has_weights() || node.has_table() || node.op == Op::mul || node.has_format();
}

/// Step of a node's output without an act_scale that counts; 0 = not known.
double inherited_scale(const Network& net, const Node& node, const std::vector<double>& scales) {
  const auto in = [&](std::size_t i) { return scales[static_cast<std::size_t>(node.input_ids[i] + 1)]; };
  switch (node.op) {
    case Op::conv:
    case Op::fc: return 0;
    case Op::add:
    case Op::concat: {
      double most = 0;
      for (std::size_t i = 0; i < node.input_ids.size(); ++i) {
        if (in(i) <= 0) return 0;
        most = std::max(most, in(i));
      }
      return most;
    }
    case Op::mul: {
      const MapShape &a = net.shape_of(node.input_ids[0]), &b = net.shape_of(node.input_ids[1]);
      return a.height * a.width >= b.height * b.width ? in(0) : in(1);
    }
    default: return in(0);
  }
}

/// Of every node: a core reads its map before an addition or a ReLU bounds it.
std::vector<bool> read_by_cores(const Network& net) {
  std::vector<bool> core(net.nodes.size(), false);
  for (std::size_t r = net.nodes.size(); r-- > 0;) {  // readers stand behind what they read
    const Node& reader = net.nodes[r];
    const bool bounds = reader.op == Op::add || reader.op == Op::relu || reader.op == Op::mul || reader.has_table();
    const bool reaches = reader.has_weights() || (!bounds && !reader.has_format() && core[r]);
    for (const int in : reader.input_ids)
      if (in >= 0 && reaches) core[static_cast<std::size_t>(in)] = true;
  }
  return core;
}

MapFormat whole(int bits, bool is_signed) {
  MapFormat f{bits, is_signed};
  f.lo = f.least();
  f.hi = f.greatest();
  return f;
}

/// The code of a real limit, if the scale is known: a seeded network has none, and there every limit but 0 is out of reach.
std::int64_t code_of(double real, const MapFormat& f, std::int64_t otherwise) {
  if (real == 0) return f.zero;
  if (!std::isfinite(real) || std::abs(real) > 1e29 || f.scale <= 0) return otherwise;
  const double code = std::nearbyint(real / f.scale) + f.zero;
  return static_cast<std::int64_t>(std::clamp(code, -1e15, 1e15));
}

/// Cuts lo .. hi to what the node's clip leaves.
void clip(const Node& node, MapFormat& f) {
  f.lo = std::max(f.lo, code_of(node.lo, f, f.lo));
  f.hi = std::min(f.hi, code_of(node.hi, f, f.hi));
  if (f.lo > f.hi)
    throw InputError(node.where, "clamp-range",
                     fmt::format("node '{}': a clip to {} .. {} leaves no code of {} bits with scale {:g} and zero point {}, legal: limits that "
                                 "the format holds",
                                 node.name, node.lo, node.hi, f.bits, f.scale, f.zero));
}

/// What a node with weights sends in the hardware's format.
MapFormat layer_format(const Network& net, int n, const FixedHardware& hw, SignedMaps signed_maps, const std::vector<bool>& core) {
  const Node& node = net.nodes[static_cast<std::size_t>(n)];
  const bool is_output = net.is_output(n) && net.readers(n).empty();
  const bool wide = signed_maps == SignedMaps::one_bit_more;
  if (node.relu()) {
    const int bits = is_output && wide ? hw.out_bits : std::min(hw.act_bits, hw.out_bits);
    if (is_output || !hw.act_signed) return whole(bits, false);
    MapFormat f = whole(bits, true);  // a signed core takes one bit less above zero
    f.lo = 0;
    return f;
  }
  int bits = hw.act_bits;
  if (is_output) bits = hw.out_bits;
  else if (wide && !core[static_cast<std::size_t>(n)]) bits = std::min(hw.out_bits, hw.act_bits + 1);
  return whole(bits, true);
}

MapFormat sum_format(const Network& net, int n, const FixedHardware& hw) {
  const Node& node = net.nodes[static_cast<std::size_t>(n)];
  if (!node.relu()) return whole(hw.act_bits, true);
  if (!hw.act_signed || net.is_output(n)) return whole(hw.act_bits, false);
  MapFormat f = whole(hw.act_bits, true);
  f.lo = 0;
  return f;
}

MapFormat concat_format(const Node& node, const std::vector<MapFormat>& formats, const FixedHardware& hw, double scale) {
  const MapFormat& first = format_of(formats, node.input_ids[0]);
  MapFormat all = first;
  bool agree = true;
  for (int id : node.input_ids) {
    const MapFormat& f = format_of(formats, id);
    agree = agree && f.scale == first.scale && f.zero == first.zero;
    if (f.is_signed != first.is_signed || f.bits != first.bits) all.bits = 0;
    all.lo = std::min(all.lo, f.lo);
    all.hi = std::max(all.hi, f.hi);
  }
  if (!agree) {
    all = whole(hw.act_bits, all.lo < 0 || hw.act_signed);
  } else if (all.bits == 0) {
    all.is_signed = all.lo < 0;
    for (all.bits = 1; all.least() > all.lo || all.greatest() < all.hi; ++all.bits) {}
  }
  all.scale = scale;
  return all;
}

MapFormat function_format(const Node& node, const FixedHardware& hw, double scale) {
  const bool unit = node.op == Op::softmax || node.function == Function::sigmoid || node.function == Function::hard_sigmoid;
  MapFormat f = whole(hw.act_bits, !unit || hw.act_signed);
  if (node.act_scale > 0) f.scale = node.act_scale;
  else if (unit || node.function == Function::tanh) f.scale = std::ldexp(1.0, -(f.is_signed ? f.bits - 1 : f.bits));
  else f.scale = scale;
  return f;
}

MapFormat product_format(const Network& net, const Node& node, const std::vector<MapFormat>& formats) {
  const MapFormat &a = format_of(formats, node.input_ids[0]), &b = format_of(formats, node.input_ids[1]);
  const MapShape &sa = net.shape_of(node.input_ids[0]), &sb = net.shape_of(node.input_ids[1]);
  const bool first = sa.height * sa.width >= sb.height * sb.width;
  const MapFormat& factor = first ? b : a;
  MapFormat f = first ? a : b;
  const auto most = static_cast<double>(std::max(std::abs(factor.lo - factor.zero), std::abs(factor.hi - factor.zero)));
  if (node.act_scale <= 0 && factor.scale > 0 && factor.scale * most > 1.001)
    throw InputError(node.where, "missing-act-scale",
                     fmt::format("node '{}' multiplies by values of up to {:g}: act_scale is needed, and act_bits where the format is not that "
                                 "of '{}'; legal without: factors of -1 .. 1",
                                 node.name, factor.scale * most, node.inputs[first ? 0 : 1]));
  if (factor.lo < factor.zero && !f.is_signed) f = whole(f.bits, true);
  return f;
}

/// A node's format where it has none of its own. `scale`: of the output.
MapFormat inherited_format(const Network& net, int n, const FixedHardware& hw, SignedMaps signed_maps,
                           const std::vector<MapFormat>& formats, double scale, const std::vector<bool>& core) {
  const Node& node = net.nodes[static_cast<std::size_t>(n)];
  const MapFormat& in = format_of(formats, node.input_ids[0]);
  MapFormat f;
  switch (node.op) {
    case Op::conv:
    case Op::fc:
    case Op::batch_norm: f = layer_format(net, n, hw, signed_maps, core); break;
    case Op::add: f = sum_format(net, n, hw); break;
    case Op::concat: return concat_format(node, formats, hw, scale);
    case Op::function:
    case Op::softmax: return function_format(node, hw, scale);
    case Op::mul: f = product_format(net, node, formats); break;
    case Op::relu:
      f = in;
      f.scale = scale;
      clip(node, f);
      if (f.zero == 0 && f.is_signed && !hw.act_signed) {
        f.is_signed = false;
        --f.bits;
      }
      return f;
    default: f = in; break;
  }
  f.scale = scale;
  clip(node, f);
  return f;
}

/// The format that a node has of its own.
MapFormat own_format(const Node& node, const MapFormat& inherited, double scale) {
  MapFormat f = whole(*node.act_bits, node.act_signed.value_or(inherited.is_signed));
  f.scale = scale;
  f.zero = node.zero_point;
  if (f.zero < f.least() || f.zero > f.greatest())
    throw InputError(node.where, "zero-point-range",
                     fmt::format("node '{}': zero_point {} with {} bits {}, legal: {} .. {}", node.name, f.zero, f.bits,
                                 f.is_signed ? "signed" : "unsigned", f.least(), f.greatest()));
  clip(node, f);
  return f;
}

}  // namespace

std::vector<double> map_scales(const Network& net) {
  std::vector<double> scales = {net.input_scale};
  for (const Node& node : net.nodes) {
    const double inherited = inherited_scale(net, node, scales);
    scales.push_back(names_its_scale(node) && node.act_scale > 0 ? node.act_scale : inherited);
  }
  return scales;
}

void check_scales_used(const Network& net) {
  std::vector<double> scales = {net.input_scale};
  for (const Node& node : net.nodes) {
    const double inherited = inherited_scale(net, node, scales);
    const bool names = names_its_scale(node) && node.act_scale > 0;
    if (!names && node.act_scale > 0 && inherited > 0 && node.act_scale != inherited)
      throw InputError(node.where, "act-scale-not-used",
                       fmt::format("node '{}': act_scale is {}; {} keeps the step of its input, legal: {}, or leave it out, or give the output a "
                                   "format of its own (act_bits)",
                                   node.name, node.act_scale, op_name(node.op), inherited));
    scales.push_back(names ? node.act_scale : inherited);
  }
}

std::vector<MapFormat> map_formats(const Network& net, const FixedHardware& hw, SignedMaps signed_maps) {
  MapFormat input = whole(net.input_bits, net.input_signed);
  input.scale = net.input_scale;
  input.zero = net.input_zero;
  std::vector<MapFormat> formats = {input};
  const std::vector<double> scales = map_scales(net);
  const std::vector<bool> core = read_by_cores(net);
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    const MapFormat inherited = inherited_format(net, static_cast<int>(n), hw, signed_maps, formats, scales[n + 1], core);
    formats.push_back(node.has_format() ? own_format(node, inherited, node.has_table() && node.act_scale <= 0 ? inherited.scale : scales[n + 1]) : inherited);
  }
  return formats;
}

bool is_hardware_format(const Network& net, const MapFormat& f, const FixedHardware& hw) {
  return !net.own_formats() && f.zero == 0 && f.lo >= hw.act_min() && f.hi <= hw.act_max();
}

}  // namespace epim
