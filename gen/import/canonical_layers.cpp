// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Canonical: layers with weights, pools, resizing, padding.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "gen/import/canonical.hpp"

namespace epim::importer {
namespace {

Node plain(const Node& from, const std::string& op, const std::string& input) {
  Node n;
  n.name = from.name;
  n.op = op;
  n.version = from.version;
  n.inputs = {input};
  n.outputs = {from.outputs[0]};
  return n;
}

/// A tensor [N][C] and these axes. Where an axis has one place its input need not name it, but the result may be larger.
View view_of_axes(const std::vector<int>& axes) {
  View view{{0}, {1}};
  for (const int a : axes) view.push_back({a});
  return view;
}

}  // namespace

/// Conv and pools: padding, strides and dilations are written out; one spatial axis becomes two.
void Canonical::window(const Node& node) {
  const Seen& s = seen_.at(node.inputs[0]);
  const std::vector<int> axes = spatial(node, s);
  const bool pool = node.op != "Conv";
  if (node.outputs.size() > 1) unfit("the output Indices is used", "the first output alone");
  Node n = plain(node, node.op, s.tensor);
  const Call call = call_of(node);
  Dims kernel;
  if (!pool) kernel.assign(call.dims(1).begin() + 2, call.dims(1).end());
  const Window w = window_of(call, kernel, pool);
  std::vector<std::int64_t> sizes{1, 1}, strides{1, 1}, dilations{1, 1}, pads{0, 0, 0, 0};
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const auto d = static_cast<std::size_t>(axes[k] - 2);
    sizes[d] = w.kernel[k];
    strides[d] = w.stride[k];
    dilations[d] = w.dilation[k];
    pads[d] = w.begin[k];
    pads[2 + d] = w.end[k];
  }
  n.set("kernel_shape", sizes);
  n.set("strides", strides);
  n.set("dilations", dilations);
  n.set("pads", pads);
  const View view = view_of_axes(axes);
  if (pool) {
    // Sizes that the file rounds up are those of explicit padding, unless that padding would count.
    n.set("ceil_mode", node.integer("ceil_mode", 0));
    if (node.op == "AveragePool") n.set("count_include_pad", node.integer("count_include_pad", 0));
  } else {
    n.set("group", node.integer("group", 1));
    Weights weights(file_, values_, node.inputs[1]);
    if (axes.size() == 2 && axes[0] > axes[1]) weights.transpose({0, 1, 3, 2});
    weights.reshape({call.dims(1)[0], call.dims(1)[1], sizes[0], sizes[1]});
    n.inputs.push_back(weights.add_to(out_, node.name + "/weights"));
    if (node.has_input(2)) n.inputs.push_back(Weights(file_, values_, node.inputs[2]).add_to(out_, node.name + "/bias"));
  }
  add(std::move(n), node.outputs[0], view);
}

void Canonical::global(const Node& node, const std::string& op) {
  const Seen& s = seen_.at(node.inputs[0]);
  const View view = view_of_axes(spatial(node, s));
  add(plain(node, op, s.tensor), node.outputs[0], view);
}

/// The mean or maximum over rows and columns; over one of them it is a pool.
void Canonical::reduce(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const Dims &before = file_dims(node.inputs[0]), &after = file_dims(node.outputs[0]);
  const Call call = call_of(node);
  std::vector<std::int64_t> axes = node.integers("axes");
  if (call.has(1)) axes = call.known(1, "axes").integers();
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) == 0)
    for (std::size_t k = 0; k < before.size(); ++k) axes.push_back(static_cast<std::int64_t>(k));
  View view = s.view;
  const View sized = bare(s);
  std::vector<bool> over(4, false), gone(before.size(), false);
  for (const std::int64_t a : axes) {
    const std::size_t k = call.axis(a, call.rank(0));
    gone[k] = true;
    for (const int d : sized[k]) over[static_cast<std::size_t>(d)] = true;
    view[k].clear();
  }
  if (over[0] || over[1])
    unfit(fmt::format("its axes are {} of {}", over[0] ? "images" : "channels", text_of(s.view)), "a mean over rows and columns");
  if (after.size() < before.size()) {
    View kept;
    for (std::size_t k = 0; k < view.size(); ++k)
      if (!gone[k]) kept.push_back(view[k]);
    view = kept;
  }
  const Dims map = map_dims(s);
  const bool mean = node.op == "ReduceMean";
  if ((over[2] || map[2] == 1) && (over[3] || map[3] == 1)) {
    add(plain(node, mean ? "GlobalAveragePool" : "GlobalMaxPool", s.tensor), node.outputs[0], view);
    return;
  }
  Node n = plain(node, mean ? "AveragePool" : "MaxPool", s.tensor);
  n.set("kernel_shape", std::vector<std::int64_t>{over[2] ? map[2] : 1, over[3] ? map[3] : 1});
  n.set("strides", std::vector<std::int64_t>{1, 1});
  n.set("dilations", std::vector<std::int64_t>{1, 1});
  n.set("pads", std::vector<std::int64_t>{0, 0, 0, 0});
  n.set("ceil_mode", std::int64_t{0});
  if (mean) n.set("count_include_pad", std::int64_t{0});
  add(std::move(n), node.outputs[0], view);
}

