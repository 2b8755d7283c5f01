// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Pad, Resize and Upsample: each place of the result is one place of the map, or a constant.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/import/operators.hpp"

namespace epim::importer {

std::vector<std::pair<std::int64_t, std::int64_t>> padding_of(const Call& call) {
  std::vector<std::int64_t> pads = call.node.integers("pads"), axes;
  if (call.node.version >= 11) {
    if (!call.has(1)) call.fail("wrong-input-count", "pads are left out, legal: given");
    pads = call.known(1, "pads").integers();
    if (call.has(3)) axes = call.known(3, "axes").integers();
  }
  const std::size_t rank = call.dims(0).size();
  if (axes.empty() && !call.has(3))
    for (std::size_t k = 0; k < rank; ++k) axes.push_back(static_cast<std::int64_t>(k));
  if (pads.size() != 2 * axes.size())
    call.fail("bad-attribute", fmt::format("{} pads for {} axes, legal: two per axis", pads.size(), axes.size()));
  std::vector<std::pair<std::int64_t, std::int64_t>> out(rank, {0, 0});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (const std::int64_t p : {pads[i], pads[i + axes.size()]})
      if (p < -(1 << 20) || p > 1 << 20) call.fail("bad-attribute", fmt::format("padding {}, legal: at most {}", p, 1 << 20));
    out[call.axis(axes[i], call.rank(0))] = {pads[i], pads[i + axes.size()]};
  }
  return out;
}
std::vector<std::vector<std::int64_t>> resize_sources(const Call& call) {
  const std::size_t rank = call.dims(0).size();
  std::vector<double> scales(rank, 1.0);
  Dims sizes(rank, -1);
  std::vector<std::int64_t> axes;
  const bool upsample = call.node.op == "Upsample", old = upsample || call.node.version < 11;
  if (const auto given = call.node.integers("axes"); !given.empty()) axes = given;
  else
    for (std::size_t k = 0; k < rank; ++k) axes.push_back(static_cast<std::int64_t>(k));
  std::vector<float> s;
  const std::size_t place = old ? 1 : 2;
  if (upsample && call.node.find("scales")) s = call.node.find("scales")->reals;
  else if (call.has(place) && call.in[place]->size() > 0) s = call.known(place, "scales").floats();
  if (!upsample && call.node.version >= 11 && call.node.version < 13 && (!call.has(1) || !call.has(2)))
    call.fail("wrong-input-count", "roi or scales are left out, legal before operator set 13: given, if empty");
  Dims fixed;
  if (!old && call.has(3) && call.in[3]->size() > 0) fixed = call.known(3, "sizes").integers();
  if (s.empty() == fixed.empty()) call.fail("bad-attribute", "scales and sizes, legal: one of them");
  if (std::max(s.size(), fixed.size()) != axes.size())
    call.fail("bad-attribute",
              fmt::format("{} scales or sizes for {} axes, legal: one each", std::max(s.size(), fixed.size()), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t k = call.axis(axes[i], call.rank(0));
    if (!s.empty()) {
      if (!(s[i] > 0) || s[i] > 1 << 20)
        call.fail("bad-attribute", fmt::format("scale {}, legal: above 0, up to {}", s[i], 1 << 20));
      scales[k] = static_cast<double>(s[i]);
    } else {
      if (fixed[i] < 1 || fixed[i] > most_elements)
        call.fail("bad-attribute", fmt::format("size {}, legal: at least 1", fixed[i]));
      sizes[k] = fixed[i];
      scales[k] = static_cast<double>(fixed[i]) / static_cast<double>(std::max<std::int64_t>(1, call.dims(0)[k]));
    }
  }
  const std::string frame = old ? "asymmetric" : call.node.text("coordinate_transformation_mode", "half_pixel");
  const std::string nearest = old ? "floor" : call.node.text("nearest_mode", "round_prefer_floor");
  std::vector<std::vector<std::int64_t>> out(rank);
  for (std::size_t k = 0; k < rank; ++k) {
    const double n = static_cast<double>(call.dims(0)[k]), length = n * scales[k];
    const std::int64_t m = sizes[k] >= 0 ? sizes[k] : static_cast<std::int64_t>(std::floor(length));
    if (n < 1 || m < 1 || m > 1 << 20) call.fail(fmt::format("axis {} of {} places becomes {}, legal: 1..{}", k, n, m, 1 << 20));
    for (std::int64_t i = 0; i < m; ++i) {
      const double at = static_cast<double>(i);
      double x = 0;
      if (m == call.dims(0)[k] && scales[k] == 1) x = at;
      else if (frame == "asymmetric") x = at / scales[k];
      else if (frame == "half_pixel") x = (at + 0.5) / scales[k] - 0.5;
      else if (frame == "half_pixel_symmetric") x = n / 2 * (1 - static_cast<double>(m) / length) + (at + 0.5) / scales[k] - 0.5;
      else if (frame == "pytorch_half_pixel") x = m > 1 ? (at + 0.5) / scales[k] - 0.5 : 0;
      else if (frame == "align_corners") x = m > 1 ? at * (n - 1) / (static_cast<double>(m) - 1) : 0;
      else
        call.fail(
            "bad-attribute",
            fmt::format("coordinate_transformation_mode '{}', legal: asymmetric, half_pixel, pytorch_half_pixel, align_corners",
                        frame));
      double r = std::floor(x);
      if (nearest == "ceil") r = std::ceil(x);
      else if (nearest == "round_prefer_floor") r = std::ceil(x - 0.5);
      else if (nearest == "round_prefer_ceil") r = std::floor(x + 0.5);
      else if (nearest != "floor")
        call.fail("bad-attribute",
                  fmt::format("nearest_mode '{}', legal: floor, ceil, round_prefer_floor, round_prefer_ceil", nearest));
      out[k].push_back(static_cast<std::int64_t>(std::clamp(r, 0.0, n - 1)));
    }
  }
  return out;
}
namespace {

/// y[index] = x[source[k][index[k]]...], or `fill` where a source is -1.
void copy_places(const Value& x, const std::vector<std::vector<std::int64_t>>& source, double fill, Value& y) {
  const std::size_t rank = source.size();
  std::vector<std::int64_t> at(rank, 0);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    std::int64_t from = 0;
    for (std::size_t k = 0; k < rank && from >= 0; ++k) {
      const std::int64_t s = source[k][static_cast<std::size_t>(at[k])];
      from = s < 0 ? -1 : from * x.dims()[k] + s;
    }
    if (y.type() == Type::f32) y.set(i, from < 0 ? fill : x.number(from));
    else y.set_integer(i, from < 0 ? static_cast<std::int64_t>(fill) : x.integer(from));
    for (std::size_t k = rank; k-- > 0;) {
      if (++at[k] < y.dims()[k]) break;
      at[k] = 0;
    }
  }
}

void infer_pad(const Call& call, std::vector<Info>& out) {
  const auto pads = padding_of(call);
  const std::string mode = call.node.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge")
    call.fail("bad-attribute", fmt::format("mode '{}', legal: constant", mode));
  if (call.has(2) && call.node.version >= 11 && (call.in[2]->type != call.in[0]->type || call.in[2]->size() != 1))
    call.fail("wrong-type", "its value is not one number of the map's type, legal: that");
  out[0] = *call.in[0];
  for (std::size_t k = 0; k < pads.size(); ++k) {
    const std::int64_t n = out[0].dims[k];
    out[0].dims[k] += pads[k].first + pads[k].second;
    if (out[0].dims[k] < 0)
      call.fail(fmt::format("padding {} and {} of {} places, legal: what leaves a map", pads[k].first, pads[k].second, n));
    if (mode != "constant" && (n < 1 || (mode == "reflect" && std::max(pads[k].first, pads[k].second) >= n)))
      call.fail(fmt::format("mode {} with padding {} and {} of {} places, legal: less than the map", mode, pads[k].first,
                            pads[k].second, n));
  }
}
void evaluate_pad(const Call& call, std::vector<Value>& out) {
  const auto pads = padding_of(call);
  const std::string mode = call.node.text("mode", "constant");
  std::vector<std::vector<std::int64_t>> source(pads.size());
  for (std::size_t k = 0; k < pads.size(); ++k) {
    const std::int64_t n = call.dims(0)[k];
    for (std::int64_t i = 0; i < out[0].dims()[k]; ++i) {
      std::int64_t s = i - pads[k].first;
      if (s < 0 || s >= n)
        s = mode == "constant" ? -1 : mode == "edge" ? std::clamp<std::int64_t>(s, 0, n - 1) : s < 0 ? -s : 2 * (n - 1) - s;
      source[k].push_back(s);
    }
  }
  double fill = call.node.version < 11 ? call.node.real("value", 0) : 0;
  if (call.node.version >= 11 && call.has(2)) fill = call.value[2]->number(0);
  copy_places(*call.value[0], source, fill, out[0]);
}
std::optional<Complaint> complain_pad(const Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode == "constant") return std::nullopt;
  return Complaint{node.name, node.op, fmt::format("mode is '{}'", mode), "constant", "pads of the Conv behind it"};
}

