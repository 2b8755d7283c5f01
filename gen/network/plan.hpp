// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Which core runs which layer of a network, and in what form.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/core/core_parameters.hpp"
#include "gen/network/design_file.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// Per-layer epitome choice for a whole network.
struct DesignChoice {
  bool uniform = false;      ///< replace layers by uniform rows x cols epitomes (golden/graph/network.hpp)
  int rows = 1024, cols = 256;
  Wrap wrap = Wrap::off;     ///< wrapping of layers whose output groups are copies
  std::optional<Design> file;  ///< layer by layer; takes the place of all of the above
  /// A plain layer that needs more PEs than this, or whose output stream would hold its array up, is split along its
  /// output channels, in whole PE columns, into parts that are fed by the same stream, each on a core of its own.
  int max_pes = 64;
};

/// One node with weights as a core runs it, or a part of it.
struct PlannedLayer {
  int node = 0;
  Layer layer;
  int part = 0, parts = 1;   ///< part `part` of `parts`
  int first_channel = 0;     ///< of the node's output that this part gives
  int space_to_depth = 1;    ///< the input is rewritten s x s -> channels first, exactly (1: not)
  int subsample = 1;         ///< only every s-th row and column of the input is streamed: a strided 1x1 reads no others
  int core = 0;              ///< index into NetworkPlan::cores
};

/// A core and the layers that share its build.
struct PlannedCore {
  Hardware hw;               ///< acc_bits 0 until the weights are known
  std::vector<int> layers;
};

struct NetworkPlan {
  Network network;
  std::vector<PlannedLayer> layers;  ///< in execution order
  std::vector<PlannedCore> cores;    ///< one per distinct PE array and weight width
};

/// Applies the design, rewrites strided stems of few channels by space-to-depth and strided 1x1 convolutions by leaving
/// out the pixels they do not read, splits layers beyond max_pes, sizes the PE array of every layer, and groups layers by
/// array and weight width. `base` gives everything but pe_rows, pe_cols, buffer_words and acc_bits; its weight_bits hold
/// where the design gives none. Throws InputError with the node's place in the file, that of its entry with a design file.
NetworkPlan plan_network(const Network& network, const Hardware& base, const DesignChoice& design);

/// s of the rewriting that plan_network applies to a node, 1 where it applies none: strided plain convolutions of a kernel
/// larger than 1 whose cin*s*s channels fit into one word.
int planned_space_to_depth(const Node& node, int lanes);
/// The convolution that reads the rewritten map: stride 1, kernel and padding in units of s, channels c*s*s.
/// y(o,i,j) of `layer` on x equals y(o,i,j) of the result on space_to_depth(x, layer.stride, result). Plain
/// convolutions only.
Layer space_to_depth_layer(const Layer& layer);
/// x'[(dy*s + dx)*C + c][i][j] = x[c][i*s + dy][j*s + dx], zero outside; as many rows and columns as `rewritten` reads.
IntTensor space_to_depth(const IntTensor& x, int s, const Layer& rewritten);
/// The map as a planned layer streams it in: rewritten where the plan says so, else as it is.
IntTensor streamed_map(const IntTensor& map, const PlannedLayer& planned);
/// Weights of the rewritten convolution from [cout][cin][kh][kw].
template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer);
extern template Tensor<float> space_to_depth_weights(const Tensor<float>&, const Layer&);
extern template Tensor<std::int64_t> space_to_depth_weights(const Tensor<std::int64_t>&, const Layer&);

}  // namespace epim
