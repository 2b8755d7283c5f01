// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/kernels.hpp"
#include "golden/read_noise.hpp"

namespace epim::fast {
namespace {

void multiply(const std::int16_t* a, int stride, int rows, const std::int16_t* w, int pairs, std::int32_t* c) {
  for (int i = 0; i < rows; ++i) {
    std::int32_t sum[tile_columns] = {};
    for (int p = 0; p < pairs; ++p) {
      const std::int32_t a0 = a[i * stride + 2 * p], a1 = a[i * stride + 2 * p + 1];
      const std::int16_t* const row = w + p * tile_columns * 2;
      for (int j = 0; j < tile_columns; ++j) sum[j] += a0 * row[2 * j] + a1 * row[2 * j + 1];
    }
    for (int j = 0; j < tile_columns; ++j) c[i * tile_columns + j] = sum[j];
  }
}

void add_scaled(const std::int32_t* products, int rows, const std::int64_t* m, std::int64_t* acc, int stride) {
  for (int i = 0; i < rows; ++i, products += tile_columns, acc += stride)
    for (int j = 0; j < tile_columns; ++j) acc[j] += m[j] * products[j];
}

void bit_planes(const std::int16_t* values, int words, int bits, std::uint64_t* planes) {
  for (int i = 0; i < words; ++i)
    for (int b = 0; b < bits; ++b) {
      std::uint64_t word = 0;
      for (int r = 0; r < 64; ++r)
        word |= static_cast<std::uint64_t>((static_cast<std::uint16_t>(values[64 * i + r]) >> b) & 1u) << r;
      planes[b * words + i] = word;
    }
}

std::int64_t clip(const Step* steps, int count, const PlaneGroup& g, std::int64_t top) {
  std::int64_t clipped = 0;
  for (int n = 0; n < count; ++n) {
    const Step& step = steps[n];
    std::int64_t ideal[group_columns] = {};
    for (int d = 0; d < step.width; ++d)
      for (int k = 0; k < g.cell_bits; ++k)
        for (int i = 0; i < g.words; ++i) {
          const std::uint64_t x = step.lines[d * g.words + i];
          const std::uint64_t* const cells = g.planes + (k * g.words + i) * group_columns;
          for (int j = 0; j < group_columns; ++j) ideal[j] += static_cast<std::int64_t>(__builtin_popcountll(x & cells[j])) << (d + k);
        }
    for (int j = 0; j < group_columns; ++j) {
      if (ideal[j] <= top) continue;
      const std::int64_t over = (ideal[j] - top) << (step.first_bit + g.shift);
      step.excess[g.column + j] += step.negative != g.negative ? -over : over;
      ++clipped;
    }
  }
  return clipped;
}

std::int64_t silent(const Step* steps, int count, const std::uint64_t* plane, int words, int columns) {
  std::int64_t found = 0;
  for (int n = 0; n < count; ++n)
    for (int j = 0; j < columns; ++j) {
      std::uint64_t any = 0;
      for (int i = 0; i < words; ++i) any |= steps[n].lines[i] & plane[i * group_columns + j];
      found += any == 0 ? 1 : 0;
    }
  return found;
}

constexpr int vector_bytes = 16;

#include "golden/fast/plain_steps.inc"
#include "golden/fast/lookups.inc"

/// acc + the lower halves' product + the upper halves' product, per lane.
template <class V> V dot(V acc, V a, V b) { return acc + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16); }
template <class V> auto byte_sums(V x) {
  typedef std::int32_t Signed __attribute__((vector_size(sizeof(V))));
  const Signed s = (Signed)x;
  return (s >> 24) + ((s << 8) >> 24) + ((s << 16) >> 24) + ((s << 24) >> 24);
}

#include "golden/fast/conversions.inc"

}  // namespace

const Kernels portable_kernels = {"portable", multiply, add_scaled, nullptr, bit_planes, clip, silent, list_entries, look_up, convert, convert_wide, jump_registers, make_noise};

}  // namespace epim::fast
