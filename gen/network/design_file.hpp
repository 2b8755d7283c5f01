// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A design: which epitome or pool, sampler, wrapping, weight width and copies every layer of a network gets. One JSON file, written by
/// `epim search` and read wherever a network is mapped. Format: models/design.schema.json, docs/design-file.md.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "golden/graph/network.hpp"

namespace epim {

/// What the design says about one node. Whatever is absent stays as the network has it.
struct LayerDesign {
  std::string node;
  Position where;                       ///< the entry in the file
  bool has_epitome = false;             ///< the key "epitome" or "pool" is there
  std::optional<EpitomeShape> epitome;  ///< with has_epitome: absent = plain convolution (null)
  std::optional<PoolChoice> pool;       ///< with has_epitome, in the place of an epitome
  SpatialCycle sampler = SpatialCycle::cycle;  ///< with an epitome
  Wrap wrap = Wrap::off;                ///< with has_epitome
  int weight_bits = 0;                  ///< 0 = the design's, else 2..32
  Position bits_where;
  int copies = 0;                       ///< 0 = as in the network; also of a pool
};

struct Design {
  std::string file;           ///< where it was read from
  std::string network;        ///< name of the network that it is for
  Position network_where;
  int weight_bits = 0;        ///< of layers without their own; 0 = not said, else 2..32
  Position bits_where;
  std::vector<LayerDesign> layers;
  nlohmann::ordered_json provenance;  ///< who made it, how and at what cost; null = not said. Not read by anything
};

/// Reads a design. Throws InputError with file:line:column: those of read_json, wrong-type, unknown-key, missing-key,
/// value-out-of-range, unknown-choice, unsupported-schema, duplicate-layer (a node twice), contradictory-bits (a node
/// twice with two widths, or a width beside a pool), pool-and-epitome, design-without-epitome (sampler or wrap without an epitome).
Design parse_design(const std::string& text, const std::string& file);
Design read_design(const std::string& path);

/// The file's text: one layer per line, keys in a fixed order. parse_design gives the same design back.
std::string design_text(const Design& design);

/// Gives every named node its epitome, sampler, wrapping and width and infers shapes again. Afterwards `where` of these
/// nodes is their entry in the design, so that later errors point there.
/// Throws InputError at the entry: design-network (made for another network), unknown-layer, design-without-weights (the
/// node holds none; a pool has copies alone), and the rules of infer_shapes.
void apply_design(Network& network, const Design& design);

/// The design that a network carries: one entry per node with weights or copies.
Design design_of(const Network& network);

}  // namespace epim
