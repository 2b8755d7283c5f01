// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Psums and scaled products of random weights and activations against the equations, with stalls.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kRows = P_XbRows, kCols = P_XbCols, kCell = P_CellBits, kSlices = P_Slices, kAct = P_ActBits;
constexpr int kDac = P_DacBits, kAdc = P_AdcBits, kAdcs = P_Adcs, kJoint = P_JointLanes, kScale = P_ScaleBits;
constexpr int kZeroBits = P_ZeroBits, kSum = P_SumW;
constexpr bool kZero = P_ZeroPoint;
#ifdef P_RowsPerRead
constexpr int kRead = P_RowsPerRead;
#else
constexpr int kRead = kRows;
#endif
#ifdef P_AdcStages
constexpr int kStages = P_AdcStages;
#else
constexpr int kStages = 1;
#endif
constexpr int kReads = kRows / kRead;  // of an input step
#ifdef P_Rests
constexpr bool kRests = P_Rests;
#else
constexpr bool kRests = false;
#endif

// Format of the activations that are fired.
int live_bits = kAct;
bool live_signed = false;


int steps() { return live_signed ? ceil_div(live_bits - 1, kDac) + 1 : ceil_div(live_bits, kDac); }
int csteps() { return ceil_div(kCols, kAdcs); }
int groups() { return ceil_div(kAdcs, kJoint); }
int psum_bits() { return 1 + number_bits(kRows) + kSlices * kCell + kAct; }
int zeroed_bits() { return kZero ? std::max(psum_bits(), kZeroBits + kSum) + 1 : psum_bits(); }
int product_bits() { return zeroed_bits() + kScale; }

/// Magnitude of the weights by polarity: G[negative][column][row], all slices in one number.
std::vector<std::vector<std::int64_t>> weights[2];

void program(Vdut& d) {
  for (auto& polarity : weights) {
    polarity.assign(static_cast<std::size_t>(csteps() * kAdcs), std::vector<std::int64_t>(kRows, 0));
    for (auto& column : polarity) {
      const int density = chance(20) ? 100 : static_cast<int>(pick(0, 100));
      for (auto& w : column)
        w = chance(density) ? (density == 100 ? static_cast<std::int64_t>(mask(kSlices * kCell))
                                              : static_cast<std::int64_t>(random_bits(kSlices * kCell)))
                            : 0;
    }
  }
  const int chunks = ceil_div(kRows, 64), planes = 2 * kSlices * kCell;
  for (int column = 0; column < csteps() * kAdcs; ++column)
    for (int plane = 0; plane < planes; ++plane)
      for (int chunk = 0; chunk < chunks; ++chunk) {
        const int negative = plane / kCell % 2, bit = plane / kCell / 2 * kCell + plane % kCell;
        std::uint64_t word = 0;
        for (int i = 0; i < 64 && chunk * 64 + i < kRows; ++i)
          word |=
              static_cast<std::uint64_t>(
                  weights[negative][static_cast<std::size_t>(column)][static_cast<std::size_t>(chunk * 64 + i)] >> bit &
                  1)
              << i;
        std::uint32_t address = static_cast<std::uint32_t>(column / kAdcs);
        address = address << index_bits(kAdcs) | static_cast<std::uint32_t>(column % kAdcs);
        address = address << index_bits(planes) | static_cast<std::uint32_t>(plane);
        address = address << index_bits(chunks) | static_cast<std::uint32_t>(chunk);
        d.prog_addr_i = address;
        d.prog_data_i = word;
        d.prog_cell_we_i = 1;
        tick(d);
      }
  d.prog_cell_we_i = 0;
}

/// Inputs of one cycle of the array, and what its outputs show then.
struct Slot {
  bool fire = false, load = false, active = true;
  int cstep = 0;
  std::uint64_t sel = 0;
  std::vector<std::int64_t> levels;
  std::int64_t sum = 0;
  bool acc_valid = false, acc_first = false, acc_step = false, acc_sign = false, acc_narrow = false, acc_last = false;
  int group = -1;
  std::map<int, std::int64_t> psums;     // by lane
  std::map<int, std::int64_t> products;  // by lane of the group
};

