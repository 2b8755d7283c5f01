// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The rows of a core's input ring in time, as predict_timing and the fast model follow them.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

/// Row slots of the ring of a core's input buffer for the map of a layer.
/// Throws InputError buffer-too-small where they hold fewer rows than the first window needs.
std::int64_t ring_slots(const Hardware& hw, const Layer& layer);

/// When each row is complete, given when earlier ones were freed. A row of `row_words` words arrives at one word per
/// cycle, as soon as one of the `slots` is free. Cycles count from the first word of row 0.
class InputRing {
 public:
  InputRing(std::int64_t row_words, std::int64_t slots) : row_words_(row_words), slots_(slots) {}
  /// First cycle in which row n counts as complete.
  std::int64_t ready(std::int64_t n) {
    while (static_cast<std::int64_t>(end_.size()) <= n) {
      const auto i = static_cast<std::int64_t>(end_.size());
      std::int64_t start = i == 0 ? 0 : end_.back() + 1;
      if (i >= slots_) start = std::max(start, freed_[static_cast<std::size_t>(i - slots_)] + 1);
      end_.push_back(start + row_words_ - 1);
    }
    return end_[static_cast<std::size_t>(n)] + 1;
  }
  /// The oldest row is given back in cycle t.
  void free(std::int64_t t) { freed_.push_back(t); }
  std::int64_t freed() const { return static_cast<std::int64_t>(freed_.size()); }

  /// A state to come back to, for rows that were only tried.
  struct Mark {
    std::size_t ends, freed;
  };
  Mark mark() const { return {end_.size(), freed_.size()}; }
  void roll_back(Mark m) {
    end_.resize(m.ends);
    freed_.resize(m.freed);
  }

 private:
  std::int64_t row_words_, slots_;
  std::vector<std::int64_t> end_, freed_;
};

}  // namespace epim
