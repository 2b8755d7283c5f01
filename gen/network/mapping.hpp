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
#include "gen/network/rewrite.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/graph/network.hpp"
#include "golden/graph/node_weights.hpp"

namespace epim {

/// Per-layer choice of the weights' operator for a whole network.
struct DesignChoice {
  bool uniform = false;      ///< replace layers by uniform rows x cols epitomes (golden/graph/network.hpp)
  int rows = 1024, cols = 256;
  Wrap wrap = Wrap::off;     ///< wrapping of layers whose output groups are copies
  std::optional<PoolChoice> pool{};  ///< replace layers by weight pools (golden/graph/network.hpp)
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

/// What the lanes of a stream hold: codes of a map in `bits` bits, two's complement where the format is signed.
struct StreamType {
  int bits = 8;
  int channels = 1;  ///< stored ones
  MapFormat format;
  bool is_signed() const { return format.is_signed; }
};

/// One node with weights as a core runs it, or a part of it.
struct MappedLayer {
  int node = 0;
  Layer layer;
  int part = 0, parts = 1;   ///< part `part` of `parts`
  int first_channel = 0;     ///< of the node's output that this part gives
  int space_to_depth = 1;    ///< the input is rewritten s x s -> channels first, exactly (1: not)
  int subsample = 1;         ///< only every s-th row and column of the input is streamed: a strided 1x1 reads no others
  int merged_groups = 1;     ///< groups that share a block of the diagonal
  Widening widening;         ///< taps of weight zero
  StreamType in, out;        ///< `out` holds the layer's clamp
  int core = 0;              ///< index into Mapping::cores
  /// Cells that hold zero because the groups of a block share its words.
  std::int64_t wasted_cells() const;
};

/// A core and the layers that share its build.
struct MappedCore {
  Hardware hw;               ///< accumulators that were not asked for have 64 bits until the weights are known
  std::vector<int> layers;
};

struct Mapping {
  CorePolicy policy = CorePolicy::grouped;
  Network network;
  FixedHardware asked;               ///< whose formats maps have that name none
  HardwareRequest base;              ///< what all cores have in common; activations as wide as the widest map that one reads
  bool own_formats = false;          ///< layers say the format of their maps, which is not the hardware's for all
  std::vector<MapFormat> formats;    ///< of all maps (golden/graph/formats.hpp)
  std::vector<MappedLayer> layers;   ///< in execution order
  std::vector<MappedCore> cores;
};

/// Applies the design, lays every layer out (patches, clamp, stream types) and gives it a core.
///   grouped  strided stems of few channels are rewritten by space-to-depth, strided 1x1 convolutions leave out the pixels
///            they do not read, layers beyond max_pes are split; layers of one array and weight width share a core. `base`
///            gives everything but pe_rows, pe_cols and buffer_words; its weight_bits hold where the design gives none
///            A layer with a pool has a core with codes -1 and 1 in cells of one bit, whatever the others have; it is not split
///   shared   as `base` asks
///   own      PE array and buffer as small as the layer allows; inner streams have act_bits; pools as in grouped
/// Clamps: docs/networks.md. Every core is checked with its layers by `resolve` (gen/config/config.hpp); with
/// `locate` errors about hardware are placed there, else at the node. Throws InputError with the node's place in the file,
/// that of its entry with a design file; contradictory-bits (shared, own) where a node's weight_bits exceed the core's;
/// activation-bits: a core reads a map of more than 9 bits; grouped-epitome.
Mapping map_network(const Network& network, const HardwareRequest& base, const DesignChoice& design,
                    CorePolicy policy = CorePolicy::grouped, const Locator& locate = {});

/// Crossbars of all layers, each with cells of its own.
struct CrossbarTotals {
  std::int64_t per_core = 0;   ///< as generated: every layer with a pool holds it
  std::int64_t one_pool = 0;   ///< the pool counted once for the chip, as CIMPool does; without pools the same
  int pools = 0;               ///< layers that hold the pool
  /// One more layer, on `core`.
  void add(const Hardware& core, const Layer& layer);
};
/// Crossbars of layer `l`.
int crossbars_of(const Mapping& mapping, std::size_t l);
CrossbarTotals crossbar_totals(const Mapping& mapping, const std::vector<std::size_t>& layers);
CrossbarTotals crossbar_totals(const Mapping& mapping);

/// Brings formats and clamps up to date with the scales of mapping.network, which calibration fills in.
void set_scales(Mapping& mapping);

/// Signed maps that only additions read may be wider where these are done on the host.
SignedMaps signed_maps_of(CorePolicy policy);

/// s of the rewriting that map_network applies to a node, 1 where it applies none: strided plain convolutions of a kernel
/// larger than 1 whose cin*s*s channels fit into one word.
int mapped_space_to_depth(const Node& node, int lanes);
/// Weights of a node as its layer holds them: rewritten, and the part's channels of them.
FloatTensor mapped_weights(const Node& node, const MappedLayer& mapped, const FloatTensor& epitome);
/// The map as a planned layer streams it in: rewritten where the plan says so, else as it is.
IntTensor streamed_map(const IntTensor& map, const MappedLayer& planned);

}  // namespace epim
