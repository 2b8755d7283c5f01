// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The inner loops of FastLayer, once per instruction set. All versions give the same integers.
#pragma once
#include <cstdint>
#include <vector>

namespace epim::fast {

/// Columns of one tile of packed weights, and of one group of bit planes.
inline constexpr int tile_columns = 32, group_columns = 8;

/// One input step of one output position, on the word lines of one PE row.
struct Step {
  const std::uint64_t* lines;  ///< [width][words] bit d of the driven level of every word line
  std::int64_t* excess;        ///< [columns] of this position
  int width;                   ///< bits of the step, 1 or 2
  int first_bit;               ///< the step counts 2^first_bit
  bool negative;               ///< the sign step
};

/// Cells of one slice and polarity in group_columns neighbouring columns.
struct PlaneGroup {
  const std::uint64_t* planes;  ///< [cell_bits][words][group_columns]
  int words, cell_bits;
  int column;                   ///< of Step::excess, of the first of them
  int shift;                    ///< of the slice
  bool negative;                ///< polarity
};

/// ADCs of tile_columns neighbouring columns, of one slice and polarity.
struct AdcTile {
  const std::int32_t* gain;    ///< [tile_columns] K
  const std::int32_t* offset;  ///< [tile_columns] O + half
  std::int32_t top;            ///< largest code
  int shift;                   ///< bits of a sum below a code
  int columns;                 ///< of the tile that are there
  bool narrow;                 ///< neither a sum*K + O + n nor what one call adds to a psum leaves 32 bits
  bool unit_gain;              ///< K = 1
};

/// Conversions of one input step and row group at one output position.
struct ConvertedRow {
  int sums, noise;       ///< places of its rows among the sums and the noise
  bool driven;           ///< else the sums are 0, and `sums` is not read
  int shift;             ///< a code counts 2^shift
  bool negative;
  std::int64_t* psum;    ///< [tile_columns]
};

struct Kernels {
  const char* name;

  /// c[i][j] = sum over k of a[i*stride + k] * w(k, j), i < rows, j < tile_columns. `w`: [pairs][tile_columns][2], the weights
  /// of k = 2*pair and 2*pair + 1. The sums fit 32 bits.
  void (*multiply)(const std::int16_t* a, int stride, int rows, const std::int16_t* w, int pairs, std::int32_t* c);

  /// planes[b*words + i]: bit b of the values 64*i .. 64*i + 63.
  void (*bit_planes)(const std::int16_t* values, int words, int bits, std::uint64_t* planes);

  /// For every step and column: ideal = sum over lines of level * cell; where ideal > top, excess of that column += or -=
  /// (ideal - top) * 2^(first_bit + shift), and 1 is counted. Returns that count.
  std::int64_t (*clip)(const Step* steps, int count, const PlaneGroup& group, std::int64_t top);

  /// Steps and columns (of the first `columns` of the group) in which no driven line meets a cell that is not zero. Step::lines:
  /// one bit per line, width 1; one plane.
  std::int64_t (*silent)(const Step* steps, int count, const std::uint64_t* plane, int words, int columns);

  /// c[i][j] = sum over k of a[i*stride + k] * w(k, j), i < rows, j < tile_columns. `w`: [quads][tile_columns][4]; a[] is 0..3.
  void (*multiply_bytes)(const std::int8_t* a, int stride, int rows, const std::uint8_t* w, int quads, std::int32_t* c);

  /// psum += or -= clamp((sum*gain + offset + noise) >> shift, 0, top) << its shift; counts the sums above top. `noise`: null: none.
  std::int64_t (*convert)(const std::int32_t* sums, int rows, const std::int32_t* noise, const AdcTile& adc, const ConvertedRow* to);

  /// noise[k][j], k < count: of the registers `state`, first taken by `jump` ([32][tile_columns], the image of every bit), then stepped
  /// before every value (golden/read_noise.hpp).
  void (*make_noise)(std::uint32_t* state, const std::uint32_t* jump, const std::uint32_t* amplitude, int count, std::int32_t* noise);
};

/// The fastest one that this processor runs.
const Kernels& kernels();
/// All that this processor runs, the portable one first.
std::vector<const Kernels*> usable_kernels();

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;    ///< AVX2
extern const Kernels avx512_kernels;  ///< AVX-512 F, BW, VNNI, VPOPCNTDQ
#endif

}  // namespace epim::fast
