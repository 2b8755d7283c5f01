// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a design search chooses from: for every layer that may become an epitome or read a pool, its candidates.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/network/design_file.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// rows x cols of an epitome (rows = e_in*P*Q, cols = e_out, as the paper writes 1024x256); rows 0 = plain convolution, or a pool.
struct CandidateSize {
  int rows = 0, cols = 0;
  std::optional<PoolChoice> pool{};
  bool operator==(const CandidateSize&) const = default;
};
std::string size_name(const CandidateSize& size);  ///< "1024x256", "pool:1/2", "none"

/// One way to build one layer.
struct Candidate {
  CandidateSize size;                   ///< the first size that gives it; a size that holds the whole layer gives none
  std::optional<EpitomeShape> epitome;  ///< absent: plain convolution, or the size's pool
  Wrap wrap = Wrap::off;
};
std::string candidate_name(const Candidate& candidate);  ///< "1024x256", "1024x256 copies", "none"

/// A layer to be searched.
struct SearchLayer {
  int node = 0;  ///< index into Network::nodes
  std::vector<Candidate> candidates;  ///< distinct, in order of the sizes given
};

struct SpaceOptions {
  /// The paper's set is not published; these are our own choice.
  std::vector<CandidateSize> sizes = {{0, 0}, {256, 256}, {512, 256}, {1024, 256}, {2048, 256}};
  std::vector<Wrap> wraps = {Wrap::off, Wrap::copies};  ///< tried on every epitome with fewer columns than outputs
  bool all_convolutions = false;  ///< false: nodes of role bottleneck; true: every convolution but a stem
  int lanes = 16;                 ///< a candidate must map onto a core with so many channels per word
};

/// The layers to search, each with at least one candidate. A size becomes an epitome by uniform_epitome where it is
/// smaller than the layer (cin*kh*kw > rows or cout > cols), else the plain convolution. Candidates that the sampler
/// refuses (too few rows for one word of channels) are left out, and pools where replaced_by_pool says no.
/// Throws InputError empty-candidates: no size or wrapping given, no layer to search, or a layer for which nothing is
/// left (named, with the nearest size that it takes).
std::vector<SearchLayer> search_layers(const Network& network, const SpaceOptions& options);

/// Candidate index per layer.
using Selection = std::vector<int>;

/// The network with the selected candidates; layers that are not searched are left as they are.
Network select(const Network& network, const std::vector<SearchLayer>& layers, const Selection& selection);

/// A selection as a design with an entry for every node with weights.
Design selection_design(const Network& network, const std::vector<SearchLayer>& layers, const Selection& selection);

/// How many selections there are, as a decimal power: log10 of the product of the candidate counts.
double log10_combinations(const std::vector<SearchLayer>& layers);

}  // namespace epim
