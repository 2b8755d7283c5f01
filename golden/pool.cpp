// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

int ceil_div(int a, int b) { return (a + b - 1) / b; }
int bits_of(int choices) {
  int bits = 0;
  while ((1 << bits) < choices) ++bits;
  return bits;
}

/// Words of a block of `channels` whose error is kept.
int kept_words(const WeightPool& pool, int channels, int lanes) {
  int kept = 0;
  for (int word = 0; word < ceil_div(channels, lanes); ++word) kept += pool.keeps(word) ? 1 : 0;
  return kept;
}

void check_shape(const Layer& layer, int lanes) {
  const WeightPool& pool = *layer.pool;
  if (pool.vector < 1 || pool.vector % lanes != 0)
    fail("pool-vector", fmt::format("layer {}: vectors of {}; legal: a multiple of lanes = {}", layer.name, pool.vector, lanes));
  if (pool.group < 1 || pool.vector % pool.group != 0)
    fail("pool-group", fmt::format("layer {}: groups of {}; legal: a divisor of the vector length {}", layer.name, pool.group, pool.vector));
  if ((pool.kept_one_in != 1 && pool.kept_one_in != 2 && pool.kept_one_in != 4 && pool.kept_one_in != 8) || pool.vector / lanes % pool.kept_one_in != 0)
    fail("pool-kept", fmt::format("layer {}: one word in {} keeps its error; legal: 1, 2, 4, 8, a divisor of the {} words of a block", layer.name,
                                  pool.kept_one_in, pool.vector / lanes));
  if (pool.kept_first < 0 || pool.kept_first >= pool.kept_one_in)
    fail("pool-kept", fmt::format("layer {}: the first kept word is {}; legal: 0..{}", layer.name, pool.kept_first, pool.kept_one_in - 1));
}

}  // namespace

const char* name_of(WeightOperator weights) {
  switch (weights) {
    case WeightOperator::plain: return "plain";
    case WeightOperator::epitome: return "epitome";
    case WeightOperator::pool: break;
  }
  return "pool";
}

WeightPool pool_of(const PoolChoice& choice, const FixedHardware& core) {
  return {core.xb_rows, choice.group.value_or(std::min(32, core.cols_per_adc)), choice.kept_one_in, choice.kept_first};
}

std::vector<Patch> pool_patches(const Layer& layer, int lanes) {
  check_shape(layer, lanes);
  const WeightPool& pool = *layer.pool;
  std::vector<Patch> patches;
  int row = pool.vector;
  for (int o = 0; o * pool.vector < layer.cout; ++o)
    for (int i = 0; i * pool.vector < layer.cin; ++i)
      for (int ky = 0; ky < layer.kh; ++ky)
        for (int kx = 0; kx < layer.kw; ++kx) {
          Patch p;
          p.dst_out = o * pool.vector;
          p.dst_in = i * pool.vector;
          p.beta1 = std::min(pool.vector, layer.cin - p.dst_in);
          p.beta2 = std::min(pool.vector, layer.cout - p.dst_out);
          p.c_in = row;
          p.ky = ky;
          p.kx = kx;
          row += kept_words(pool, p.beta1, lanes) * lanes;
          patches.push_back(p);
        }
  return patches;
}

EpitomeShape pool_shape(const Layer& layer, int lanes) {
  const std::vector<Patch> patches = pool_patches(layer, lanes);
  const Patch& last = patches.back();
  return {layer.pool->vector, last.c_in + kept_words(*layer.pool, last.beta1, lanes) * lanes, 1, 1};
}

void validate_pool(const Layer& layer, int lanes) {
  const auto refuse = [&](const std::string& text) { fail("pool-layer", fmt::format("layer {}: {}", layer.name, text)); };
  if (layer.groups != 1) refuse(fmt::format("groups = {} with a pool; legal: 1", layer.groups));
  if (layer.stored_cin() != layer.cin) refuse("a wrapped input with a pool; legal: every channel stored");
  if (layer.wrap != Wrap::off) refuse("a wrapped output with a pool; legal: wrap = off");
  if (layer.patches != pool_patches(layer, lanes)) refuse("its patches are not those of its pool");
  if (!(layer.epitome == pool_shape(layer, lanes))) refuse("its stored shape is not that of its pool");
}

void check_pool_core(const FixedHardware& core, const Layer& layer) {
  const WeightPool& pool = *layer.pool;
  const auto refuse = [&](const std::string& text) { fail("pool-core", fmt::format("layer {}: {}", layer.name, text)); };
  if (core.xb_rows != pool.vector || core.xb_cols != pool.vector)
    refuse(fmt::format("a pool of {0}x{0} in crossbars of {1}x{2}; legal: {0}x{0}", pool.vector, core.xb_rows, core.xb_cols));
  if (core.cols_per_adc % pool.group != 0)
    refuse(fmt::format("groups of {}, and an ADC scans {} columns; legal: a divisor of cols_per_adc", pool.group, core.cols_per_adc));
  if (core.weight_bits != 2 || core.cell_bits != 1)
    refuse(fmt::format("weights of {} bits in cells of {}; legal for a pool: weight_bits = 2 (or 1), cell_bits = 1", core.weight_bits, core.cell_bits));
  if (core.zero_point) refuse("zero_point = true; legal for a pool: false, its weights are -1 and 1");
}

