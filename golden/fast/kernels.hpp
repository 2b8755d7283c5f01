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

/// Sums of one entry of a lookup table: of the cells of both polarities of a tile of columns; see entry_place().
inline constexpr int entry_sums = 2 * tile_columns, entry_bytes = 2 * entry_sums;
/// Where the sum of column j of a tile stands within its polarity: columns 0..15 in the even places, 16..31 in the odd ones.
constexpr int entry_place(int j) { return 2 * (j % 16) + j / 16; }
/// Table indices of 4 bits whose tables stand in the first-level cache together.
inline constexpr int chunk_indices = 16;

/// Word lines of a row group, of one slice and tile: 4 bits that drive them, of 4 lines or of 2 lines with levels of 2 bits, are an index.
/// In the latter its bits 0 and 1 are the lower ones of both levels. A row is one input step at one output position.
struct LookupChunk {
  const std::uint8_t* cells;   ///< [index][line][entry_sums]
  int indices;                 ///< 1..chunk_indices
  const std::uint16_t* lists;  ///< [row][chunk_indices] of its indices that are not 0 the table entries, in bytes from the table's begin
  const std::uint16_t* order;  ///< the rows, by number of entries
  const std::uint16_t* ends;   ///< [chunk_indices + 1] where in `order` the rows with so many end
};

struct ConvertedStep {
  int first_bit;  ///< the step counts 2^first_bit
  bool negative;  ///< the sign step
};

/// How the sums of one slice, tile and row group become psums: += or -= clamp((sum*gain + offset + noise) >> below, 0, top) << (left + first bit).
struct Conversion {
  const ConvertedStep* step;
  int steps;
  int below, left;
  std::int32_t top;            ///< largest code
  bool clips;                  ///< a sum may lie above it
  const std::int32_t* gain;    ///< [polarity][tile_columns]; null: 1
  const std::int32_t* offset;  ///< the same
  const std::int32_t* noise;   ///< null: none; else per position and step noise_position and noise_step further, of the other polarity noise_polarity
  int noise_position, noise_step, noise_polarity;
};

/// What becomes of the accumulators of tile_columns columns: clamp((v' + half) >> shift, lo, hi), v = acc*g + b, v' = v < 0 and slopes ? (v*a) >> f : v.
struct Requantisation {
  const std::int64_t *g, *b, *a;  ///< per column
  const std::int64_t* most;       ///< largest |acc| for which that fits 64 bits; below 0: none
  bool slopes;
  int f, shift;
  std::int64_t half, lo, hi;
};

/// Some number of steps of the noise registers of a tile's columns.
struct ColumnJump {
  const std::uint32_t* images;  ///< [8][16] of the values of every 4 bits of a register
  std::uint32_t columns;        ///< bit j: of column j
};

struct Kernels {
  const char* name;

  /// c[i][j] = sum over k of a[i*stride + k] * w(k, j), i < rows, j < tile_columns. `w`: [pairs][tile_columns][2], the weights
  /// of k = 2*pair and 2*pair + 1. The sums fit 32 bits.
  void (*multiply)(const std::int16_t* a, int stride, int rows, const std::int16_t* w, int pairs, std::int32_t* c);

  /// acc[i*stride + j] += m[j] * products[i][j], i < rows, j < tile_columns; the factors fit 32 bits.
  void (*add_scaled)(const std::int32_t* products, int rows, const std::int64_t* m, std::int64_t* acc, int stride);

  /// codes[i*tile_columns + j] from acc[i*stride + j], i < rows. False: an accumulator is too large, and the codes mean nothing. Null where one
  /// after the other is as fast.
  bool (*requantise)(const std::int64_t* acc, int stride, int rows, const Requantisation& how, std::int64_t* codes);

  /// planes[b*words + i]: bit b of the values 64*i .. 64*i + 63.
  void (*bit_planes)(const std::int16_t* values, int words, int bits, std::uint64_t* planes);

  /// For every step and column: ideal = sum over lines of level * cell; where ideal > top, excess of that column += or -=
  /// (ideal - top) * 2^(first_bit + shift), and 1 is counted. Returns that count.
  std::int64_t (*clip)(const Step* steps, int count, const PlaneGroup& group, std::int64_t top);

  /// Steps and columns (of the first `columns` of the group) in which no driven line meets a cell that is not zero. Step::lines:
  /// one bit per line, width 1; one plane.
  std::int64_t (*silent)(const Step* steps, int count, const std::uint64_t* plane, int words, int columns);

  /// lists and lengths[row] of a LookupChunk whose row drives lines as words[row] says, 4 bits per index.
  void (*list_entries)(const std::uint64_t* words, int rows, std::uint16_t* lists, std::uint8_t* lengths);

  /// sums[row][entry_sums] of a chunk, modulo 2^16: `start` or with `add` what stands there, and the cells of the driven lines times their
  /// levels of level_bits, 1 or 2. `table` is memory of [16*chunk_indices][entry_sums]; it and the sums are aligned to 64 bytes.
  void (*look_up)(const LookupChunk& chunk, int level_bits, bool add, std::uint16_t start, std::uint16_t* table, std::uint16_t* sums);

  /// psum[position][tile_columns] from sums[position][step][entry_sums]; returns the sums above top. Without gain a sum has the offset already
  /// and codes are below 2^15. With gain a sum is 32768 too small; gains of columns 16..31 stand in the upper 16 bits.
  /// Values fit 32 bits, and so does what the steps of a position and slice add up to.
  std::int64_t (*convert)(const std::uint16_t* sums, int positions, const Conversion& how, std::int64_t* psum);

  /// The same of sums and values of any width, all with gain and offset as they are.
  std::int64_t (*convert_wide)(const std::int32_t* sums, int positions, const Conversion& how, std::int64_t* psum);

  /// state[tile_columns] goes on by these jumps.
  void (*jump_registers)(std::uint32_t* state, const ColumnJump* jumps, int count);

  /// noise[position][k][column], k < each: of the registers `state`, stepped before every value (golden/read_noise.hpp). Between positions
  /// `state` jumps, once more behind the last.
  void (*make_noise)(std::uint32_t* state, const ColumnJump* jumps, int jump_count, const std::uint32_t* amplitude, int positions, int each,
                     std::int32_t* noise);
};

/// The fastest one that this processor runs.
const Kernels& kernels();
/// All that this processor runs, the portable one first.
std::vector<const Kernels*> usable_kernels();

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;    ///< AVX2
extern const Kernels avx512_kernels;  ///< AVX-512 F, BW, DQ, VNNI, VPOPCNTDQ
#endif

}  // namespace epim::fast
