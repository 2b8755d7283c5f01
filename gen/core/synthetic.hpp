// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Seeded synthetic integers for a layer: the same seed gives the same data on every machine. Own choice throughout.
#pragma once
#include <cstdint>

#include "gen/config/config.hpp"
#include "golden/layer.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// xoshiro256** started from splitmix64(seed): no standard-library distribution, hence portable.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform integer in [lo, hi], lo <= hi, without modulo bias.
  std::int64_t uniform(std::int64_t lo, std::int64_t hi);
  /// True with probability percent/100.
  bool chance(int percent) { return uniform(0, 99) < percent; }

 private:
  std::uint64_t state_[4];
};

/// P of the network, [column][row] of -1 and 1: the same for every layer with vectors of this length, whatever its seed.
IntTensor pool_signs(int vector);
/// What a pool layer stores: D, permutations, a and e of `seed` (e from a quarter of a to three), with the shapes of LayerData.
LayerData seeded_pool(const Layer& layer, const Hardware& hw, std::uint64_t seed);

/// Of a pool layer: P of a seed of its own, the same for every layer of a size; D, permutations and M of `seed`, one e.
/// Random parameters: epitome codes uniform in -weight_max..weight_max; M in [2^(scale_bits-1), 2^scale_bits);
/// Z in -2^(weight_bits-1)..2^(weight_bits-1) when hw.zero_point, else 0; G of sign -1 with probability 1/10;
/// B uniform within one half of the standard deviation of acc*G (as far as channel_bias_bits allow). G is as wide
/// as lets B reach that size, at least 6 bits. With layer.slopes A: 0.01, 0.25, 1, negative, above 1, the borders of its
/// width, any. With Wrap::stored_once G, B and A have the period of the wrapping.
/// hw must be resolved. Shapes as in golden/layer.hpp.
LayerData make_synthetic(const Layer& layer, const Hardware& hw, std::uint64_t seed);

/// Random input [stored_cin][h][w]: uniform in act_min..act_max, one value in eight zero.
IntTensor synthetic_input(const Layer& layer, const Hardware& hw, std::uint64_t seed);

/// Smallest SH with rms(acc*G + B) / 2^SH <= max(|lo|,|hi|) / 2. The rms is taken over sampled random windows and
/// channels with the ADC's saturation, so that outputs are neither dead nor mostly clamped.
int automatic_shift(const Layer& layer, const Hardware& hw, const LayerData& data, std::uint64_t seed);

/// A [layer] configuration ready to run: core resolved, accumulators as wide as the data ask for, shift chosen.
struct SyntheticLayer {
  CoreSpec core;
  Layer layer;
  LayerData data;
  IntTensor input;  ///< synthetic; the caller replaces it when source.input names a file
};
/// make_layer, resolve(config), make_synthetic, automatic_shift, synthetic_input in this order.
SyntheticLayer prepare_layer(const Config& config);

}  // namespace epim