/// Σ_b sgn(b) * 2^first_bit(b) * Σ_reads Σ_s 2^(s*CellBits) * (ADC(positive) - ADC(negative)).
std::int64_t psum_of(const std::vector<std::int64_t>& x, int column) {
  std::int64_t psum = 0;
  const std::int64_t most = static_cast<std::int64_t>(mask(kAdc));
  for (int b = 0; b < steps(); ++b) {
    const bool sign = live_signed && b == 0;
    const int magnitude_bits = live_signed ? live_bits - 1 : live_bits;
    const int first = sign ? live_bits - 1 : (steps() - 1 - b) * kDac,
              digits = sign ? 1 : std::min(kDac, magnitude_bits - first);
    for (int s = 0; s < kSlices; ++s)
      for (int read = 0; read < 2 * kReads; ++read) {
        const int negative = read % 2, first_row = read / 2 * kRead;
        std::int64_t ideal = 0;
        for (int r = first_row; r < first_row + kRead; ++r)
          ideal += static_cast<std::int64_t>(static_cast<std::uint64_t>(x[static_cast<std::size_t>(r)]) >> first &
                                             mask(digits)) *
                   (weights[negative][static_cast<std::size_t>(column)][static_cast<std::size_t>(r)] >> (s * kCell) &
                    static_cast<std::int64_t>(mask(kCell)));
        const std::int64_t code = std::min(ideal, most);
        psum += (sign ? -1 : 1) * (negative ? -1 : 1) * (code << (first + s * kCell));
      }
  }
  return psum;
}

