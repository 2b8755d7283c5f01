// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The network nodes that hold no weights, on integer maps, and a floating-point run of a whole network.
#pragma once
#include <functional>
#include <vector>

#include "golden/graph/network.hpp"
#include "golden/hardware.hpp"
#include "golden/files/npz.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// y[c][oy][ox] = max over the window; padded places do not take part. Source: own definition.
IntTensor max_pool(const IntTensor& x, const Node& node);
/// y = floor((sum + n/2) / n) over the window of n places (no padding): round half up. Own choice.
IntTensor avg_pool(const IntTensor& x, const Node& node);
/// The same over the whole map: [C][1][1].
IntTensor global_avg_pool(const IntTensor& x);
/// y = clamp(a + b, lo, hi); virtual channel v of a wrapped map is stored channel v mod its period.
IntTensor add_maps(const IntTensor& a, const IntTensor& b, std::int64_t lo, std::int64_t hi);
/// y = max(0, x)
IntTensor relu(const IntTensor& x);

/// Integers lo .. hi.
struct ValueRange {
  std::int64_t lo = 0, hi = 0;
  bool operator==(const ValueRange&) const = default;
};
/// What an addition clamps its sum to, A = act_bits: 0 .. 2^A-1 with relu, else -2^(A-1) .. 2^(A-1)-1. With signed
/// activations a sum with relu ends at 2^(A-1)-1, which is what a core takes, unless it is the network's output.
ValueRange sum_range(const Node& node, const FixedHardware& hw, bool is_output);

/// Evaluates a node without weights. `in` are the stored input maps; `sum` is what an addition is clamped to.
IntTensor evaluate_host_node(const Node& node, const std::vector<const IntTensor*>& in, const ValueRange& sum);
/// The same for node `n` of a network whose cores have the activations of `hw`.
IntTensor evaluate_host_node(const Network& network, int n, const std::vector<const IntTensor*>& in, const FixedHardware& hw);

/// Floating-point outputs of the network for one image [C][H][W] of integers (real = integer * input_scale).
/// Keys of `weights`: "<node>/epitome", "<node>/bn_scale", "<node>/bn_bias".
/// `observe(node, map)` sees every node's output; may be empty.
FloatTensor run_float(const Network& network, const NpzFile& weights, const IntTensor& image,
                      const std::function<void(int, const FloatTensor&)>& observe = {});

}  // namespace epim