/// Gemm and MatMul: on a whole map a convolution of its size, on channels alone one of kernel 1. The order of the
/// features in the file decides the order of the weights.
void Canonical::matrix(const Node& node) {
  if (!is_map(node.inputs[0])) unfit("its first factor is constant", "the map first");
  const Seen s = seen_.at(node.inputs[0]);
  const Call call = call_of(node);
  const View view = bare(s);
  const std::int64_t rank = call.rank(0);
  const bool gemm = node.op == "Gemm";
  if (gemm && node.integer("transA", 0) != 0) unfit("transA is 1", "transA 0");
  if (call.rank(1) != 2) unfit(fmt::format("weights {}", text_of(call.dims(1))), "weights of two dimensions");
  const Dims map = map_dims(s);
  bool whole = true, channels = true;  // the last axis is all but the images; is the channels
  for (std::int64_t k = 0; k + 1 < rank; ++k)
    for (const int d : view[static_cast<std::size_t>(k)]) {
      whole = whole && d == 0;
      channels = channels && d != 1;
    }
  channels = channels && std::all_of(view.back().begin(), view.back().end(), [](int d) { return d == 1; });
  whole = whole && std::none_of(view.back().begin(), view.back().end(), [](int d) { return d == 0; });
  if (!whole && !channels)
    unfit(fmt::format("its input lies as {}, the last axis must be all features or the channels", text_of(s.view)),
          "a Flatten before it");
  Weights weights(file_, values_, node.inputs[1]);
  if (!gemm || node.integer("transB", 0) == 0) weights.transpose({1, 0});
  const std::int64_t outputs = weights.dims()[0];
  if (whole) {
    Dims split{outputs};
    std::vector<int> order;
    for (int d = 1; d < 4; ++d)
      if (std::find(view.back().begin(), view.back().end(), d) == view.back().end()) order.push_back(d);
    order.insert(order.end(), view.back().begin(), view.back().end());
    std::vector<int> back(4, 0);
    for (std::size_t k = 0; k < 3; ++k) {
      split.push_back(map[static_cast<std::size_t>(order[k])]);
      back[static_cast<std::size_t>(order[k])] = static_cast<int>(k) + 1;
    }
    weights.reshape(split);
    if (!std::is_sorted(order.begin(), order.end())) weights.transpose(back);
  } else {
    weights.reshape({outputs, map[1], 1, 1});
  }
  View result = s.view;
  result.back() = {1};
  if (whole)
    for (std::size_t k = 0; k + 1 < result.size(); ++k) std::erase_if(result[k], [](int d) { return d != 0; });
  const double alpha = gemm ? node.real("alpha", 1) : 1, beta = gemm ? node.real("beta", 1) : 1;
  const bool biased = gemm && node.has_input(2) && beta != 0;
  std::vector<double> bias(static_cast<std::size_t>(outputs), 0.0);
  if (biased) {
    const Value& c = fixed(node.inputs[2]);
    if (c.dims().size() == 2 && c.dims()[0] != 1) unfit("a bias per row", "a bias per output");
    for (std::int64_t m = 0; m < outputs; ++m) bias[static_cast<std::size_t>(m)] = beta * c.number(c.size() == 1 ? 0 : m);
  }
  Node n = plain(node, whole ? "Gemm" : "Conv", s.tensor);
  if (whole) n.domain = "epim";
  else n.set("kernel_shape", std::vector<std::int64_t>{1, 1});
  const bool apart = weights.quantised() && alpha != 1;  // the factor cannot go into integers
  std::string name = node.name + "/weights";
  if (!weights.quantised() && alpha != 1) {
    Value w = weights.values();
    for (float& x : w.as<float>()) x = static_cast<float>(static_cast<double>(x) * alpha);
    n.inputs.push_back(constant(name, std::move(w)));
  } else {
    n.inputs.push_back(weights.add_to(out_, name));
  }
  if (apart) n.outputs = {node.outputs[0] + "/product"};
  if (biased && !apart) {
    const Weights c(file_, values_, node.inputs[2]);
    if (c.quantised() && beta == 1 && c.dims() == Dims{outputs}) n.inputs.push_back(c.add_to(out_, node.name + "/bias"));
    else n.inputs.push_back(constant(node.name + "/bias", Value::of(std::vector<float>(bias.begin(), bias.end()), {outputs})));
  }
  const std::string product = n.outputs[0];
  if (!whole) {
    n.set("strides", std::vector<std::int64_t>{1, 1});
    n.set("dilations", std::vector<std::int64_t>{1, 1});
    n.set("pads", std::vector<std::int64_t>{0, 0, 0, 0});
    n.set("group", std::int64_t{1});
  }
  add(std::move(n), node.outputs[0], result);
  if (apart) affine(node.name + "/scaled", product, std::vector<double>(bias.size(), alpha), bias, node.outputs[0], result);
}

