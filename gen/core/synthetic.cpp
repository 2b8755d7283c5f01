// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/synthetic.hpp"

#include <algorithm>
#include <cmath>

#include "gen/base/hash.hpp"
#include "golden/device/spare_columns.hpp"
#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"
#include "golden/patch_words.hpp"
#include "golden/quantise.hpp"

namespace epim {

namespace {

std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/// A stream of its own for every tensor, so that one tensor's size does not change another's values.
Random stream(std::uint64_t seed, const char* what) { return Random(fnv1a(what) ^ (seed * 0x9e3779b97f4a7c15ull)); }

constexpr int kSampledRounds = 4;

/// Accumulators of sampled output positions: [sample][channel].
std::vector<std::vector<std::int64_t>> sample_accumulators(Layer layer, const Hardware& hw, LayerData data,
                                                           const IntTensor& x) {
  layer.shift = 0;
  layer.slopes = false;  // accumulators do not depend on them
  data.channel_slope = {};
  const GoldenLayer golden(hw, layer, data);
  std::vector<std::vector<std::int64_t>> samples;
  EventCounts events;
  for (int k = 0; k < kSampledRounds; ++k) {
    RoundTrace trace;
    golden.run_round(x, (2 * k + 1) * layer.out_h() / (2 * kSampledRounds),
                     (2 * ((k * 3 + 1) % kSampledRounds) + 1) * layer.out_w() / (2 * kSampledRounds), trace, events);
    std::vector<std::int64_t> channels;
    for (std::size_t r = 0; r < golden.ranges().size(); ++r) {
      const OutputRange& range = golden.ranges()[r];
      for (int ch = range.start; ch < range.stop; ++ch)
        channels.push_back(trace.acc[r][static_cast<std::size_t>((ch - range.start) % range.columns)]);
    }
    samples.push_back(std::move(channels));
  }
  return samples;
}

int sign(Random& random) { return random.chance(50) ? 1 : -1; }

void fill_pool(const Layer& layer, int lanes, std::uint64_t seed, LayerData& data) {
  const int v = layer.pool->vector, stride = layer.pool->group_stride();
  Random errors = stream(seed, "error"), orders = stream(seed, "permutation");
  for (auto& code : data.epitome.data) code = 0;
  const IntTensor pool = pool_signs(v);
  for (int r = 0; r < v; ++r)
    for (int c = 0; c < v; ++c) data.epitome(c, r, 0, 0) = pool(c, r);
  data.permutation = IntTensor({static_cast<int>(layer.patches.size()), v});
  for (int j = 0; j < static_cast<int>(layer.patches.size()); ++j) {
    const Patch& p = layer.patches[static_cast<std::size_t>(j)];
    for (const PatchWord& word : patch_words(layer, p, lanes))
      for (int lane = 0; word.rows[1] >= 0 && lane < word.channels; ++lane)
        for (int f = 0; f < p.beta2; ++f) data.epitome(f, word.rows[1] + lane, 0, 0) = sign(errors);
    for (int f = 0; f < v; ++f) data.permutation(j, f) = f;
    for (int f = v - 1; f >= stride; --f)  // Fisher and Yates, within each group
      std::swap(data.permutation(j, f), data.permutation(j, static_cast<int>(orders.uniform(0, f / stride)) * stride + f % stride));
  }
  for (int t = 2; t < data.crossbar_scale.shape[0]; ++t) data.crossbar_scale(t, 0) = data.crossbar_scale(1, 0);
}

/// LeakyReLU and PReLU as trained, the borders of what A holds, and anything.
std::int64_t synthetic_slope(const Hardware& hw, Random& random) {
  const std::int64_t most = signed_max(hw.slope_bits), one = hw.slope_one();
  switch (random.uniform(0, 9)) {
    case 0: return slope_code(hw, 0.01);
    case 1: return slope_code(hw, 0.25);
    case 2: return one;
    case 3: return one + random.uniform(-1, 1);
    case 4: return random.uniform(-1, 1);
    case 5: return random.chance(50) ? most : -most - 1;
    case 6: return random.uniform(-one, -1);
    case 7: return random.uniform(one, 3 * one);
    case 8: return random.uniform(0, one);
    default: return random.uniform(-most - 1, most);
  }
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) {  // splitmix64
    seed += 0x9e3779b97f4a7c15ull;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = rotate(state_[1] * 5, 7) * 9, t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate(state_[3], 45);
  return result;
}

std::int64_t Random::uniform(std::int64_t lo, std::int64_t hi) {
  const std::uint64_t span = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo) + 1;
  if (span == 0) return static_cast<std::int64_t>(next());
  const std::uint64_t reject = (0 - span) % span;  // 2^64 mod span
  std::uint64_t draw = next();
  while (draw < reject) draw = next();
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + draw % span);
}

