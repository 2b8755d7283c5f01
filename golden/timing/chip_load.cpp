// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip_load.hpp"

namespace epim {

std::int64_t open_after_load(std::int64_t last, int cores) {
  const std::int64_t quiet = last + 1 + cores + 3;  // no word came for so long that none can be on its way
  return quiet + 3;                                 // run, start pulse of the cores, busy
}

ChipLoad predict_chip_load(std::int64_t words, int cores, bool running) {
  ChipLoad load;
  load.first = running ? 2 : 0;  // seen; stopped
  load.last = load.first + words - 1;
  load.open = open_after_load(load.last, cores);
  return load;
}

}  // namespace epim
