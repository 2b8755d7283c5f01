// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// code = min(sum of x[r] * G[r][c][s], 2^AdcBits - 1) of random cells and levels; counts; programming; stalls. With fraction bits,
/// trims, noise or a step the codes of ADCs that are not ideal.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kRows = P_XbRows, kCols = P_XbCols, kCell = P_CellBits, kSlices = P_Slices, kDac = P_DacBits;
constexpr int kAdc = P_AdcBits, kAdcs = P_Adcs;
int csteps() { return ceil_div(kCols, kAdcs); }
#ifdef P_AdcStages
constexpr int kStages = P_AdcStages;
#else
constexpr int kStages = 1;
#endif
#ifdef P_FractionBits
constexpr int kFraction = P_FractionBits;
#else
constexpr int kFraction = 0;
#endif
#ifdef P_Trims
constexpr bool kTrims = P_Trims;
#else
constexpr bool kTrims = false;
#endif
#ifdef P_ReadNoise
constexpr bool kNoise = P_ReadNoise;
#else
constexpr bool kNoise = false;
#endif
#ifdef P_AdcStep
constexpr int kAdcStep = P_AdcStep;
#else
constexpr int kAdcStep = 0;
#endif
#ifdef P_Parity
constexpr bool kParity = P_Parity;
#else
constexpr bool kParity = false;
#endif
constexpr int kWord = kCell + kFraction;
std::set<int> wrong_columns;  ///< that hold a word with a wrong bit
int chunks() { return ceil_div(kRows, 64); }

/// G[column][slice][polarity][row].
using Cells = std::vector<std::vector<std::vector<std::vector<int>>>>;

/// Chunk of one bit plane; bits of rows that do not exist are random.
std::uint64_t chunk_of(const Cells& g, int column, int plane, int chunk) {
  const int slice = plane / kWord / 2, negative = plane / kWord % 2, bit = plane % kWord;
  std::uint64_t word = 0;
  for (int i = 0; i < 64; ++i) {
    const int row = chunk * 64 + i;
    const bool exists = row < kRows && column < kCols;
    const int value = exists ? g[static_cast<std::size_t>(column)][static_cast<std::size_t>(slice)]
                                [static_cast<std::size_t>(negative)][static_cast<std::size_t>(row)] >>
                                       bit &
                                   1
                             : static_cast<int>(random_bits(1));
    word |= static_cast<std::uint64_t>(value) << i;
  }
  return word;
}

Cells random_cells(int density) {
  Cells g(kCols);
  for (auto& column : g) {
    column.resize(kSlices);
    for (auto& slice : column) {
      slice.resize(2);
      const int percent = chance(10) ? 0 : chance(10) ? 100 : density;
      for (auto& polarity : slice)
        for (int r = 0; r < kRows; ++r) polarity.push_back(chance(percent) ? static_cast<int>(random_bits(kWord)) : 0);
    }
  }
  return g;
}

/// In random order: a word stored a second time under another address is then overwritten only half the time. With `flips` some words
/// get a wrong bit, in `g` too.
void program(Vdut& d, Cells& g, bool flips) {
  wrong_columns.clear();
  const int lane_bits = index_bits(kAdcs), plane_bits = index_bits(2 * kSlices * kWord),
            chunk_bits = index_bits(chunks()), planes = 2 * kSlices * kWord;
  std::vector<int> order(static_cast<std::size_t>(csteps() * kAdcs * planes * chunks()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<int>(i);
    std::swap(order[i], order[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(i)))]);
  }
  for (const int at : order) {
    const int chunk = at % chunks(), plane = at / chunks() % planes, column = at / chunks() / planes;
    const int step = column / kAdcs, lane = column % kAdcs;
    d.prog_addr_i =
        static_cast<std::uint32_t>((((step << lane_bits | lane) << plane_bits | plane) << chunk_bits) | chunk);
    d.prog_data_i = chunk_of(g, column, plane, chunk);
    d.prog_flip_i = flips && chance(2);
    if (d.prog_flip_i) {
      wrong_columns.insert(column);
      if (column < kCols)
        g[static_cast<std::size_t>(column)][static_cast<std::size_t>(plane / kWord / 2)][static_cast<std::size_t>(plane / kWord % 2)]
         [static_cast<std::size_t>(chunk * 64)] ^= 1 << plane % kWord;
    }
    d.prog_we_i = 1;
    tick(d);
    d.prog_we_i = 0;
    d.prog_flip_i = kParity && chance(50);
    d.prog_data_i = random_bits(64);  // not written
    if (chance(5)) tick(d);
  }
}