IntTensor synthetic_input(const Layer& layer, const Hardware& core, std::uint64_t seed) {
  const Hardware hw = hardware_for(core, layer);
  IntTensor x({layer.stored_cin(), layer.h, layer.w});
  Random random = stream(seed, "input");
  for (auto& v : x.data) {
    const bool zero = random.uniform(0, 7) == 0;
    v = random.uniform(hw.act_min(), hw.act_max());
    if (zero) v = 0;
  }
  return x;
}

IntTensor pool_signs(int vector) {
  Random random = stream(static_cast<std::uint64_t>(vector), "pool");
  IntTensor pool({vector, vector});
  for (int r = 0; r < vector; ++r)
    for (int c = 0; c < vector; ++c) pool(c, r) = sign(random);
  return pool;
}

LayerData seeded_pool(const Layer& layer, const Hardware& hw, std::uint64_t seed) {
  LayerData data;
  data.epitome = IntTensor({layer.epitome.e_out, layer.epitome.e_in, 1, 1});
  data.crossbar_scale = IntTensor({hw.pe_rows, hw.pe_cols});
  data.zero_point = IntTensor({hw.pe_rows, hw.pe_cols});
  Random scales = stream(seed, "crossbar_scale");
  const std::int64_t top = std::int64_t{1} << hw.scale_bits, a = scales.uniform(top / 2, top - 1), e = scales.uniform(std::max<std::int64_t>(1, a / 4), a - a / 4);
  for (int t = 0; t < hw.pe_rows; ++t) data.crossbar_scale(t, 0) = t == 0 ? a : e;
  fill_pool(layer, hw.lanes, seed, data);
  return data;
}

