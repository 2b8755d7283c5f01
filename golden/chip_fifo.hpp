// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// How deep the FIFOs of a chip must be: so that it never stops, and so that it is as fast as its slowest block.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/chip.hpp"
#include "golden/chip_timing.hpp"

namespace epim {

/// Words of its input stream that a block must have consumed before word k (counted over all images) can leave it.
std::int64_t words_needed(const ChipBlock& block, std::int64_t k);
/// Words that a block can have sent, at most, after it consumed n words: the largest m with words_needed(m-1) <= n.
std::int64_t words_possible(const ChipBlock& block, std::int64_t n);

/// Why a FIFO needs its depth: with `word` words taken from it by the add, the other operand's word `word` needs
/// `needed` words of the fork; `held` of what the fork sent by then lie in this FIFO and nowhere else.
struct FifoProof {
  int fork = -1;             ///< block that feeds both operands of the add; -1: the stream ends no fork
  int join = -1;             ///< the add
  std::int64_t word = 0;     ///< output word that asks for the most
  std::int64_t needed = 0;   ///< fork words that the other operand needs for it
  std::int64_t held = 0;     ///< words in this FIFO then
  bool exact = false;        ///< nothing but this FIFO lies between fork and add: one entry less deadlocks
};

struct FifoDepths {
  std::vector<int> deadlock_free;     ///< per stream: proven by counting (FifoProof), never less than 1
  std::vector<int> smallest;          ///< per stream: smallest that does not deadlock, the others as in `deadlock_free`
  std::vector<int> full_throughput;   ///< per stream: together they reach `rate`, and no single one can be smaller
  std::vector<FifoProof> proof;
  AloneRate rate;                     ///< of the slowest block alone
};

/// Analyses every stream. The depths in `graph` are not looked at.
FifoDepths analyse_fifos(const ChipGraph& graph);

}  // namespace epim
