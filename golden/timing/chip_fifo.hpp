// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// How deep the FIFOs of a chip must be: so that it never stops, and so that it is as fast as its slowest block.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/timing/chip.hpp"
#include "golden/timing/chip_timing.hpp"

namespace epim {

/// Words of input `port` that a block must have taken before its output word k (both counted over all images) can leave.
std::int64_t words_needed(const ChipBlock& block, std::int64_t k, int port = 0);

/// The moment at which a FIFO must hold the most: `join` waits for its other operand's word `word`, which cannot come
/// before the FIFO's producer has sent `sent` words; the FIFO's consumer has taken `taken` of them by then.
struct FifoProof {
  int join = -1;             ///< block; -1: no addition or concatenation asks for more than one word here
  std::int64_t word = 0, sent = 0, taken = 0;
  bool exact = false;        ///< the consumer is `join` itself and cannot take more before that: one entry less deadlocks
};

struct FifoDepths {
  std::vector<int> deadlock_free;    ///< per stream: enough by counting words, whatever the blocks hold inside
  std::vector<FifoProof> proof;      ///< of deadlock_free
  std::vector<int> smallest;         ///< together they never stop, and no one can be smaller; uses what blocks hold inside
  std::vector<int> full_throughput;  ///< together they reach `rate`, and no one can be smaller
  ImageRate rate;                    ///< of `full_throughput`
  bool reaches_slowest = false;      ///< `rate` is that of the slowest block alone
};

/// Depths by counting words alone: proof in docs/chip-timing.md. Fills deadlock_free and proof.
FifoDepths count_fifos(const ChipGraph& graph);

/// FifoDepths::smallest, in stream order: each stream is made as small as the ones before and after it allow.
std::vector<int> smallest_depths(const ChipGraph& graph, const FifoDepths& counted);

/// All of FifoDepths. full_throughput starts from the counted depths, at least 2, doubled until the rate is reached, and
/// is then made smaller stream by stream. The depths in `graph` are not looked at.
FifoDepths analyse_fifos(const ChipGraph& graph);

/// Depths with which the chip is as fast as its slowest block, from one run in place of a search: every FIFO one word deeper than it gets full
/// where none has a bound and words are offered at that rate, evenly. Deeper than full_throughput needs. Fills deadlock_free, proof,
/// full_throughput, and rate, that of a run with these depths and words always offered.
FifoDepths paced_fifos(const ChipGraph& graph);

/// The graph with these depths.
ChipGraph with_depths(ChipGraph graph, const std::vector<int>& depths);

}  // namespace epim