void check_permutation(const Layer& layer, const IntTensor& permutation) {
  const int v = layer.pool->vector, stride = layer.pool->group_stride();
  const auto refuse = [&](const std::string& text) { fail("pool-data", fmt::format("layer {}: {}", layer.name, text)); };
  if (permutation.shape != std::vector<int>{static_cast<int>(layer.patches.size()), v})
    refuse(fmt::format("the permutation has shape [{}]; legal: [{}][{}]", fmt::join(permutation.shape, "]["), layer.patches.size(), v));
  for (int j = 0; j < static_cast<int>(layer.patches.size()); ++j) {
    std::vector<bool> taken(static_cast<std::size_t>(v));
    for (int f = 0; f < v; ++f) {
      const std::int64_t column = permutation(j, f);
      if (column < 0 || column >= v || column % stride != f % stride || taken[static_cast<std::size_t>(column)])
        refuse(fmt::format("patch {}: filter {} reads column {}; legal: each column once, by a filter equal to it modulo {}", j, f, column, stride));
      taken[static_cast<std::size_t>(column)] = true;
    }
  }
}

void check_pool_data(const Layer& layer, const LayerData& data, int lanes) {
  const WeightPool& pool = *layer.pool;
  const int v = pool.vector;
  const auto refuse = [&](const std::string& text) { fail("pool-data", fmt::format("layer {}: {}", layer.name, text)); };
  check_permutation(layer, data.permutation);
  const auto code = [&](int column, int row) { return data.epitome(column, row, 0, 0); };
  const auto sign = [&](std::int64_t c) { return c == -1 || c == 1; };
  for (int r = 0; r < v; ++r)
    for (int c = 0; c < v; ++c)
      if (!sign(code(c, r))) refuse(fmt::format("P[{}][{}] is {}; legal: -1 or 1", r, c, code(c, r)));
  for (int j = 0; j < static_cast<int>(layer.patches.size()); ++j) {
    const Patch& p = layer.patches[static_cast<std::size_t>(j)];
    int row = p.c_in;
    for (int word = 0; word < ceil_div(p.beta1, lanes); ++word) {
      if (!pool.keeps(word)) continue;
      for (int lane = 0; lane < lanes; ++lane, ++row)
        for (int f = 0; f < v; ++f) {
          const bool there = word * lanes + lane < p.beta1 && f < p.beta2;
          const std::int64_t d = code(f, row);
          if (there ? !sign(d) : d != 0) refuse(fmt::format("patch {}: error of row {}, filter {} is {}; legal: {}", j, word * lanes + lane, f, d, there ? "-1 or 1" : "0, there is no such weight"));
        }
    }
  }
  for (int t = 2; t < data.crossbar_scale.shape[0]; ++t)
    if (data.crossbar_scale(t, 0) != data.crossbar_scale(1, 0))
      refuse(fmt::format("M of PE row {} is {}; legal: e = {}, that of PE row 1", t, data.crossbar_scale(t, 0), data.crossbar_scale(1, 0)));
}

IntTensor pool_weights(const Layer& layer, const LayerData& data, int lanes) {
  const WeightPool& pool = *layer.pool;
  const int v = pool.vector, blocks = ceil_div(layer.cin, v), taps = layer.kh * layer.kw;
  const std::int64_t a = data.crossbar_scale(0, 0), e = data.crossbar_scale.shape[0] > 1 ? data.crossbar_scale(1, 0) : 0;
  IntTensor w({layer.cout, layer.cin, layer.kh, layer.kw});
  int row = v;  // of the error that follows
  for (int o = 0; o * v < layer.cout; ++o)
    for (int i = 0; i * v < layer.cin; ++i)
      for (int k = 0; k < taps; ++k) {
        const int patch = (o * blocks + i) * taps + k;
        for (int word = 0; word * lanes < std::min(v, layer.cin - i * v); ++word) {
          const bool mask = pool.keeps(word);
          for (int lane = 0; lane < lanes; ++lane) {
            const int r = word * lanes + lane;
            for (int f = 0; f < v; ++f) {
              if (i * v + r >= layer.cin || o * v + f >= layer.cout) continue;
              const std::int64_t p = data.epitome(static_cast<int>(data.permutation(patch, f)), r, 0, 0);
              const std::int64_t d = mask ? data.epitome(f, row + lane, 0, 0) : 0;
              w(o * v + f, i * v + r, k / layer.kw, k % layer.kw) = a * p + e * d;
            }
          }
          if (mask) row += lanes;
        }
      }
  return w;
}

PoolBits pool_bits(const Layer& layer, int lanes) {
  PoolBits bits;
  bits.weights = std::int64_t{layer.cout} * layer.cin * layer.kh * layer.kw;
  for (const Patch& p : layer.patches) {
    bits.index += std::int64_t{p.beta2} * bits_of(layer.pool->group);
    for (int word = 0; word * lanes < p.beta1; ++word)
      if (layer.pool->keeps(word)) bits.error += std::int64_t{std::min(lanes, p.beta1 - word * lanes)} * p.beta2;
  }
  return bits;
}

}  // namespace epim