void infer_resize(const Call& call, std::vector<Info>& out) {
  out[0].type = call.in[0]->type;
  for (const auto& s : resize_sources(call)) out[0].dims.push_back(static_cast<std::int64_t>(s.size()));
}
void evaluate_resize(const Call& call, std::vector<Value>& out) { copy_places(*call.value[0], resize_sources(call), 0, out[0]); }
std::optional<Complaint> complain_resize(const Node& node) {
  const std::string mode = node.text("mode", "nearest"), policy = node.text("keep_aspect_ratio_policy", "stretch");
  if (mode != "nearest")
    return Complaint{node.name, node.op, fmt::format("mode is '{}'", mode), "nearest", "mode nearest by a whole factor"};
  if (policy != "stretch")
    return Complaint{node.name, node.op, fmt::format("keep_aspect_ratio_policy is '{}'", policy), "stretch", "scales"};
  if (node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize")
    return Complaint{node.name, node.op, "coordinate_transformation_mode is 'tf_crop_and_resize'", "asymmetric", "scales"};
  return std::nullopt;
}

/// Canonical: padding of the four axes before, then after, with one value.
void infer_plain_pad(const Call& call, std::vector<Info>& out) {
  const std::vector<std::int64_t> pads = call.node.integers("pads");
  call.need_rank(0, 4, 4);
  if (pads.size() != 8) call.fail("bad-attribute", "pads, legal: eight");
  out[0] = *call.in[0];
  for (std::size_t k = 0; k < 4; ++k) out[0].dims[k] += pads[k] + pads[4 + k];
}
void evaluate_plain_pad(const Call& call, std::vector<Value>& out) {
  const std::vector<std::int64_t> pads = call.node.integers("pads");
  std::vector<std::vector<std::int64_t>> source(4);
  for (std::size_t k = 0; k < 4; ++k)
    for (std::int64_t i = 0; i < out[0].dims()[k]; ++i) {
      const std::int64_t s = i - pads[k];
      source[k].push_back(s < 0 || s >= call.dims(0)[k] ? -1 : s);
    }
  copy_places(*call.value[0], source, call.node.real("value", 0), out[0]);
}

/// Canonical: each place becomes factors[0] x factors[1] places.
void infer_copies(const Call& call, std::vector<Info>& out) {
  const std::vector<std::int64_t> f = call.node.integers("factors");
  call.need_rank(0, 4, 4);
  if (f.size() != 2) call.fail("bad-attribute", "factors, legal: two");
  out[0] = *call.in[0];
  for (std::size_t k = 0; k < 2; ++k) out[0].dims[2 + k] *= f[k];
}
void evaluate_copies(const Call& call, std::vector<Value>& out) {
  const std::vector<std::int64_t> f = call.node.integers("factors");
  std::vector<std::vector<std::int64_t>> source(4);
  for (std::size_t k = 0; k < 4; ++k)
    for (std::int64_t i = 0; i < out[0].dims()[k]; ++i) source[k].push_back(k < 2 ? i : i / f[k - 2]);
  copy_places(*call.value[0], source, 0, out[0]);
}

/// Canonical: a map as the file's tensor; `parts` lists the view, each part ended by -1.
View view_of(const Call& call) {
  View view;
  std::vector<int> part;
  for (const std::int64_t p : call.node.integers("parts")) {
    if (p >= 0) {
      part.push_back(static_cast<int>(p));
    } else {
      view.push_back(part);
      part.clear();
    }
  }
  return view;
}
void infer_view(const Call& call, std::vector<Info>& out) {
  call.need_rank(0, 4, 4);
  out[0] = {call.in[0]->type, viewed(call.dims(0), view_of(call))};
}
void evaluate_view(const Call& call, std::vector<Value>& out) { out[0] = to_file(*call.value[0], view_of(call)); }

}  // namespace

const std::vector<Operator>& resample_operators() {
  static const std::vector<Operator> table = {
      {Domain::onnx, "Pad", 1, 4, 1, Scope::map, "mode pads value", infer_pad, evaluate_pad, complain_pad},
      {Domain::onnx, "Resize", 1, 4, 1, Scope::map,
       "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy "
       "mode nearest_mode",
       infer_resize, evaluate_resize, complain_resize},
      {Domain::onnx, "Upsample", 1, 2, 1, Scope::map, "mode scales height_scale width_scale", infer_resize, evaluate_resize,
       complain_resize},
      {Domain::epim, "Pad", 1, 1, 1, Scope::map, "pads value", infer_plain_pad, evaluate_plain_pad},
      {Domain::epim, "Resize", 1, 1, 1, Scope::map, "factors", infer_copies, evaluate_copies},
      {Domain::epim, "View", 1, 1, 1, Scope::map, "parts", infer_view, evaluate_view},
  };
  return table;
}

}  // namespace epim::importer
