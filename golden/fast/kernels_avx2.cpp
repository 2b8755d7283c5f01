// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Nothing but intrinsics here: what the standard library instantiates in this file would need AVX2 everywhere.
#include "golden/fast/kernels.hpp"
#include "golden/read_noise.hpp"

#if defined(__x86_64__)
#pragma GCC target("avx2,popcnt")
#include <immintrin.h>

namespace epim::fast {
namespace {

constexpr int vectors = tile_columns / 8;

inline __m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

template <int Rows>
void multiply_rows(const std::int16_t* a, int stride, const std::int16_t* w, int pairs, std::int32_t* c) {
  __m256i sum[Rows][vectors];
  for (auto& row : sum)
    for (__m256i& s : row) s = _mm256_setzero_si256();
  for (int p = 0; p < pairs; ++p) {
    const std::int16_t* const row = w + p * tile_columns * 2;
    for (int i = 0; i < Rows; ++i) {
      std::int32_t pair;
      __builtin_memcpy(&pair, a + i * stride + 2 * p, sizeof pair);
      const __m256i x = _mm256_set1_epi32(pair);
      for (int v = 0; v < vectors; ++v) sum[i][v] = _mm256_add_epi32(sum[i][v], _mm256_madd_epi16(x, load(row + 16 * v)));
    }
  }
  for (int i = 0; i < Rows; ++i)
    for (int v = 0; v < vectors; ++v) _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + i * tile_columns + 8 * v), sum[i][v]);
}

void multiply(const std::int16_t* a, int stride, int rows, const std::int16_t* w, int pairs, std::int32_t* c) {
  int i = 0;
  for (; rows - i >= 3; i += 3) multiply_rows<3>(a + i * stride, stride, w, pairs, c + i * tile_columns);
  for (; i < rows; ++i) multiply_rows<1>(a + i * stride, stride, w, pairs, c + i * tile_columns);
}

void add_scaled(const std::int32_t* products, int rows, const std::int64_t* m, std::int64_t* acc, int stride) {
  for (int i = 0; i < rows; ++i, products += tile_columns, acc += stride)
    for (int j = 0; j < tile_columns; j += 4) {
      const __m256i product = _mm256_cvtepi32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(products + j)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc + j), _mm256_add_epi64(load(acc + j), _mm256_mul_epi32(product, load(m + j))));
    }
}

void bit_planes(const std::int16_t* values, int words, int bits, std::uint64_t* planes) {
  for (int i = 0; i < words; ++i)
    for (int b = 0; b < bits; ++b) {
      const __m128i left = _mm_cvtsi32_si128(15 - b);  // the bit becomes the sign
      std::uint64_t word = 0;
      for (int half = 0; half < 2; ++half) {
        const std::int16_t* const from = values + 64 * i + 32 * half;
        const __m256i low = _mm256_srai_epi16(_mm256_sll_epi16(load(from), left), 15),
                      high = _mm256_srai_epi16(_mm256_sll_epi16(load(from + 16), left), 15);
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);
        word |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes))) << (32 * half);
      }
      planes[b * words + i] = word;
    }
}

/// Ones in each byte.
inline __m256i ones_in_bytes(__m256i v) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i nibble = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, nibble)),
                         _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

std::int64_t clip(const Step* steps, int count, const PlaneGroup& g, std::int64_t top) {
  const __m256i most = _mm256_set1_epi64x(top), zero = _mm256_setzero_si256();
  std::int64_t clipped = 0;
  for (int n = 0; n < count; ++n) {
    const Step& step = steps[n];
    const __m128i left = _mm_cvtsi32_si128(step.first_bit + g.shift);
    for (int half = 0; half < group_columns; half += 4) {
      __m256i ideal = zero;
      for (int d = step.width - 1; d >= 0; --d) {
        __m256i level = zero;
        for (int k = g.cell_bits - 1; k >= 0; --k) {
          level = _mm256_add_epi64(level, level);
          for (int i = 0; i < g.words; ++i) {
            const __m256i x = _mm256_set1_epi64x(static_cast<long long>(step.lines[d * g.words + i]));
            const __m256i cells = load(g.planes + (k * g.words + i) * group_columns + half);
            level = _mm256_add_epi64(level, _mm256_sad_epu8(ones_in_bytes(_mm256_and_si256(x, cells)), zero));
          }
        }
        ideal = _mm256_add_epi64(_mm256_add_epi64(ideal, ideal), level);
      }
      const __m256i over = _mm256_cmpgt_epi64(ideal, most);
      const int columns = _mm256_movemask_pd(_mm256_castsi256_pd(over));
      if (columns == 0) continue;
      const __m256i excess = _mm256_and_si256(_mm256_sll_epi64(_mm256_sub_epi64(ideal, most), left), over);
      auto* const sums = reinterpret_cast<__m256i*>(step.excess + g.column + half);
      const __m256i before = _mm256_loadu_si256(sums);
      _mm256_storeu_si256(sums, step.negative != g.negative ? _mm256_sub_epi64(before, excess) : _mm256_add_epi64(before, excess));
      clipped += __builtin_popcount(static_cast<unsigned>(columns));
    }
  }
  return clipped;
}

std::int64_t silent(const Step* steps, int count, const std::uint64_t* plane, int words, int columns) {
  const __m256i zero = _mm256_setzero_si256();
  const unsigned counted = (1u << columns) - 1;
  std::int64_t found = 0;
  for (int n = 0; n < count; ++n) {
    __m256i low = zero, high = zero;
    for (int i = 0; i < words; ++i) {
      const __m256i x = _mm256_set1_epi64x(static_cast<long long>(steps[n].lines[i]));
      low = _mm256_or_si256(low, _mm256_and_si256(x, load(plane + i * group_columns)));
      high = _mm256_or_si256(high, _mm256_and_si256(x, load(plane + i * group_columns + 4)));
    }
    const auto none = [&](__m256i any) {
      return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(any, zero))));
    };
    found += __builtin_popcount((none(low) | none(high) << 4) & counted);
  }
  return found;
}

constexpr int vector_bytes = 32;

#include "golden/fast/plain_steps.inc"
#include "golden/fast/lookups.inc"

/// acc + the lower halves' product + the upper halves' product, per lane.
template <class V> V dot(V acc, V a, V b) { return acc + (V)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
template <class V> auto byte_sums(V x) {
  typedef std::int32_t Signed __attribute__((vector_size(32)));
  return (Signed)_mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), (__m256i)x), _mm256_set1_epi16(1));
}

#include "golden/fast/conversions.inc"

}  // namespace

const Kernels avx2_kernels = {"AVX2", multiply, add_scaled, nullptr, bit_planes, clip, silent, list_entries, look_up, convert, convert_wide, jump_registers, make_noise};

}  // namespace epim::fast
#endif
