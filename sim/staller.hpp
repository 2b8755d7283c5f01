// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random waiting of one side of a stream.
#pragma once
#include <cstdint>

#include "gen/core/synthetic.hpp"

namespace epim {

/// Decides per cycle whether a stream side waits.
class Staller {
 public:
  Staller(int percent, bool bursts, std::uint64_t seed) : percent_(percent), bursts_(bursts), random_(seed) {}
  bool stall() {
    if (percent_ == 0) return false;
    if (run_ > 0) {
      --run_;
      return true;
    }
    if (bursts_ && random_.uniform(0, 199) == 0) {
      run_ = static_cast<int>(random_.uniform(5, 120));
      return true;
    }
    return random_.chance(percent_);
  }

 private:
  int percent_;
  bool bursts_;
  Random random_;
  int run_ = 0;
};

}  // namespace epim
