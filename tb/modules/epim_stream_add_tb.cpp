// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Requantised sums of random and extreme operands, every word once and in order; ready and valid of every cycle against
/// the rules of docs/chip.md; tlast, operands whose tlast differ; stability while a word waits.
#include "Vdut.h"
#include "requantise.hpp"

using namespace bench;

namespace {

constexpr int kN = P_Operands;

struct Result {
  std::vector<std::int64_t> lanes;
  bool last;
};

void run_words(Vdut& d, int words, int in_percent, int out_percent) {
  Stages stages;
  for (int k = 0; k < kN; ++k) stages.registers = stages.registers || field(P_Mul, k, P_MulBits) != 1 || P_Shift != 0;
  std::vector<std::vector<std::uint64_t>> x(kN, std::vector<std::uint64_t>(P_Lanes));
  std::vector<bool> there(kN, false), last(kN, false);
  std::deque<Result> expected;
  int got = 0, taken = 0;
  while (got < words) {
    for (int k = 0; k < kN; ++k) {
      const auto n = static_cast<std::size_t>(k);
      if (!there[n] && taken < words && chance(in_percent)) {
        there[n] = true;
        last[n] = chance(k == 0 ? 30 : 80) ? chance(50) : bool{last[0]};
        for (auto& v : x[n]) v = channel(P_InBits);
      }
      for (int l = 0; l < P_Lanes; ++l)
        put(d.s_data_i, (k * P_Lanes + l) * P_InBits, P_InBits, there[n] ? x[n][static_cast<std::size_t>(l)] : random_bits(P_InBits));
      put(d.s_valid_i, k, 1, there[n]);
      put(d.s_last_i, k, 1, there[n] ? bool{last[n]} : chance(50));
    }
    d.m_ready_i = chance(out_percent);
    settle(d);
    const bool all = std::all_of(there.begin(), there.end(), [](bool b) { return b; });
    const bool take = all && stages.go(d.m_ready_i);
    for (int k = 0; k < kN; ++k) CHECK_EQ(get(d.s_ready_o, k, 1) && there[static_cast<std::size_t>(k)], take);
    const bool differ = std::any_of(last.begin(), last.end(), [&](bool b) { return b != last[0]; });
    CHECK_EQ(d.err_length_o, take && differ);
    if (take) {
      Result r{{}, last[0]};
      for (int l = 0; l < P_Lanes; ++l) {
        Wide sum = 0;
        for (int k = 0; k < kN; ++k) {
          const std::uint64_t raw = x[static_cast<std::size_t>(k)][static_cast<std::size_t>(l)];
          const std::int64_t v = field(P_Signed, k, 1) ? sign_extend(raw, P_InBits) : static_cast<std::int64_t>(raw);
          sum += Wide{v - signed_field(P_Zero, k, P_ZeroBits)} * static_cast<Wide>(field(P_Mul, k, P_MulBits));
        }
        r.lanes.push_back(requantised(sum, P_Shift, P_ZeroOut, P_Lo, P_Hi));
      }
      expected.push_back(r);
      ++taken;
      std::fill(there.begin(), there.end(), false);
    }
    if (!CHECK_EQ(d.m_valid_o, stages.valid(all))) return;
    if (d.m_valid_o && (stages.registers || take)) {
      const Result& r = expected.front();
      for (int l = 0; l < P_Lanes; ++l) CHECK_EQ(code(d.m_data_o, l * P_OutBits, P_OutBits, P_Lo), r.lanes[static_cast<std::size_t>(l)]);
      CHECK_EQ(d.m_last_o, r.last);
      if (d.m_ready_i) {
        expected.pop_front();
        ++got;
      }
    }
    stages.cycle(take, d.m_ready_i);
    tick(d);
  }
  CHECK_EQ(expected.size(), 0);
}

void test(Vdut& d) {
  passes_through = true;
  d.s_valid_i = 0;
  d.m_ready_i = 0;
  reset(d);
  run_words(d, 2000, 100, 100);
  for (int i = 0; i < 10; ++i) run_words(d, 1000, static_cast<int>(pick(20, 100)), static_cast<int>(pick(20, 100)));
}

}  // namespace

int main() { return RUN(test); }
