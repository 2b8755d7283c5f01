// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Trained weights onto a weight pool.
#pragma once
#include "golden/quantise.hpp"

namespace epim {

/// W of a convolution, [cout][cin][kh][kw], as a*P[pi] + e*mask*D of least squares, step by step (own choice):
///   pi  the assignment of largest correlation between filters and columns, group by group (linear_assignment): the error of a*P[pi]
///       is least with it, whatever a > 0;
///   D   the sign of what a*P[pi] leaves, e its mean magnitude, a by least squares with this e*D; the two in turn until both stay.
/// `pool` is P, [column][row] of -1 and 1. The scales are those of the blocks: a in the first PE row, e in all others.
/// `layer` has its patches. Throws InputError tensor-shape, not-finite.
QuantisedEpitome project_on_pool(const Hardware& hardware, const Layer& layer, const IntTensor& pool, const FloatTensor& weights);

/// What training on a pool chose.
struct GivenPool {
  IntTensor permutation;  ///< [patches][V]
  double a = 0, e = 0;
};

/// The same for weights that were trained on this pool: permutation, a and e as they are, D the sign of what a*P[pi] leaves.
/// Throws InputError as project_on_pool; pool-data: no permutation, a or e not above 0, or weights that are not a*P[pi] + e*mask*D.
QuantisedEpitome given_pool(const Hardware& hardware, const Layer& layer, const IntTensor& pool, const FloatTensor& weights, const GivenPool& given);

}  // namespace epim
