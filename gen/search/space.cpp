// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/space.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "golden/sampler.hpp"

namespace epim {
namespace {

bool searched(const Node& node, const SpaceOptions& o) {
  return node.op == Op::conv && (o.all_convolutions ? node.role != Role::stem : node.role == Role::bottleneck);
}

/// The epitome of a size, absent where the size holds the whole convolution.
std::optional<EpitomeShape> epitome_of(const Node& node, const CandidateSize& size) {
  const std::int64_t matrix_rows = std::int64_t{node.in.channels} * node.kh * node.kw;
  if (size.rows == 0 || (matrix_rows <= size.rows && node.cout <= size.cols)) return std::nullopt;
  return uniform_epitome(node, size.rows, size.cols);
}

/// Fewest rows that give this layer an epitome of more than one patch along its inputs.
int fewest_rows(const Node& node, int lanes) {
  const int positions = (node.kh + (node.kh > 1)) * (node.kw + (node.kw > 1));
  return std::min(node.in.channels, lanes) * positions;
}

}  // namespace

std::string size_name(const CandidateSize& size) {
  if (size.pool) return "pool:" + kept_name(size.pool->kept_one_in);
  return size.rows == 0 ? "none" : fmt::format("{}x{}", size.rows, size.cols);
}

std::string candidate_name(const Candidate& c) {
  return size_name(c.size) + (c.wrap == Wrap::off ? "" : " " + wrap_name(c.wrap));
}

std::vector<SearchLayer> search_layers(const Network& net, const SpaceOptions& o) {
  if (o.sizes.empty() || o.wraps.empty())
    throw InputError({o.sizes.empty() ? "--candidates" : "--wrap", 0, 0}, "empty-candidates",
                     "nothing to choose from; legal: at least one, e.g. none,1024x256 and off");
  std::vector<SearchLayer> layers;
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    if (!searched(node, o)) continue;
    SearchLayer layer;
    layer.node = static_cast<int>(n);
    std::string refused;
    const auto add = [&](const Candidate& c) {
      for (const Candidate& have : layer.candidates)
        if (have.epitome == c.epitome && have.wrap == c.wrap && have.size.pool == c.size.pool) return;
      layer.candidates.push_back(c);
    };
    for (const CandidateSize& size : o.sizes) {
      try {
        if (size.pool) {
          if (replaced_by_pool(net, static_cast<int>(n))) add({size, std::nullopt, Wrap::off});
          else refused = size_name(size) + ": groups, the first or the last layer";
          continue;
        }
        const auto epitome = epitome_of(node, size);
        if (!epitome) {
          add({{}, std::nullopt, Wrap::off});
          continue;
        }
        default_sampler(node.in.channels, node.cout, node.kh, node.kw, *epitome, o.lanes);
        const bool copies = epitome->e_out < node.cout;
        for (const Wrap wrap : o.wraps)
          if (wrap == Wrap::off || copies) add({size, epitome, wrap});
        // Only wrapping was asked for, and this epitome has nothing to wrap.
        if (!copies) add({size, epitome, Wrap::off});
      } catch (const InputError& e) {
        refused = fmt::format("{}: {}", size_name(size), e.text());
      }
    }
    if (layer.candidates.empty())
      throw InputError(node.where, "empty-candidates",
                       fmt::format("layer '{}' can take none of the sizes ({}); legal: none, or at least {} rows", node.name,
                                   refused, fewest_rows(node, o.lanes)));
    layers.push_back(std::move(layer));
  }
  if (layers.empty())
    throw InputError({net.file, 0, 0}, "empty-candidates",
                     fmt::format("network '{}' has no layer of role bottleneck to search; --layers conv takes every convolution",
                                 net.name));
  return layers;
}

Network select(const Network& net, const std::vector<SearchLayer>& layers, const Selection& selection) {
  Network out = net;
  bool stored_once = false;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    Node& node = out.nodes[static_cast<std::size_t>(layers[l].node)];
    const Candidate& c = layers[l].candidates.at(static_cast<std::size_t>(selection.at(l)));
    node.epitome = c.epitome;
    node.pool = c.size.pool;
    if (node.pool) node.weight_bits = 0;  // codes -1 and 1
    node.sampler = SpatialCycle::cycle;
    stored_once |= node.wrap == Wrap::stored_once || c.wrap == Wrap::stored_once;
    node.wrap = c.wrap;
  }
  if (stored_once) infer_shapes(out);  // shapes depend on nothing else that a selection changes
  return out;
}

Design selection_design(const Network& net, const std::vector<SearchLayer>& layers, const Selection& selection) {
  return design_of(select(net, layers, selection));
}

double log10_combinations(const std::vector<SearchLayer>& layers) {
  double sum = 0;
  for (const SearchLayer& l : layers) sum += std::log10(static_cast<double>(l.candidates.size()));
  return sum;
}

}  // namespace epim
