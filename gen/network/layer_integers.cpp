// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/layer_integers.hpp"

#include <fmt/format.h>

#include "gen/core/synthetic.hpp"
#include "golden/pool_projection.hpp"

namespace epim {
namespace {

std::vector<float> part_of(const std::vector<float>& all, const MappedLayer& mapped) {
  if (all.empty()) return {};
  const auto first = all.begin() + mapped.first_channel;
  return {first, first + mapped.layer.cout};
}

QuantisedEpitome quantised(Hardware codes, const MappedLayer& mapped, const FloatTensor& weights, const NodeWeights& file, int weight_bits,
                           const QuantiseOptions& options) {
  if (mapped.layer.pool) {
    const IntTensor pool = pool_signs(mapped.layer.pool->vector);
    return file.pool ? given_pool(codes, mapped.layer, pool, weights, *file.pool) : project_on_pool(codes, mapped.layer, pool, weights);
  }
  if (file.quantised) return given_codes(codes, mapped.layer, weights);
  if (weight_bits == 1) return quantise_bipolar(codes, mapped.layer, weights);
  codes.weight_bits = weight_bits;
  return quantise(codes, mapped.layer, weights, options);
}

}  // namespace

int code_bits_of(const Node& node, const HardwareRequest& asked, const Hardware& core) {
  if (core.pool) return 1;
  if (node.weight_bits > 0) return node.weight_bits;
  return asked.bipolar_weights ? 1 : core.weight_bits;
}

QuantisedLayer layer_integers(const Hardware& core, const Node& node, const MappedLayer& mapped, const NodeWeights& weights,
                              int weight_bits, const QuantiseOptions& options) {
  for (const StreamType* map : {&mapped.in, &mapped.out})
    if (map->format.scale <= 0)
      throw InputError(node.where, "missing-act-scale",
                       fmt::format("node {}: act_scale {} is needed to quantise it (a real number > 0)", node.name,
                                   map == &mapped.out ? "of its output" : fmt::format("of '{}', which it reads,", node.inputs[0])));
  const FloatTensor w = mapped_weights(node, mapped, weights.epitome);
  QuantisedLayer r;
  r.quantised = quantised(core, mapped, w, weights, weight_bits, options);
  LayerScales scales;
  scales.bn_scale = part_of(weights.scale, mapped);
  scales.bn_bias = part_of(weights.bias, mapped);
  scales.slope = part_of(weights.slope, mapped);
  scales.act_in = mapped.in.format.scale;
  scales.act_out = mapped.out.format.scale;
  scales.zero_out = mapped.out.format.zero;
  r.integers = to_integer(core, mapped.layer, r.quantised, scales);
  return r;
}

}  // namespace epim
