// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Word lines of random patches: the driven levels add up to the activations, unnamed lines are zero, row sums.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kXbRows = P_XbRows, kPeRows = P_PeRows, kLanes = P_Lanes, kBits = P_ActBits, kDac = P_DacBits;
constexpr bool kSigned = P_ActSigned, kZero = P_ZeroPoint;
constexpr int kRows = kXbRows * kPeRows, kGroups = kXbRows / kLanes;

#ifdef P_RowsPerRead
constexpr int kRead = P_RowsPerRead;
#else
constexpr int kRead = kXbRows;
#endif
constexpr int kReads = kXbRows / kRead;
std::set<int> named[2];  // word lines of the patch in each bank

// Format of the layer that runs.
int bits = kBits;
bool is_signed = kSigned;

int steps() { return is_signed ? ceil_div(bits - 1, kDac) + 1 : ceil_div(bits, kDac); }

using Lines = std::vector<std::int64_t>;  // activation of every word line

void check_bank(Vdut& d, int bank, const Lines& lines) {
  for (int g = 0; g < kReads; ++g) {
    bool read = kReads == 1;
    for (const int r : named[bank]) read = read || r % kXbRows / kRead == g;
    CHECK_EQ(get(d.row_groups_o, bank * kReads + g, 1), read);
  }
  const int sum_bits = kBits + 1 + number_bits(kXbRows);
  d.bank_i = static_cast<std::uint32_t>(bank);
  Lines seen(kRows, 0);
  for (int b = 0; b < steps(); ++b) {
    // Most significant step first; of signed activations the sign bit is a step of its own.
    const bool sign = is_signed && b == 0;
    const int first_bit = sign ? bits - 1 : (steps() - 1 - b) * kDac;
    d.step_i = static_cast<std::uint32_t>(steps() - 1 - b);
    d.sign_i = sign;
    settle(d);
    for (int r = 0; r < kRows; ++r) {
      std::int64_t level = 0;
      for (int digit = 0; digit < kDac; ++digit)
        level += static_cast<std::int64_t>(get(d.wl_o, digit * kRows + r, 1)) << digit;
      if (sign) CHECK(level <= 1);
      seen[static_cast<std::size_t>(r)] += (sign ? -level : level) * (std::int64_t{1} << first_bit);
    }
  }
  for (int r = 0; r < kRows; ++r)
    if (!CHECK_EQ(seen[static_cast<std::size_t>(r)], lines[static_cast<std::size_t>(r)]) && failures <= 20)
      std::printf("  word line %d of bank %d\n", r, bank);
  for (int t = 0; t < kPeRows && kZero; ++t) {
    std::int64_t sum = 0;
    for (int r = 0; r < kXbRows; ++r) sum += lines[static_cast<std::size_t>(t * kXbRows + r)];
    CHECK_EQ(get_signed(d.sum_o, t * sum_bits, sum_bits), sum);
  }
}

void run_format(Vdut& d) {
  d.cfg_bits_i = static_cast<std::uint32_t>(bits);
  d.cfg_signed_i = is_signed;
  d.we_i = 0;
  d.first_i = 0;
  d.bank_i = 0;
  d.step_i = 0;
  reset(d);
  Lines banks[2] = {Lines(kRows, 0), Lines(kRows, 0)};
  named[0].clear();
  named[1].clear();
  check_bank(d, 0, banks[0]);  // after reset no word line is named
  check_bank(d, 1, banks[1]);
  std::vector<int> order(kPeRows * kGroups);
  for (int patch = 0; patch < 60; ++patch) {
    const int bank = chance(80) ? patch % 2 : static_cast<int>(pick(0, 1));
    for (std::size_t g = 0; g < order.size(); ++g) order[g] = static_cast<int>(g);
    std::shuffle(order.begin(), order.end(), engine);
    const int words = chance(15) ? static_cast<int>(order.size())
                                 : static_cast<int>(pick(1, static_cast<std::int64_t>(order.size())));
    const bool extreme = chance(15);
    for (int n = 0; n < words; ++n) {
      if (n == 0) {
        banks[bank].assign(kRows, 0);
        named[bank].clear();
      }
      const int pe_row = order[static_cast<std::size_t>(n)] / kGroups,
                group = order[static_cast<std::size_t>(n)] % kGroups;
      d.we_i = 1;
      d.first_i = n == 0;
      d.wbank_i = static_cast<std::uint32_t>(bank);
      d.pe_row_i = static_cast<std::uint32_t>(pe_row);
      d.group_i = static_cast<std::uint32_t>(group);
      for (int l = 0; l < kLanes; ++l) {
        const std::uint64_t code = extreme ? (is_signed ? std::uint64_t{1} << (bits - 1) : mask(bits)) : random_bits(bits);
        const std::int64_t value = is_signed ? sign_extend(code, bits) : static_cast<std::int64_t>(code);
        put(d.data_i, l * kBits, kBits, static_cast<std::uint64_t>(value) & mask(kBits));
        banks[bank][static_cast<std::size_t>(pe_row * kXbRows + group * kLanes + l)] = value;
        named[bank].insert(pe_row * kXbRows + group * kLanes + l);
      }
      d.bank_i = static_cast<std::uint32_t>(pick(0, 1));
      tick(d);
      d.we_i = 0;
      d.first_i = static_cast<std::uint32_t>(pick(0, 1));  // means nothing without we_i
      if (chance(20)) tick(d);
      // A word written in one cycle is on the word lines in the next; the other bank keeps firing what it held.
      if (chance(25)) check_bank(d, bank, banks[bank]);
      if (chance(10)) check_bank(d, 1 - bank, banks[1 - bank]);
    }
    check_bank(d, bank, banks[bank]);
  }
}

void test(Vdut& d) {
  run_format(d);
  for (int n = 0; n < 6; ++n) {
    is_signed = kSigned && chance(50);
    bits = static_cast<int>(pick(is_signed ? 2 : 1, kBits));
    run_format(d);
  }
}

}  // namespace

int main() { return RUN(test); }
