// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rows of all copies in turn: ready and valid of every cycle, order of the words over several maps, tlast; copies that end too
/// early or too late.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kCopies = P_Copies, kRows = P_Rows, kWords = P_RowWords;

/// `wrong`: the word of the first map, in its order, whose tlast is inverted, or -1. Returns the errors seen.
int run_maps(Vdut& d, int maps, int in_percent, int out_percent, std::int64_t wrong = -1) {
  const std::int64_t map_words = std::int64_t{kRows} * kWords;
  int errors = 0;
  std::int64_t n = 0;  // words that came out
  std::vector<bool> there(kCopies, false);
  std::vector<std::vector<std::uint64_t>> x(kCopies, std::vector<std::uint64_t>((P_Width + 63) / 64));
  while (n < maps * map_words) {
    const std::int64_t at = n % map_words, row = at / kWords;
    const auto turn = static_cast<std::size_t>(row % kCopies);
    const bool ends = at % kWords == kWords - 1 && row + kCopies >= kRows;
    for (std::size_t k = 0; k < kCopies; ++k) {
      const bool comes = !there[k] && chance(in_percent);
      there[k] = there[k] || comes;
      for (std::size_t i = 0; comes && i < x[k].size(); ++i) x[k][i] = random_bits(std::min(64, P_Width - 64 * static_cast<int>(i)));
      put(d.s_valid_i, static_cast<int>(k), 1, there[k]);
      // The others may say what they like.
      put(d.s_last_i, static_cast<int>(k), 1, k == turn && there[k] ? ends != (n == wrong) : chance(50));
      for (std::size_t i = 0; i < x[k].size(); ++i) {
        const int bits = std::min(64, P_Width - 64 * static_cast<int>(i));
        put(d.s_data_i, static_cast<int>(k) * P_Width + 64 * static_cast<int>(i), bits, there[k] ? x[k][i] : random_bits(bits));
      }
    }
    d.m_ready_i = chance(out_percent);
    settle(d);
    for (std::size_t k = 0; k < kCopies; ++k) CHECK_EQ(get(d.s_ready_o, static_cast<int>(k), 1), d.m_ready_i && k == turn);
    if (!CHECK_EQ(d.m_valid_o, there[turn])) return errors;
    if (d.m_valid_o) {
      for (std::size_t i = 0; i < x[turn].size(); ++i)
        CHECK_EQ(get(d.m_data_o, 64 * static_cast<int>(i), std::min(64, P_Width - 64 * static_cast<int>(i))), x[turn][i]);
      CHECK_EQ(d.m_last_o, at + 1 == map_words);
    }
    const bool take = there[turn] && d.m_ready_i;
    CHECK_EQ(d.err_length_o, take && n == wrong);
    errors += d.err_length_o;
    if (take) {
      there[turn] = false;
      ++n;
    }
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
  run_maps(d, 20, 100, 100);
  for (int i = 0; i < 20; ++i) run_maps(d, 6, static_cast<int>(pick(20, 100)), static_cast<int>(pick(20, 100)));
  // A wrong end is told once, and all words keep their order.
  for (int i = 0; i < 20; ++i) CHECK_EQ(run_maps(d, 2, 80, 80, pick(0, kRows * kWords - 1)), 1);
}

}  // namespace

int main() { return RUN(test); }
