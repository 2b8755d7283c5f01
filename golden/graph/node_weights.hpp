// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Real weights of a node from a weights file, under this project's names or PyTorch's.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "golden/files/npz.hpp"
#include "golden/graph/network.hpp"
#include "golden/pool_projection.hpp"

namespace epim {

/// y = scale[o]*(W*x) + bias[o], then the node's pointwise function.
struct NodeWeights {
  FloatTensor epitome;               ///< [e_out][e_in][P][Q]; of quantised weights the codes
  bool quantised = false;            ///< the file holds codes: they are taken as they are, their scale is in `scale`
  int code_bits = 0;                 ///< of codes: the least that hold them, sign and magnitude
  std::vector<float> scale, bias;    ///< [cout]
  std::vector<float> slope;          ///< [cout]; empty = none
  std::optional<GivenPool> pool;     ///< of weights that were trained on a pool: how `epitome` is made of it
};

/// Arrays of a node, X = its name, first found counts:
///   weights   X/epitome, X/weight, X.weight, X/kernel; or X/codes (integers) with X/weight_scale, one or [cout].
///             An fc's may be [cout][C*H*W]; of a batch_norm node: 1
///   pool      of a node with a weight pool, beside weights that were trained on it: X/permutation [patches][V] (integers) with
///             X/pool_scale, two: a and e. Without them the weights are projected (golden/pool_projection.hpp)
///   norm      X/bn_scale with X/bn_bias: as they are;
///             S.running_mean, S.running_var, S.weight, S.bias (and S.eps, else 1e-5), S = X/bn, X.bn, X_bn, of a batch_norm
///             node also X, with "/" or "." behind it: scale = weight/sqrt(var + eps), bias = S.bias - mean*scale
///             with S = Y, Y/bn, ... for the names Y of the batch_norm nodes that the node has taken in (Node::norms), in order
///   constants of a product with one operand: its value, else X/scale, X/weight or X/value (also with "."), one or [cout]; without
///             them it changes nothing, with a remark
///   bias      X/bias, X.bias, or X/bn_bias without X/bn_scale: enters before the norm
///   slopes    Node::slopes, one or [cout]; without the array 0.25, PyTorch's initial value, with a remark
/// A node without norm and bias has scale 1 and bias 0; one that says batch_norm needs one of them.
/// Throws InputError at the node: missing-array, tensor-shape, weight-scale, npy-type.
NodeWeights weights_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks = nullptr);

/// Slopes of a prelu node without weights, per channel.
std::vector<float> slopes_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks = nullptr);

/// Names of all arrays in `file` that weights_of and slopes_of read for this node.
std::vector<std::string> arrays_of(const Node& node, const NpzFile& file, std::vector<std::string>* remarks = nullptr);

}  // namespace epim