void Canonical::pad(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const Call call = call_of(node);
  const auto padding = padding_of(call);
  std::vector<std::int64_t> pads(8, 0);
  for (std::size_t k = 0; k < padding.size(); ++k) {
    const auto [before, after] = padding[k];
    if (before == 0 && after == 0) continue;
    const auto part = bare(s)[k].empty() ? s.view[k] : bare(s)[k];
    if (before < 0 || after < 0) unfit("negative padding", "a smaller map");
    if (part.size() != 1 || part[0] == 0)
      unfit(fmt::format("it pads axis {} of {}", k, text_of(s.view)), "padding of channels, rows or columns");
    pads[static_cast<std::size_t>(part[0])] = before;
    pads[4 + static_cast<std::size_t>(part[0])] = after;
  }
  if (std::all_of(pads.begin(), pads.end(), [](std::int64_t p) { return p == 0; })) {
    seen_[node.outputs[0]] = s;
    return;
  }
  double value = node.version < 11 ? node.real("value", 0) : 0;
  if (call.has(2)) value = call.known(2, "value").number(0);
  Node n = plain(node, "Pad", s.tensor);
  n.domain = "epim";
  n.set("pads", pads);
  n.set("value", value);
  add(std::move(n), node.outputs[0], s.view);
}

void Canonical::resize(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  std::vector<std::int64_t> factors{1, 1};
  const auto sources = resize_sources(call_of(node));
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const std::int64_t from = file_dims(node.inputs[0])[k], to = static_cast<std::int64_t>(sources[k].size());
    const std::int64_t factor = to / from;
    bool copies = to % from == 0;
    for (std::int64_t i = 0; copies && i < to; ++i) copies = sources[k][static_cast<std::size_t>(i)] == i / factor;
    const auto part = bare(s)[k].empty() ? s.view[k] : bare(s)[k];
    if (!copies || (factor != 1 && (part.size() != 1 || part[0] < 2)))
      unfit(fmt::format("axis {} of {} goes from {} to {} places, not each copied {} times", k, text_of(s.view), from, to,
                        std::max<std::int64_t>(1, factor)),
            "whole factors of rows and columns, mode nearest, asymmetric, floor");
    if (factor != 1) factors[static_cast<std::size_t>(part[0] - 2)] = factor;
  }
  Node n = plain(node, "Resize", s.tensor);
  n.domain = "epim";
  n.set("factors", factors);
  add(std::move(n), node.outputs[0], s.view);
}

}  // namespace epim::importer
