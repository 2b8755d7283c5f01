// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Shapes of all maps of a network.
#include <algorithm>

#include <fmt/format.h>

#include "golden/graph/network.hpp"

namespace epim {
namespace {

std::string shape_text(const MapShape& s) { return fmt::format("{}x{}x{}", s.channels, s.height, s.width); }

/// Places of one axis: size, padding on both sides, span of the window, stride. With ceil_mode a window that begins inside
/// the map or the padding before it counts even if it ends outside.
int places(int size, int before, int after, int span, int stride, bool ceil_mode) {
  const int room = size + before + after - span;
  if (!ceil_mode) return room / stride + 1;
  const int n = (room + stride - 1) / stride + 1;
  return (n - 1) * stride >= size + before ? n - 1 : n;
}

/// Padding that gives ceil(size/stride) places.
void set_same_padding(int size, int span, int stride, bool lower, int& before, int& after) {
  const int all = std::max(0, ((size + stride - 1) / stride - 1) * stride + span - size);
  before = lower ? (all + 1) / 2 : all / 2;
  after = all - before;
}

/// Output map of a window operation; fills in a padding that is not given by numbers.
MapShape window_shape(Node& node, int channels) {
  const int span_h = (node.kh - 1) * node.dilation.y + 1, span_w = (node.kw - 1) * node.dilation.x + 1;
  if (node.auto_pad != AutoPad::none) {
    const bool lower = node.auto_pad == AutoPad::same_lower;
    set_same_padding(node.in.height, span_h, node.stride.y, lower, node.pad.top, node.pad.bottom);
    set_same_padding(node.in.width, span_w, node.stride.x, lower, node.pad.left, node.pad.right);
  }
  const int h = node.in.height + node.pad.top + node.pad.bottom, w = node.in.width + node.pad.left + node.pad.right;
  if (span_h > h || span_w > w)
    throw InputError(node.where, "kernel-exceeds-map",
                     fmt::format("node '{}': kernel {}x{} exceeds its padded input map {}x{}", node.name, span_h,
                                 span_w, h, w));
  return {channels, places(node.in.height, node.pad.top, node.pad.bottom, span_h, node.stride.y, node.ceil_mode),
          places(node.in.width, node.pad.left, node.pad.right, span_w, node.stride.x, node.ceil_mode), channels};
}

void check_groups(const Node& node) {
  if (node.in.channels % node.groups != 0 || node.cout % node.groups != 0)
    throw InputError(node.where, "groups-divide-channels",
                     fmt::format("node '{}': groups = {} with {} input and {} output channels, legal: a divisor of both", node.name,
                                 node.groups, node.in.channels, node.cout));
}

void check_epitome(const Node& node) {
  const auto refuse = [&](const char* rule, const std::string& why) {
    throw InputError(node.where, rule, fmt::format("node '{}': {}", node.name, why));
  };
  if (node.pool && node.epitome) refuse("pool-and-epitome", "it has an epitome and a pool; legal: one of the two");
  if (!node.epitome) {
    if (node.wrap != Wrap::off) refuse("wrap-without-epitome", "wrap needs an epitome; set wrap to off");
    return;
  }
  const EpitomeShape& e = *node.epitome;
  if (e.e_out > node.cout || e.e_in > node.in.channels / node.groups)
    refuse("epitome-exceeds-convolution",
           fmt::format("epitome channels {}x{} (e_out x e_in) exceed the convolution's {}x{}", e.e_out, e.e_in,
                       node.cout, node.in.channels / node.groups));
  if (e.p < node.kh || e.q < node.kw)
    refuse("epitome-exceeds-convolution", fmt::format("epitome of {}x{} positions cannot hold the kernel {}x{}", e.p,
                                                      e.q, node.kh, node.kw));
  if (node.wrap == Wrap::off) return;
  if (e.e_out == node.cout)
    refuse("wrap-without-copies", fmt::format("wrap needs e_out below cout = {}; set wrap to off", node.cout));
  if (node.sampler == SpatialCycle::distinct)
    refuse("wrap-distinct-sampler", "the distinct sampler gives different output groups; wrap needs sampler cycle");
}

/// An addition keeps a period that all its operands have.
void add_shape(const Network& net, Node& node) {
  node.out = node.in;
  for (std::size_t i = 1; i < node.input_ids.size(); ++i) {
    const MapShape& other = net.shape_of(node.input_ids[i]);
    if (node.in.channels != other.channels || node.in.height != other.height || node.in.width != other.width)
      throw InputError(node.where, "shape-mismatch",
                       fmt::format("node '{}' adds '{}' of {} and '{}' of {}; shapes must be equal", node.name,
                                   node.inputs[0], shape_text(node.in), node.inputs[i], shape_text(other)));
    if (other.stored != node.in.stored) node.out.stored = node.out.channels;
  }
}

void mul_shape(const Network& net, Node& node) {
  const MapShape &a = node.in, &b = net.shape_of(node.input_ids.at(1));
  const auto one = [](const MapShape& s) { return s.height == 1 && s.width == 1; };
  const bool same_places = a.height == b.height && a.width == b.width;
  if (a.channels != b.channels || !(same_places || one(a) || one(b)))
    throw InputError(node.where, "shape-mismatch",
                     fmt::format("node '{}' multiplies '{}' of {} and '{}' of {}; legal: equal shapes, or one of them 1x1 with as many channels",
                                 node.name, node.inputs[0], shape_text(a), node.inputs[1], shape_text(b)));
  node.out = one(a) ? b : a;
  node.out.stored = a.stored == b.stored ? a.stored : a.channels;
}

void concat_shape(const Network& net, Node& node) {
  node.out = node.in;
  node.out.channels = 0;
  for (std::size_t i = 0; i < node.input_ids.size(); ++i) {
    const MapShape& other = net.shape_of(node.input_ids[i]);
    if (node.in.height != other.height || node.in.width != other.width)
      throw InputError(node.where, "shape-mismatch",
                       fmt::format("node '{}' joins '{}' of {} and '{}' of {}; heights and widths must be equal", node.name,
                                   node.inputs[0], shape_text(node.in), node.inputs[i], shape_text(other)));
    node.out.channels += other.channels;
  }
  node.out.stored = node.out.channels;
}

}  // namespace

void infer_shapes(Network& net) {
  for (Node& node : net.nodes) {
    node.in = net.shape_of(node.input_ids.at(0));
    switch (node.op) {
      case Op::fc:
        node.kh = node.in.height;
        node.kw = node.in.width;
        [[fallthrough]];
      case Op::conv:
        check_groups(node);
        node.out = window_shape(node, node.cout);
        check_epitome(node);
        if (node.wrap == Wrap::stored_once) node.out.stored = node.epitome->e_out;
        break;
      case Op::batch_norm:
        node.cout = node.groups = node.in.channels;
        node.out = {node.cout, node.in.height, node.in.width, node.cout};
        break;
      case Op::add: add_shape(net, node); break;
      case Op::mul: mul_shape(net, node); break;
      case Op::concat: concat_shape(net, node); break;
      case Op::relu:
      case Op::clip:
      case Op::leaky_relu:
      case Op::function:
      case Op::same: node.out = node.in; break;
      case Op::prelu:    // a slope per channel, whatever the period
      case Op::softmax:  // the sum counts every channel
        node.out = node.in;
        node.out.stored = node.in.channels;
        break;
      case Op::resize:
        node.out = {node.in.channels, node.in.height * node.factor.y, node.in.width * node.factor.x, node.in.stored};
        break;
      case Op::flatten:
        node.out.channels = node.out.stored = node.in.channels * node.in.height * node.in.width;
        node.out.height = node.out.width = 1;
        break;
      case Op::global_avg_pool:
      case Op::global_max_pool:
        node.kh = node.in.height;
        node.kw = node.in.width;
        [[fallthrough]];
      case Op::max_pool:
      case Op::avg_pool:
        node.out = window_shape(node, node.in.channels);
        node.out.stored = node.in.stored;
        break;
    }
  }
}

}  // namespace epim
