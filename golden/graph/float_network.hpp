// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network in floating point: what its integers stand for.
#pragma once
#include <functional>
#include <memory>

#include "golden/files/npz.hpp"
#include "golden/graph/network.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// A network in floating point, its weights prepared for many images.
class FloatNetwork {
 public:
  /// Both must outlive this. Throws InputError: those of weights_of.
  FloatNetwork(const Network& network, const NpzFile& weights);
  ~FloatNetwork();
  /// As run_float; several threads may call this at once.
  FloatTensor run(const IntTensor& image, const std::function<void(int, const FloatTensor&)>& observe = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Floating-point first output of the network for one image [C][H][W] of integers, real = scale*(integer - zero point) of the
/// input. Sums in double, maps in float. Weights: golden/graph/node_weights.hpp. `observe(node, map)` sees every node's
/// output; may be empty.
FloatTensor run_float(const Network& network, const NpzFile& weights, const IntTensor& image,
                      const std::function<void(int, const FloatTensor&)>& observe = {});

}  // namespace epim
