// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "golden/diagnostic.hpp"
#include "golden/pool.hpp"

namespace epim {
namespace {

void require_positive(int value, const char* what) {
  if (value < 1) fail("zero-size", fmt::format("{} is {}; it must be at least 1", what, value));
}

void check_epitome(int cin, int cout, int kh, int kw, const EpitomeShape& e) {
  require_positive(cin, "cin");
  require_positive(cout, "cout");
  require_positive(kh, "kh");
  require_positive(kw, "kw");
  require_positive(e.e_out, "epitome e_out");
  require_positive(e.e_in, "epitome e_in");
  require_positive(e.p, "epitome p");
  require_positive(e.q, "epitome q");
  if (e.p < kh || e.q < kw)
    fail("epitome-smaller-than-kernel", fmt::format("epitome of {}x{} holds no {}x{} window; p must be at least {} "
                                                    "and q at least {}", e.p, e.q, kh, kw, kh, kw));
  if (e.e_in > cin || e.e_out > cout)
    fail("epitome-larger-than-convolution",
         fmt::format("epitome e_out x e_in = {}x{} exceeds cout x cin = {}x{}; legal: e_out <= {}, e_in <= {}",
                     e.e_out, e.e_in, cout, cin, cout, cin));
  const std::int64_t channels = std::int64_t{e.e_out} * e.e_in, virtual_channels = std::int64_t{cout} * cin;
  const std::int64_t window = std::int64_t{e.p} * e.q, kernel = std::int64_t{kh} * kw;
  if (static_cast<__int128>(channels) * window > static_cast<__int128>(virtual_channels) * kernel)
    fail("epitome-larger-than-convolution",
         fmt::format("epitome {}x{}x{}x{} has more elements than its convolution {}x{}x{}x{}; make it smaller or "
                     "leave the convolution plain", e.e_out, e.e_in, e.p, e.q, cout, cin, kh, kw));
}

std::string nearest_multiples(int value, int lanes) {
  const int below = value / lanes * lanes;
  return fmt::format("{} or {}", below, below + lanes);
}

/// Groups divide both channel counts, and a group begins with a word of the input map.
void check_groups(int cin, int cout, int groups, int lanes) {
  require_positive(groups, "groups");
  if (cin % groups != 0 || cout % groups != 0)
    fail("groups-divide-channels", fmt::format("groups = {} with cin = {} and cout = {}; legal: a divisor of both", groups, cin, cout));
  if (groups > 1 && cin / groups % lanes != 0)
    fail("groups-in-words", fmt::format("{} input channels per group are not a multiple of lanes = {}; legal: groups that are merged until they "
                                        "fill whole words, zeros between them", cin / groups, lanes));
}

std::string describe(const Patch& p, std::size_t j) {
  return fmt::format("patch {} (dst_out {}..{}, dst_in {}..{})", j, p.dst_out, std::int64_t{p.dst_out} + p.beta2,
                     p.dst_in, std::int64_t{p.dst_in} + p.beta1);
}

void check_one_patch(const Layer& layer, const Patch& p, std::size_t j, int lanes) {
  const EpitomeShape& e = layer.epitome;
  const auto who = [&] { return describe(p, j); };
  if (p.beta1 < 1 || p.beta2 < 1)
    fail("zero-size", fmt::format("{}: beta1 x beta2 is {}x{}; both must be at least 1", who(), p.beta1, p.beta2));
  const auto inside = [](int start, int length, int size) {
    return start >= 0 && length <= size && start <= size - length;
  };
  if (!inside(p.p, layer.kh, e.p) || !inside(p.q, layer.kw, e.q))
    fail("patch-outside-epitome", fmt::format("{}: window {}x{} at ({}, {}) leaves the {}x{} epitome; legal starts: "
                                              "p 0..{}, q 0..{}", who(), layer.kh, layer.kw, p.p, p.q, e.p, e.q,
                                              e.p - layer.kh, e.q - layer.kw));
  if (!inside(p.c_in, p.beta1, e.e_in) || !inside(p.c_out, p.beta2, e.e_out))
    fail("patch-outside-epitome", fmt::format("{}: channels c_in {} + {}, c_out {} + {} leave the epitome's {} and {}",
                                              who(), p.c_in, p.beta1, p.c_out, p.beta2, e.e_in, e.e_out));
  if (!inside(p.dst_in, p.beta1, layer.cin) || !inside(p.dst_out, p.beta2, layer.cout))
    fail("patch-outside-convolution", fmt::format("{} leaves the convolution's {} input and {} output channels", who(),
                                                  layer.cin, layer.cout));
  for (const auto& [value, what] : {std::pair{p.c_in, "c_in"}, std::pair{p.dst_in, "dst_in"}})
    if (value % lanes != 0)
      fail("patch-alignment", fmt::format("{}: {} = {} is not a multiple of lanes = {}; nearest legal: {}", who(), what,
                                          value, lanes, nearest_multiples(value, lanes)));
}

template <class T> Tensor<T> rebuild(const Layer& layer, const Tensor<T>& epitome) {
  const EpitomeShape& e = layer.epitome;
  if (epitome.shape != std::vector<int>{e.e_out, e.e_in, e.p, e.q})
    fail("tensor-shape", fmt::format("epitome tensor must be [{}][{}][{}][{}]", e.e_out, e.e_in, e.p, e.q));
  Tensor<T> w({layer.cout, layer.cin, layer.kh, layer.kw});
  for (const Patch& p : layer.patches)
    for (int b = 0; b < p.beta2; ++b)
      for (int a = 0; a < p.beta1; ++a)
        for (int ky = 0; ky < layer.kh; ++ky)
          for (int kx = 0; kx < layer.kw; ++kx)
            w(p.dst_out + b, p.dst_in + a, ky, kx) = epitome(p.c_out + b, p.c_in + a, p.p + ky, p.q + kx);
  return w;
}

}  // namespace

std::vector<std::pair<int, int>> spatial_starts(int kh, int kw, const EpitomeShape& e) {
  if (kh < 1 || kw < 1 || e.p < kh || e.q < kw)
    fail("epitome-smaller-than-kernel", fmt::format("epitome of {}x{} holds no {}x{} window", e.p, e.q, kh, kw));
  const int pm = e.p - kh, qm = e.q - kw;
  std::vector<std::pair<int, int>> order;
  std::set<std::pair<int, int>> seen;
  const auto visit = [&](int p, int q) {
    if (seen.insert({p, q}).second) order.push_back({p, q});
  };
  visit(0, 0);
  visit(pm, qm);
  visit(0, qm);
  visit(pm, 0);
  for (int p = 0; p <= pm; ++p)
    for (int q = 0; q <= qm; ++q) visit(p, q);
  return order;
}

std::vector<Patch> default_sampler(int cin, int cout, int kh, int kw, const EpitomeShape& e, int lanes,
                                   bool distinct, int groups) {
  require_positive(lanes, "lanes");
  check_groups(cin, cout, groups, lanes);
  cin /= groups;
  check_epitome(cin, cout, kh, kw, e);
  const int block_out = cout / groups;
  if (groups > 1 && (e.e_out > block_out ? e.e_out % block_out : block_out % e.e_out) != 0)
    fail("epitome-groups", fmt::format("epitome e_out = {} and the {} output channels of a group do not divide each other", e.e_out, block_out));
  if (e.e_in < cin && e.e_in % lanes != 0)
    fail("patch-alignment", fmt::format("epitome e_in = {} is smaller than cin = {} and not a multiple of lanes = {}, "
                                        "so that input groups would start inside a word; nearest legal: {}", e.e_in,
                                        cin, lanes, e.e_in < lanes ? std::to_string(std::min(lanes, cin))
                                                                   : nearest_multiples(e.e_in, lanes)));
  const auto starts = spatial_starts(kh, kw, e);
  std::vector<Patch> patches;
  const int tile = groups > 1 ? std::min(e.e_out, block_out) : e.e_out;
  for (int o = 0; std::int64_t{o} * tile < cout; ++o)
    for (int i = 0; std::int64_t{i} * e.e_in < cin; ++i) {
      const auto& [p, q] = starts[static_cast<std::size_t>(distinct ? i + o : i) % starts.size()];
      Patch patch;
      patch.p = p;
      patch.q = q;
      patch.dst_out = o * tile;
      patch.dst_in = patch.dst_out / block_out * cin + i * e.e_in;
      patch.c_out = groups > 1 ? patch.dst_out % e.e_out : 0;
      patch.beta1 = std::min(e.e_in, cin - i * e.e_in);
      patch.beta2 = std::min(tile, cout - patch.dst_out);
      patches.push_back(patch);
    }
  return patches;
}

void validate_geometry(const Layer& layer, int lanes) {
  require_positive(lanes, "lanes");
  require_positive(layer.cin, "cin");
  require_positive(layer.cout, "cout");
  require_positive(layer.kh, "kh");
  require_positive(layer.kw, "kw");
  require_positive(layer.stride.y, "stride");
  require_positive(layer.stride.x, "stride");
  require_positive(layer.dilation.y, "dilation");
  require_positive(layer.dilation.x, "dilation");
  require_positive(layer.h, "h");
  require_positive(layer.w, "w");
  const Padding& pad = layer.pad;
  // Rows of the map may be left out, as the copies of a layer do it; columns not.
  const int least = 1 - layer.h;
  for (const auto& [value, least_legal, limit, what] :
       {std::tuple{pad.top, std::max(least, -255), layer.window_h(), "top"}, std::tuple{pad.bottom, least, layer.window_h(), "bottom"},
        std::tuple{pad.left, 0, layer.window_w(), "left"}, std::tuple{pad.right, 0, layer.window_w(), "right"}})
    if (value < least_legal || value >= limit)
      fail("padding-range", fmt::format("padding {} = {}; legal: 0..{} (smaller than the kernel)", what, value,
                                        limit - 1));
  const std::int64_t rows = std::int64_t{layer.h} + pad.top + pad.bottom;
  const std::int64_t cols = std::int64_t{layer.w} + pad.left + pad.right;
  if (rows < layer.window_h() || cols < layer.window_w())
    fail("kernel-larger-than-map", fmt::format("kernel {}x{} does not fit the padded map of {}x{}", layer.window_h(),
                                               layer.window_w(), rows, cols));
  check_groups(layer.cin, layer.cout, layer.groups, lanes);
  if (layer.groups > 1 && layer.stored_cin() < layer.cin)
    fail("wrapped-input-groups", fmt::format("in_period = {} with {} groups; legal: a wrapped input of an ordinary convolution",
                                             layer.in_period, layer.groups));
  if (layer.act) {
    const ActFormat& act = *layer.act;
    if (act.bits < (act.is_signed ? 2 : 1) || act.bits > 9)
      fail("bit-width", fmt::format("activations of {} bits; legal: {}..9", act.bits, act.is_signed ? 2 : 1));
    if (act.pad < act.least() || act.pad > act.greatest())
      fail("pad-value-range", fmt::format("pad value {}; legal: a code of the input map, {}..{}", act.pad, act.least(), act.greatest()));
  }
  if (layer.in_period < 0 || layer.in_period > layer.cin)
    fail("wrapped-input-alignment", fmt::format("in_period = {}; legal: 0 (none) or 1..cin = {}", layer.in_period,
                                                layer.cin));
  if (layer.stored_cin() < layer.cin && layer.stored_cin() % lanes != 0)
    fail("wrapped-input-alignment",
         fmt::format("in_period = {} is smaller than cin = {} and not a multiple of lanes = {}, so that a word would "
                     "mix two copies; nearest legal: {}", layer.in_period, layer.cin, lanes,
                     layer.in_period < lanes ? std::to_string(lanes) : nearest_multiples(layer.in_period, lanes)));
}

void lay_out(Layer& layer, int lanes, bool distinct) {
  if (layer.pool) {
    layer.patches = pool_patches(layer, lanes);
    layer.epitome = pool_shape(layer, lanes);
  } else {
    layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, lanes, distinct, layer.groups);
  }
}