LayerData make_synthetic(const Layer& layer, const Hardware& hw, std::uint64_t seed) {
  LayerData data;
  data.epitome = IntTensor({layer.epitome.e_out, layer.epitome.e_in, layer.epitome.p, layer.epitome.q});
  data.crossbar_scale = IntTensor({hw.pe_rows, hw.pe_cols});
  data.zero_point = IntTensor({hw.pe_rows, hw.pe_cols});
  data.channel_scale = IntTensor({layer.cout}, 1);
  data.channel_bias = IntTensor({layer.cout}, 0);
  Random codes = stream(seed, "epitome"), scales = stream(seed, "crossbar_scale"), zeros = stream(seed, "zero_point");
  for (auto& v : data.epitome.data) v = codes.uniform(-hw.weight_max(), hw.weight_max());
  const std::int64_t top = std::int64_t{1} << hw.scale_bits;
  for (auto& v : data.crossbar_scale.data) v = scales.uniform(top / 2, top - 1);
  if (layer.pool) fill_pool(layer, hw.lanes, seed, data);
  const std::int64_t zero = std::int64_t{1} << (hw.weight_bits - 1);
  if (hw.zero_point)
    for (auto& v : data.zero_point.data) v = zeros.uniform(-zero, zero);

  // G as wide as lets B reach one half of the standard deviation of acc*G.
  double square = 0;
  std::size_t count = 0;
  for (const auto& sample : sample_accumulators(layer, hw, data, synthetic_input(layer, hw, seed)))
    for (auto acc : sample) square += static_cast<double>(acc) * static_cast<double>(acc), ++count;
  const double rms = std::max(1.0, std::sqrt(square / static_cast<double>(std::max<std::size_t>(count, 1))));
  const std::int64_t bias_top = (std::int64_t{1} << (hw.channel_bias_bits - 1)) - 1;
  int width = std::min(6, hw.channel_scale_bits);
  while (width < hw.channel_scale_bits && std::ldexp(rms, width - 1) / 2 <= static_cast<double>(bias_top)) ++width;
  const std::int64_t g_top = std::int64_t{1} << (width - 1), g_low = std::max<std::int64_t>(1, g_top / 2);
  const double wanted = rms * 0.75 * static_cast<double>(g_top) / 2;
  const std::int64_t bias = wanted < static_cast<double>(bias_top) ? static_cast<std::int64_t>(wanted) : bias_top;
  if (layer.slopes) data.channel_slope = IntTensor({layer.cout});
  Random gains = stream(seed, "channel_scale"), biases = stream(seed, "channel_bias"), slopes = stream(seed, "channel_slope");
  const int period = layer.wrap == Wrap::stored_once ? plan_firings(layer).stored_cout : layer.cout;
  for (int ch = 0; ch < layer.cout; ++ch) {
    if (ch >= period) {
      data.channel_scale(ch) = data.channel_scale(ch % period);
      data.channel_bias(ch) = data.channel_bias(ch % period);
      if (layer.slopes) data.channel_slope(ch) = data.channel_slope(ch % period);
      continue;
    }
    const std::int64_t g = gains.uniform(g_low, std::max(g_low, g_top - 1));
    data.channel_scale(ch) = gains.chance(10) ? -g : g;
    data.channel_bias(ch) = biases.uniform(-bias, bias);
    if (layer.slopes) data.channel_slope(ch) = synthetic_slope(hw, slopes);
  }
  return data;
}

int automatic_shift(const Layer& layer, const Hardware& hw, const LayerData& data, std::uint64_t seed) {
  double square = 0;
  std::size_t count = 0;
  for (const auto& sample : sample_accumulators(layer, hw, data, synthetic_input(layer, hw, seed)))
    for (std::size_t ch = 0; ch < sample.size(); ++ch, ++count) {
      double y = static_cast<double>(sample[ch]) * static_cast<double>(data.channel_scale.data[ch]) +
                 static_cast<double>(data.channel_bias.data[ch]);
      if (layer.slopes && y < 0) y *= static_cast<double>(data.channel_slope.data[ch]) / static_cast<double>(hw.slope_one());
      square += y * y;
    }
  const double rms = std::sqrt(square / static_cast<double>(std::max<std::size_t>(count, 1)));
  const double span = static_cast<double>(std::max(std::abs(layer.clamp_lo), std::abs(layer.clamp_hi)));
  int shift = 0;
  while (shift < 62 && std::ldexp(rms, -shift) > span / 2) ++shift;
  return shift;
}

SyntheticLayer prepare_layer(const Config& config) {
  if (!config.layer)
    throw InputError(config.locate("network"), "layer-or-network", "a [network] is given, legal here: a [layer]");
  SyntheticLayer s;
  s.layer = make_layer(*config.layer, config.core.hw);
  s.core = resolve(config, {s.layer});
  const Hardware& hw = s.core.hw;
  const std::uint64_t seed = config.layer->seed;
  s.data = make_synthetic(s.layer, hw, seed);
  if (!config.layer->shift) s.layer.shift = automatic_shift(s.layer, hw, s.data, seed);
  s.input = synthetic_input(s.layer, hw, seed);
  program_layer(config.device, hw, s.layer, s.data);
  s.core = with_accumulators(config.core.hw, std::move(s.core), accumulator_bound(hw, s.layer, s.data).bits);
  return s;
}

}  // namespace epim
