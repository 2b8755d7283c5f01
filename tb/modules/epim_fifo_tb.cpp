// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Order and content of words, exact ready and valid in every cycle, stability while a word waits, any depth.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

void one(Vdut& d, int cycles, int in_percent, int out_percent) {
  std::deque<std::uint64_t> words;
  std::uint64_t offered = 0;
  bool offering = false;
  for (int i = 0; i < cycles; ++i) {
    if (!offering && chance(in_percent)) {
      offering = true;
      offered = random_bits(P_Width);
    }
    d.s_valid_i = offering;
    put(d.s_data_i, 0, P_Width, offering ? offered : random_bits(P_Width));
    d.m_ready_i = chance(out_percent);
    settle(d);
    // Ready does not look at this cycle's pop, valid not at this cycle's push.
    CHECK_EQ(d.s_ready_o, words.size() < P_Depth);
    CHECK_EQ(d.m_valid_o, !words.empty());
    CHECK_EQ(d.count_o, words.size());
    if (!words.empty()) CHECK_EQ(get(d.m_data_o, 0, P_Width), words.front());
    // No combinational path from the other side.
    const auto ready = d.s_ready_o, valid = d.m_valid_o;
    d.m_ready_i = !d.m_ready_i;
    d.s_valid_i = !d.s_valid_i;
    settle(d);
    CHECK_EQ(d.s_ready_o, ready);
    CHECK_EQ(d.m_valid_o, valid);
    d.m_ready_i = !d.m_ready_i;
    d.s_valid_i = !d.s_valid_i;
    settle(d);
    const bool pop = d.m_valid_o && d.m_ready_i, push = offering && d.s_ready_o;
    if (pop) words.pop_front();
    if (push) {
      words.push_back(offered);
      offering = false;
    }
    tick(d);
  }
  // Empty it for the next run.
  d.s_valid_i = 0;
  d.m_ready_i = 1;
  while (!words.empty()) {
    settle(d);
    CHECK_EQ(get(d.m_data_o, 0, P_Width), words.front());
    words.pop_front();
    tick(d);
  }
}

void test(Vdut& d) {
  d.s_valid_i = 0;
  d.m_ready_i = 0;
  reset(d);
  one(d, 20 * P_Depth + 20, 100, 0);   // fills and stays full
  one(d, 20 * P_Depth + 20, 100, 100);
  for (int i = 0; i < 100; ++i) one(d, static_cast<int>(pick(1, 20 * P_Depth + 20)), static_cast<int>(pick(5, 100)), static_cast<int>(pick(0, 100)));
}

}  // namespace

int main() { return RUN(test); }