void validate_patches(const Layer& layer, int lanes) {
  validate_geometry(layer, lanes);
  if (layer.pool) {
    validate_pool(layer, lanes);
    return;
  }
  const int block_in = layer.cin / layer.groups, block_out = layer.cout / layer.groups;
  EpitomeShape own = layer.epitome;
  own.e_out -= layer.spare_columns;
  check_epitome(block_in, layer.cout, layer.kh, layer.kw, own);
  const std::vector<Patch>& patches = layer.patches;
  if (patches.empty()) fail("no-patches", "the layer has no patches; at least one is needed");
  for (std::size_t j = 0; j < patches.size(); ++j) check_one_patch(layer, patches[j], j, lanes);
  for (std::size_t j = 1; j < patches.size(); ++j) {
    const Patch &a = patches[j - 1], &b = patches[j];
    if (std::pair{b.dst_out, b.dst_in} < std::pair{a.dst_out, a.dst_in})
      fail("patch-order", fmt::format("{} comes after {}; patches are ordered by dst_out, then by dst_in",
                                      describe(b, j), describe(a, j - 1)));
  }
  // The order makes exact cover a local property: each output range is filled from the first input channel of its group to
  // the last without gap, and the next one starts where it stops.
  int next_in = 0, last_in = 0, range_start = 0, range_stop = 0;
  for (std::size_t j = 0; j <= patches.size(); ++j) {
    const bool end = j == patches.size();
    const bool same = !end && j > 0 && patches[j].dst_out == range_start;
    if (!end && !same && patches[j].dst_out < range_stop)
      fail("patch-range-mismatch", fmt::format("{} shares output channels with range {}..{} but is not equal to it; "
                                               "output ranges must be equal or disjoint", describe(patches[j], j),
                                               range_start, range_stop));
    if (j > 0 && !same && next_in < last_in)
      fail("patch-hole", fmt::format("input channels {}..{} of output channels {}..{} are covered by no patch", next_in,
                                     last_in, range_start, range_stop));
    if (end) break;
    const Patch& p = patches[j];
    const auto who = [&] { return describe(p, j); };
    if (same) {
      if (p.dst_out + p.beta2 != range_stop)
        fail("patch-range-mismatch", fmt::format("{} shares output channels with range {}..{} but is not equal to it; "
                                                 "output ranges must be equal or disjoint", who(), range_start,
                                                 range_stop));
      if (p.c_out != patches[j - 1].c_out)
        fail("patch-column-mismatch", fmt::format("{} uses epitome columns from {}, the patch before it from {}; all "
                                                  "patches of an output range must use the same columns", who(), p.c_out,
                                                  patches[j - 1].c_out));
    } else {
      if (p.dst_out > range_stop)
        fail("patch-hole", fmt::format("output channels {}..{} are covered by no patch", range_stop, p.dst_out));
      range_start = p.dst_out;
      range_stop = p.dst_out + p.beta2;
      next_in = p.dst_out / block_out * block_in;
      last_in = next_in + block_in;
      if ((range_stop - 1) / block_out != p.dst_out / block_out)
        fail("patch-crosses-groups", fmt::format("{} covers output channels of two groups; legal: ranges inside one of the {} groups of {}",
                                                 who(), layer.groups, block_out));
    }
    if (p.dst_in < next_in)
      fail("patch-overlap", fmt::format("{} covers input channels {}..{} a second time", who(), p.dst_in,
                                        std::min(next_in, p.dst_in + p.beta1)));
    if (p.dst_in > next_in)
      fail("patch-hole", fmt::format("input channels {}..{} of output channels {}..{} are covered by no patch", next_in,
                                     p.dst_in, range_start, range_stop));
    next_in = p.dst_in + p.beta1;
    if (next_in > last_in)
      fail("patch-crosses-groups", fmt::format("{} covers input channels beyond {}, where the group of its outputs ends", who(), last_in));
  }
  if (range_stop != layer.cout)
    fail("patch-hole", fmt::format("output channels {}..{} are covered by no patch", range_stop, layer.cout));
}

IntTensor repetition_map(const Layer& layer) {
  const EpitomeShape& e = layer.epitome;
  IntTensor r({e.e_out, e.e_in, e.p, e.q});
  for (const Patch& p : layer.patches)
    for (int b = 0; b < p.beta2; ++b)
      for (int a = 0; a < p.beta1; ++a)
        for (int ky = 0; ky < layer.kh; ++ky)
          for (int kx = 0; kx < layer.kw; ++kx) ++r(p.c_out + b, p.c_in + a, p.p + ky, p.q + kx);
  return r;
}

IntTensor reconstruct(const Layer& layer, const IntTensor& epitome) { return rebuild(layer, epitome); }
FloatTensor reconstruct(const Layer& layer, const FloatTensor& epitome) { return rebuild(layer, epitome); }

}  // namespace epim
