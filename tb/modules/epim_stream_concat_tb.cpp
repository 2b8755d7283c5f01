// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Words of all operands in turn, each requantised as its operand asks; ready and valid of every cycle against the rules of
/// docs/chip.md; tlast; operands that end too early, too late, or inside a place.
#include "Vdut.h"
#include "requantise.hpp"

using namespace bench;

namespace {

constexpr int kN = P_Operands;

int words_of(int k) { return static_cast<int>(field(P_Words, k, P_CountBits)); }

struct Result {
  std::vector<std::int64_t> lanes;
  bool last;
};

/// `places` per map; `wrong`: the operand whose tlast is wrong once, or -1. Returns the errors seen.
int run_maps(Vdut& d, int maps, int places, int in_percent, int out_percent, int wrong = -1) {
  Stages stages;
  for (int k = 0; k < kN; ++k)
    stages.registers = stages.registers || field(P_Mul, k, P_MulBits) != 1 || field(P_Shift, k, 6) != 0;
  int turn = 0, word = 0, place = 0, map = 0, errors = 0;
  std::vector<std::uint64_t> x(P_Lanes);
  bool there = false;
  const bool inside = wrong >= 0 && words_of(wrong) > 1 && chance(50);  // ends before the last word of the place
  std::deque<Result> expected;
  while (map < maps || !expected.empty()) {
    const bool end = word + 1 == words_of(turn);
    bool last = end && place + 1 == places;
    if (turn == wrong && map == 0 && place == 0) last = inside ? !end : end && places > 1;
    if (!there && map < maps && chance(in_percent)) {
      there = true;
      for (auto& v : x) v = channel(P_InBits);
    }
    // The other operands offer noise, which must not be taken.
    std::vector<bool> offers(kN);
    for (int k = 0; k < kN; ++k) {
      offers[static_cast<std::size_t>(k)] = k == turn ? there : chance(50);
      put(d.s_valid_i, k, 1, offers[static_cast<std::size_t>(k)]);
      put(d.s_last_i, k, 1, k == turn && there ? last : chance(50));
      for (int l = 0; l < P_Lanes; ++l)
        put(d.s_data_i, (k * P_Lanes + l) * P_InBits, P_InBits, k == turn && there ? x[static_cast<std::size_t>(l)] : random_bits(P_InBits));
    }
    d.m_ready_i = chance(out_percent);
    settle(d);
    const bool go = stages.go(d.m_ready_i), take = there && go;
    for (int k = 0; k < kN; ++k) CHECK_EQ(get(d.s_ready_o, k, 1), k == turn && go);
    if (wrong < 0) CHECK_EQ(d.err_length_o, 0);
    errors += d.err_length_o;
    if (take) {
      Result r{{}, turn == kN - 1 && end && last};
      for (int l = 0; l < P_Lanes; ++l) {
        const std::uint64_t raw = x[static_cast<std::size_t>(l)];
        const std::int64_t v = field(P_Signed, turn, 1) ? sign_extend(raw, P_InBits) : static_cast<std::int64_t>(raw);
        r.lanes.push_back(requantised(Wide{v - signed_field(P_Zero, turn, P_ZeroBits)} * static_cast<Wide>(field(P_Mul, turn, P_MulBits)),
                                      static_cast<int>(field(P_Shift, turn, 6)), P_ZeroOut, P_Lo, P_Hi));
      }
      expected.push_back(r);
      there = false;
      if (++word == words_of(turn)) {
        word = 0;
        if (++turn == kN) {
          turn = 0;
          if (++place == places) {
            place = 0;
            ++map;
          }
        }
      }
    }
    if (!CHECK_EQ(d.m_valid_o, stages.registers ? stages.offered : take || (there || offers[static_cast<std::size_t>(turn)]))) return errors;
    if (d.m_valid_o && (stages.registers || take)) {
      const Result& r = expected.front();
      for (int l = 0; l < P_Lanes; ++l) CHECK_EQ(code(d.m_data_o, l * P_OutBits, P_OutBits, P_Lo), r.lanes[static_cast<std::size_t>(l)]);
      CHECK_EQ(d.m_last_o, r.last);
      if (d.m_ready_i) expected.pop_front();
    }
    stages.cycle(take, d.m_ready_i);
    tick(d);
  }
  d.s_valid_i = 0;
  return errors;
}

void test(Vdut& d) {
  passes_through = true;
  d.s_valid_i = 0;
  d.m_ready_i = 0;
  reset(d);
  run_maps(d, 20, 30, 100, 100);
  for (int i = 0; i < 10; ++i)
    run_maps(d, 10, static_cast<int>(pick(1, 40)), static_cast<int>(pick(20, 100)), static_cast<int>(pick(20, 100)));
  for (int i = 0; i < 20; ++i) {
    const int wrong = static_cast<int>(pick(kN > 1 ? 1 : 0, kN - 1));
    // A tlast that is in order would be no error: operand 0 alone decides where a map ends.
    const int errors = run_maps(d, 2, 3, 80, 80, wrong);
    if (kN > 1 || words_of(0) > 1) CHECK_EQ(errors > 0, true);
    d.s_valid_i = 0;
    d.rst_ni = 0;
    tick(d);
    d.rst_ni = 1;
    tick(d);
  }
}

}  // namespace

int main() { return RUN(test); }
