// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Every code in every lane, in order, once; ready and valid of every cycle: a word in t is offered in t+1.
#include <fstream>

#include "Vdut.h"
#include "requantise.hpp"

using namespace bench;

namespace {

std::uint64_t entry(std::uint64_t code) { return (code * 37 + 11 + (code >> 3)) & mask(P_OutBits); }

/// The image, before the model reads it.
const bool written = [] {
  std::ofstream file(P_InitFile);
  for (std::uint64_t c = 0; c < std::uint64_t{1} << P_CodeBits; ++c) {
    char text[32];
    std::snprintf(text, sizeof text, "%llx\n", static_cast<unsigned long long>(entry(c)));
    file << text;
  }
  return true;
}();

struct Word {
  std::vector<std::uint64_t> lanes;
  bool last = false;
};

void run_words(Vdut& d, int words, int in_percent, int out_percent) {
  bool there = false, offered = false;
  Word now, held;
  int taken = 0, got = 0;
  while (got < words) {
    if (!there && taken < words && chance(in_percent)) {
      there = true;
      now.lanes.clear();
      for (int l = 0; l < P_Lanes; ++l) now.lanes.push_back(channel(P_InBits));
      now.last = chance(30);
    }
    d.s_valid_i = there;
    d.s_last_i = there ? now.last : chance(50);
    for (int l = 0; l < P_Lanes; ++l)
      put(d.s_data_i, l * P_InBits, P_InBits, there ? now.lanes[static_cast<std::size_t>(l)] : random_bits(P_InBits));
    d.m_ready_i = chance(out_percent);
    settle(d);
    const bool ready = !offered || d.m_ready_i, take = there && ready;
    CHECK_EQ(d.s_ready_o, ready);
    CHECK_EQ(d.m_valid_o, offered);
    if (offered) {
      for (int l = 0; l < P_Lanes; ++l)
        CHECK_EQ(get(d.m_data_o, l * P_OutBits, P_OutBits), entry(held.lanes[static_cast<std::size_t>(l)] & mask(P_CodeBits)));
      CHECK_EQ(d.m_last_o, held.last);
      got += d.m_ready_i;
    }
    if (ready) {
      offered = take;
      if (take) {
        held = now;
        there = false;
        ++taken;
      }
    }
    tick(d);
  }
}

void test(Vdut& d) {
  passes_through = true;
  CHECK_EQ(written, true);
  d.s_valid_i = 0;
  d.m_ready_i = 0;
  reset(d);
  run_words(d, 3000, 100, 100);
  for (int i = 0; i < 10; ++i) run_words(d, 1000, static_cast<int>(pick(20, 100)), static_cast<int>(pick(20, 100)));
}

}  // namespace

int main() { return RUN(test); }