/// One ADC as the block's description has it.
struct Adc {
  std::uint32_t gain = 1, amplitude = 0, seed = 0, state = 0;
  std::int32_t offset = 0;
  static std::uint32_t stepped(std::uint32_t x) {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
  }
  std::int64_t noise() const {
    std::int64_t fields = 0;
    for (int i = 0; i < 4; ++i) fields += static_cast<std::int8_t>(state >> (8 * i));
    return (fields * amplitude) >> 6;
  }
};

std::vector<Adc> random_adcs(Vdut& d) {
  std::vector<Adc> adcs(static_cast<std::size_t>(kAdcs * kSlices * 2));
  for (std::size_t i = 0; kTrims && i < adcs.size(); ++i) {
    Adc& a = adcs[i];
    a.gain = static_cast<std::uint32_t>(chance(50) ? pick(3500, 4700) : pick(0, (1 << 14) - 1));
    a.offset = static_cast<std::int32_t>(pick(-(4 << (12 + kFraction)), 4 << (12 + kFraction)));
    if (chance(5)) a.offset = chance(50) ? (1 << 27) - 1 : -(1 << 27);
    a.amplitude = kNoise ? static_cast<std::uint32_t>(chance(10) ? (1 << 22) - 1 : pick(0, 4000 << kFraction)) : 0;
    a.seed = chance(10) ? 0 : static_cast<std::uint32_t>(random_bits(32));
    for (const int word : {1, 0}) {
      d.prog_addr_i = static_cast<std::uint32_t>(2 * i + static_cast<std::size_t>(word));
      d.prog_data_i = word == 1 ? random_bits(32) << 32 | a.seed
                                : static_cast<std::uint64_t>(a.offset & 0xfffffff) << 36 | static_cast<std::uint64_t>(a.amplitude) << 14 | a.gain;
      d.trim_we_i = 1;
      tick(d);
      d.trim_we_i = 0;
      d.prog_data_i = random_bits(64);
    }
  }
  return adcs;
}

struct Step {
  bool fire = false;
  std::map<int, std::int64_t> codes;  // by position in code_o
  std::int64_t reads = 0, zeros = 0, saturated = 0;
};

