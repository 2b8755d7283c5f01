// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The index tables of one layer, from the mapping of its patches onto the PE array (paper section 4.3).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gen/core/core_parameters.hpp"

namespace epim {

/// IFAT entry: window words [start, stop), first stored channel block, IFRT sequence.
struct IfatEntry {
  int start = 0, stop = 0, block = 0, sequence = 0;
  bool operator==(const IfatEntry&) const = default;
};
/// IFRT entry: where a fetched word goes. Unused entries pad a sequence to the rows of the PE array. With a pool word n goes
/// to group n of the first PE row, and where it is used also to its error here; a sequence has the groups of one PE row.
struct IfrtEntry {
  bool used = false;
  int pe_row = 0, group = 0;
  bool operator==(const IfrtEntry&) const = default;
};
/// OPT entry: of one column step of a pool's patch, per ADC the column of the pool among those that it scans.
using OptEntry = std::vector<int>;
/// OFAT entry: output channels [start, stop) over all copies, epitome columns [first, last].
struct OfatEntry {
  int start = 0, stop = 0, first = 0, last = 0;
  bool operator==(const OfatEntry&) const = default;
};

struct LayerTables {
  std::vector<IfatEntry> ifat;                 ///< one per activation of a round
  std::vector<std::vector<IfrtEntry>> ifrt;    ///< distinct sequences, each ifrt_sequence_entries()
  std::vector<int> ifrt_of_patch;              ///< sequence of every patch before sharing: the paper's count
  std::vector<OfatEntry> ofat;                 ///< one per activation of a round
  std::vector<OptEntry> opt;                   ///< of a pool: column steps of a PE for each patch
  std::vector<std::vector<int>> drain;         ///< channels of each drain read, -1 = lane without one; joint_lanes wide
  int fired_patches = 0, patches = 0;          ///< activations per round with and without wrapping
  int stored_cout = 0;                         ///< channels the layer sends per output position
  std::string wrapping;                        ///< what was done and why, in words
};

/// Builds the tables. The layer must be valid and fit the PE array of `hw`.
/// Throws InputError `wrap-not-possible` for stored_once where output ranges are not copies.
/// `data` fills OPT and may be missing where only sizes are asked for.
LayerTables build_tables(const Hardware& hw, const Layer& layer, const LayerData* data = nullptr);
/// Entries of an IFRT sequence.
int ifrt_sequence_entries(const Hardware& hw);

/// 64-bit words as the RTL reads them.
std::uint64_t pack(const CoreParameters& p, const IfatEntry& e);
std::uint64_t pack(const CoreParameters& p, const IfrtEntry& e);
std::uint64_t pack(const CoreParameters& p, const OfatEntry& e);
std::uint64_t pack(const CoreParameters& p, const OptEntry& e);

}  // namespace epim
