// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Which core runs which layer of a network, and in what form: the one answer that every verb takes.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/network/design_file.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// Per-layer epitome choice for a whole network.
struct DesignChoice {
  bool uniform = false;      ///< replace layers by uniform rows x cols epitomes (golden/graph/network.hpp)
  int rows = 1024, cols = 256;
  Wrap wrap = Wrap::off;     ///< wrapping of layers whose output groups are copies
  std::optional<Design> file{};  ///< layer by layer; takes the place of all of the above
  /// A plain layer that needs more PEs than this, or whose output stream would hold its array up, is split along its
  /// output channels, in whole PE columns, into parts that are fed by the same stream, each on a core of its own.
  int max_pes = 64;
};

/// How many cores a network gets.
enum class CorePolicy {
  shared,   ///< one that holds every layer, as each stands in the network
  grouped,  ///< one per PE array and weight width; layers are rewritten and split where that helps
  own,      ///< one per layer, as it stands in the network: the blocks of a chip
};

/// What the lanes of a stream hold: integers lo .. hi in `bits` bits, two's complement where lo < 0.
struct StreamType {
  int bits = 8;
  std::int64_t lo = 0, hi = 0;
  int channels = 1;  ///< stored ones
  bool is_signed() const { return lo < 0; }
};

/// One node with weights as a core runs it, or a part of it.
struct MappedLayer {
  int node = 0;
  Layer layer;
  int part = 0, parts = 1;   ///< part `part` of `parts`
  int first_channel = 0;     ///< of the node's output that this part gives
  int space_to_depth = 1;    ///< the input is rewritten s x s -> channels first, exactly (1: not)
  int subsample = 1;         ///< only every s-th row and column of the input is streamed: a strided 1x1 reads no others
  StreamType in, out;        ///< `out` holds the layer's clamp
  int core = 0;              ///< index into Mapping::cores
};

/// A core and the layers that share its build.
struct MappedCore {
  Hardware hw;               ///< accumulators that were not asked for have 64 bits until the weights are known
  std::vector<int> layers;
};

struct Mapping {
  CorePolicy policy = CorePolicy::grouped;
  Network network;
  HardwareRequest base;              ///< what all cores have in common
  std::vector<MappedLayer> layers;   ///< in execution order
  std::vector<MappedCore> cores;
};

/// Applies the design, lays every layer out (patches, clamp, stream types) and gives it a core.
///   grouped  strided stems of few channels are rewritten by space-to-depth, strided 1x1 convolutions leave out the pixels
///            they do not read, layers beyond max_pes are split; layers of one array and weight width share a core. `base`
///            gives everything but pe_rows, pe_cols and buffer_words; its weight_bits hold where the design gives none
///   shared   as `base` asks
///   own      PE array and buffer as small as the layer allows; inner streams have act_bits
/// Clamps: docs/networks.md. Every core is checked with its layers by `resolve` (gen/config/config.hpp); with
/// `locate` errors about hardware are placed there, else at the node. Throws InputError with the node's place in the file,
/// that of its entry with a design file; contradictory-bits (shared, own) where a node's weight_bits exceed the core's.
Mapping map_network(const Network& network, const HardwareRequest& base, const DesignChoice& design,
                    CorePolicy policy = CorePolicy::grouped, const Locator& locate = {});

/// Values on every stream: [0] the network's input, [n + 1] the output of node n. `of_layer` gives those of nodes with
/// weights; of the others they follow from docs/arithmetic.md with lanes of base.act_bits.
std::vector<StreamType> stream_types(const Network& network, const FixedHardware& base, const std::function<StreamType(int)>& of_layer);

/// s of the rewriting that map_network applies to a node, 1 where it applies none: strided plain convolutions of a kernel
/// larger than 1 whose cin*s*s channels fit into one word.
int mapped_space_to_depth(const Node& node, int lanes);
/// The convolution that reads the rewritten map: stride 1, kernel and padding in units of s, channels c*s*s.
/// y(o,i,j) of `layer` on x equals y(o,i,j) of the result on space_to_depth(x, layer.stride, result). Plain
/// convolutions only.
Layer space_to_depth_layer(const Layer& layer);
/// x'[(dy*s + dx)*C + c][i][j] = x[c][i*s + dy][j*s + dx], zero outside; as many rows and columns as `rewritten` reads.
IntTensor space_to_depth(const IntTensor& x, int s, const Layer& rewritten);
/// The map as a planned layer streams it in: rewritten where the plan says so, else as it is.
IntTensor streamed_map(const IntTensor& map, const MappedLayer& planned);
/// Weights of the rewritten convolution from [cout][cin][kh][kw].
template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer);
extern template Tensor<float> space_to_depth_weights(const Tensor<float>&, const Layer&);
extern template Tensor<std::int64_t> space_to_depth_weights(const Tensor<std::int64_t>&, const Layer&);

}  // namespace epim