void fire(Vdut& d, const Cells& g, std::vector<Adc> adcs, int activations) {
  bool begun = false;  // a first frame
  std::deque<Step> pipeline;  // steps of the last cycles in which the array advanced
  pipeline.resize(1 + kStages);
  int step = 0, left = 0;
  std::uint64_t selected = 0;
  while (activations > 0 || left > 0) {
    d.fire_i = 0;
    d.load_i = static_cast<std::uint32_t>(pick(0, 1));
    if (left == 0 && activations > 0 && chance(80)) {
      --activations;
      left = static_cast<int>(pick(1, 5));
      step = static_cast<int>(pick(0, csteps() - 1));
      do selected = random_bits(kAdcs);
      while (selected == 0);
      for (int l = 0; l < kAdcs; ++l)
        if (step * kAdcs + l >= kCols) selected &= ~(std::uint64_t{1} << l);
      d.fire_i = 1;
      d.load_i = 1;
    } else if (left > 0 && chance(90)) {
      d.fire_i = 1;
      d.load_i = 0;
    }
    // The column step matters in the first input step only: the column is held.
    d.cstep_i = static_cast<std::uint32_t>(d.load_i ? step : pick(0, csteps() - 1));
    d.sel_i = 0;
    put(d.sel_i, 0, kAdcs, d.fire_i ? selected : random_bits(kAdcs));
    const int density = chance(10) ? 0 : chance(10) ? 100 : static_cast<int>(pick(1, 100));
    std::vector<int> x(kRows);
    for (int r = 0; r < kRows; ++r) {
      x[static_cast<std::size_t>(r)] = density == 100    ? (1 << kDac) - 1
                                       : chance(density) ? static_cast<int>(random_bits(kDac))
                                                         : 0;
      for (int digit = 0; digit < kDac; ++digit)
        put(d.wl_i, digit * kRows + r, 1, static_cast<std::uint64_t>(x[static_cast<std::size_t>(r)] >> digit & 1));
    }
    Step s;
    s.fire = d.fire_i;
    d.frame_i = s.fire ? !begun || chance(5) : chance(50);
    d.frame_offset_i = static_cast<std::uint32_t>(chance(20) ? 0 : random_bits(32));
    if (s.fire && d.frame_i) {
      begun = true;
      for (Adc& a : adcs) a.state = a.seed + d.frame_offset_i == 0 ? 1 : a.seed + d.frame_offset_i;
    }
    if (s.fire) {
      --left;
      for (int l = 0; l < kAdcs; ++l) {
        if (!(selected >> l & 1)) continue;
        for (int slice = 0; slice < kSlices; ++slice)
          for (int negative = 0; negative < 2; ++negative) {
            std::int64_t sum = 0;
            for (int r = 0; r < kRows; ++r)
              sum += x[static_cast<std::size_t>(r)] *
                     g[static_cast<std::size_t>(step * kAdcs + l)][static_cast<std::size_t>(slice)]
                      [static_cast<std::size_t>(negative)][static_cast<std::size_t>(r)];
            const std::int64_t most = static_cast<std::int64_t>(mask(kAdc));
            const int position = (l * kSlices + slice) * 2 + negative;
            Adc& a = adcs[static_cast<std::size_t>(position)];
            if (kNoise) a.state = Adc::stepped(a.state);
            constexpr int below = kFraction + (kTrims ? 12 : 0) + kAdcStep;
            const std::int64_t half = below > 0 ? std::int64_t{1} << (below - 1) : 0;
            const std::int64_t code = (sum * a.gain + a.offset + (kNoise ? a.noise() : 0) + half) >> below;
            s.codes[position] = std::clamp<std::int64_t>(code, 0, most);
            s.reads += sum >> kFraction;
            s.zeros += sum == 0;
            s.saturated += code > most;
          }
      }
    }
    const auto check = [&](const Step& out) {
      if (!out.fire) return;
      for (const auto& [position, code] : out.codes)
        if (!CHECK_EQ(get(d.code_o, position * kAdc, kAdc), code) && failures <= 20)
          std::printf("  conversion %d\n", position);
      CHECK_EQ(d.cell_reads_o, P_Count ? out.reads : 0);
      CHECK_EQ(d.adc_zero_o, P_Count ? out.zeros : 0);
      CHECK_EQ(d.adc_saturated_o, P_Count ? out.saturated : 0);
    };
    // Stalls: the inputs stay, nothing moves.
    d.en_i = 0;
    while (chance(15)) {
      tick(d);
      check(pipeline.front());
      CHECK_EQ(d.err_o, 0);
    }
    d.en_i = 1;
    bool wrong = false;
    for (int l = 0; l < kAdcs; ++l) wrong = wrong || (d.fire_i && d.load_i && (selected >> l & 1) && wrong_columns.count(step * kAdcs + l));
    tick(d);
    CHECK_EQ(d.err_o, wrong);
    pipeline.push_back(s);
    pipeline.pop_front();
    check(pipeline.front());
  }
  d.fire_i = 0;
  d.en_i = 0;
}

#ifdef P_InitFile
/// One chunk per line: column step, lane, plane, chunk, the last one fastest, without gaps.
Cells write_image() {
  const Cells g = random_cells(50);
  std::FILE* f = std::fopen(P_InitFile, "w");
  for (int column = 0; column < csteps() * kAdcs; ++column)
    for (int plane = 0; plane < 2 * kSlices * kWord; ++plane)
      for (int chunk = 0; chunk < chunks(); ++chunk)
        std::fprintf(f, "%016" PRIx64 "\n", chunk_of(g, column, plane, chunk));
  std::fclose(f);
  return g;
}
#endif

void test(Vdut& d) {
#ifdef P_InitFile
  const Cells image = write_image();
#endif
  d.en_i = 0;
  d.fire_i = 0;
  d.prog_we_i = 0;
  d.trim_we_i = 0;
  d.prog_flip_i = 0;
  reset(d);
#ifdef P_InitFile
  fire(d, image, random_adcs(d), 150);
#endif
  for (const int density : {50, 90, 10}) {
    Cells g = random_cells(density);
    program(d, g, kParity && density != 50);
    fire(d, g, random_adcs(d), 150);
  }
}

}  // namespace

int main() { return RUN(test); }