void fire(Vdut& d, int column_steps, std::int64_t scale, std::int64_t zero) {
  const int period = std::max(steps() * kReads, groups());
  std::vector<Slot> slots;
  const auto at = [&](std::size_t n) -> Slot& {
    if (slots.size() <= n) slots.resize(n + 1);
    return slots[n];
  };
  std::size_t f = 0;
  std::vector<std::int64_t> x(kRows);
  std::int64_t sum = 0;
  bool active = true;  // else the ADCs rest, and whatever the word lines do the psums are 0
  for (int n = 0; n < column_steps; ++n) {
    if (n == 0 || chance(30)) {  // a new patch, perhaps after a pause
      const int density = static_cast<int>(pick(0, 100)), extreme = chance(15);
      sum = 0;
      active = !kRests || chance(60);
      for (auto& v : x) {
        const std::uint64_t bits = extreme           ? (live_signed ? std::uint64_t{1} << (live_bits - 1) : mask(live_bits))
                                   : chance(density) ? random_bits(kAct)
                                                     : 0;
        v = live_signed ? sign_extend(bits, live_bits) : static_cast<std::int64_t>(bits);
        sum += v;
      }
      if (chance(40)) f += static_cast<std::size_t>(pick(1, 6));
    }
    const int step = static_cast<int>(pick(0, csteps() - 1));
    std::uint64_t selected = 0;
    for (int l = 0; l < kAdcs; ++l)
      if (step * kAdcs + l < kCols && chance(80)) selected |= std::uint64_t{1} << l;
    for (int n = 0; n < steps() * kReads; ++n) {
      const int b = n / kReads, read = n % kReads;
      Slot& s = at(f + static_cast<std::size_t>(n));
      s.fire = true;
      s.load = n == 0;
      s.active = active;
      s.cstep = step;
      s.sel = selected;
      s.sum = sum;
      const bool sign = live_signed && b == 0;
      const int magnitude_bits = live_signed ? live_bits - 1 : live_bits;
      const int first = sign ? live_bits - 1 : (steps() - 1 - b) * kDac,
                digits = sign ? 1 : std::min(kDac, magnitude_bits - first);
      for (int r = 0; r < kRows; ++r)
        s.levels.push_back(r / kRead != read ? 0
                                             : static_cast<std::int64_t>(static_cast<std::uint64_t>(x[static_cast<std::size_t>(r)]) >> first & mask(digits)));
      Slot& a = at(f + static_cast<std::size_t>(n) + 1 + kStages);
      a.acc_valid = true;
      a.acc_first = n == 0;
      a.acc_step = read == 0;
      a.acc_sign = sign;
      a.acc_narrow = live_signed && b == 1 && kDac == 2 && magnitude_bits % 2 == 1;
      a.acc_last = n == steps() * kReads - 1;
    }
    const std::size_t h = f + static_cast<std::size_t>(steps() * kReads) - 1 + 2 + kStages;
    for (int g = 0; g < groups(); ++g) {
      at(h + static_cast<std::size_t>(g)).group = g;
      for (int i = 0; i < kJoint; ++i) {
        const int lane = g * kJoint + i;
        if (lane >= kAdcs || !(selected >> lane & 1)) continue;
        const std::int64_t psum = active ? psum_of(x, step * kAdcs + lane) : 0;
        at(h).psums[lane] = psum;
        at(h + static_cast<std::size_t>(g) + 2).products[i] = scale * (psum + (kZero ? zero * sum : 0));
      }
    }
    f += static_cast<std::size_t>(period);
  }
  for (const Slot& s : slots) {
    d.fire_i = s.fire;
    d.load_i = s.load;
    d.active_i = s.fire ? s.active : static_cast<std::uint32_t>(pick(0, 1));
    d.cstep_i = static_cast<std::uint32_t>(s.fire ? s.cstep : pick(0, csteps() - 1));
    put(d.sel_i, 0, kAdcs, s.fire ? s.sel : random_bits(kAdcs));
    for (int r = 0; r < kRows; ++r)
      for (int digit = 0; digit < kDac; ++digit)
        put(d.wl_i, digit * kRows + r, 1,
            s.fire ? static_cast<std::uint64_t>(s.levels[static_cast<std::size_t>(r)] >> digit & 1) : random_bits(1));
    put(d.sum_i, 0, kSum, s.fire ? static_cast<std::uint64_t>(s.sum) : random_bits(kSum));
    d.acc_valid_i = s.acc_valid;
    d.acc_first_i = s.acc_valid ? s.acc_first : static_cast<std::uint32_t>(pick(0, 1));
    d.acc_step_i = s.acc_valid ? s.acc_step : static_cast<std::uint32_t>(pick(0, 1));
    d.acc_sign_i = s.acc_sign;
    d.acc_narrow_i = s.acc_narrow;
    d.acc_last_i = s.acc_valid ? s.acc_last : static_cast<std::uint32_t>(pick(0, 1));
    d.group_i = static_cast<std::uint32_t>(std::max(s.group, 0));
    const auto check = [&] {
      for (const auto& [lane, psum] : s.psums) CHECK_EQ(get_signed(d.psum_o, lane * psum_bits(), psum_bits()), psum);
      for (const auto& [lane, product] : s.products)
        CHECK_EQ(get_signed(d.prod_o, lane * product_bits(), product_bits()), product);
    };
    d.en_i = 0;
    while (chance(15)) {  // everything holds
      settle(d);
      check();
      tick(d);
    }
    d.en_i = 1;
    settle(d);
    check();
    tick(d);
  }
  d.fire_i = d.acc_valid_i = 0;
  d.en_i = 1;
  for (int i = 0; i < 4 + kStages; ++i) tick(d);
  d.en_i = 0;
}

void test(Vdut& d) {
  d.en_i = d.fire_i = d.acc_valid_i = d.prog_cell_we_i = d.prog_scale_we_i = 0;
  reset(d);
  program(d);
  fire(d, 30, P_ScaleInit, P_ZeroInit);  // M and Z at reset
  for (int i = 0; i < 5; ++i) {
    const std::int64_t scale =
        i == 1 ? static_cast<std::int64_t>(mask(kScale)) : static_cast<std::int64_t>(random_bits(kScale));
    const std::int64_t zero =
        i == 2 ? -static_cast<std::int64_t>(mask(kZeroBits - 1)) - 1 : sign_extend(random_bits(kZeroBits), kZeroBits);
    program(d);
    d.prog_data_i = (static_cast<std::uint64_t>(zero) & mask(kZeroBits)) << 32 | static_cast<std::uint64_t>(scale);
    d.prog_scale_we_i = 1;
    tick(d);
    d.prog_scale_we_i = 0;
    d.prog_data_i = random_bits(64);
    live_signed = kAct > 1 && i % 2 == 0;
    live_bits = i < 2 ? kAct : static_cast<int>(pick(live_signed ? 2 : 1, kAct));
    fire(d, 40, scale, zero);
  }
}

}  // namespace

int main() { return RUN(test); }
