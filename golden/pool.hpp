// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Weights read from a pool (CIMPool, arXiv 2503.22044), the second operator beside the epitome.
///
/// Input block i of V channels, tap k, output tile o of V filters, filter f of the tile, one patch (o, i, k):
///   W[oV+f][iV+r][k] = a*P[r][pi_{o,i,k}(f)] + e*mask[r]*D_{o,i,k}[r][f]
/// P in {-1,+1} is one V x V matrix of the network, D in {-1,+1} the error of the patch, mask keeps whole words of `lanes` rows,
/// one in kept_one_in. pi is a permutation within the groups of filters that are alike modulo V/group. a and e are the M of the
/// first PE row and of all others. Which rows are kept, the groups, and one a per layer are own choices.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/layer.hpp"

namespace epim {

/// The pool of a core as a design asks for it.
WeightPool pool_of(const PoolChoice& choice, const FixedHardware& core);

/// The shape of what is stored: V columns, one tap, V rows of the pool and the kept rows of all patches, whole words each.
EpitomeShape pool_shape(const Layer& layer, int lanes);
/// The patches of a pool layer: output tiles outer, then input blocks, then taps.
/// Throws InputError `zero-size`, `pool-vector` (not a multiple of lanes), `pool-group`, `pool-kept`.
std::vector<Patch> pool_patches(const Layer& layer, int lanes);
/// Throws InputError `pool-layer` where shape and patches are not those of pool_shape and pool_patches, the layer has groups, a
/// wrapped input or output; and what pool_patches throws.
void validate_pool(const Layer& layer, int lanes);

/// Throws InputError `pool-data`: the permutation is none within its groups.
void check_permutation(const Layer& layer, const IntTensor& permutation);
/// Throws InputError `pool-data`: the permutation is none within its groups, or a code is not -1 or 1 where the equation has a P
/// or a D and 0 elsewhere; the M of the rows behind the first one differ.
void check_pool_data(const Layer& layer, const LayerData& data, int lanes);
/// Throws InputError `pool-core` where the core cannot hold a layer with this pool: crossbars of V x V, groups inside the columns
/// of one ADC, binary weights without zero point.
void check_pool_core(const FixedHardware& core, const Layer& layer);

/// W[cout][cin][kh][kw], the equation above term by term.
IntTensor pool_weights(const Layer& layer, const LayerData& data, int lanes);

/// Bits that a layer stores, headers and the pool left out: indices of the permutations, signs of the kept error.
struct PoolBits {
  std::int64_t index = 0, error = 0, weights = 0;
  double per_weight() const { return static_cast<double>(index + error) / static_cast<double>(weights); }
  /// Against weights of 8 bits.
  double rate() const { return 8 / per_weight(); }
};
PoolBits pool_bits(const Layer& layer, int lanes);

}  // namespace epim
