// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Nothing but intrinsics here: what the standard library instantiates in this file would need AVX-512 everywhere.
#include "golden/fast/kernels.hpp"
#include "golden/read_noise.hpp"

#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vnni,avx512vpopcntdq,popcnt")
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 on its own _mm512_undefined_epi32
#include <immintrin.h>

namespace epim::fast {
namespace {

template <int Rows>
void multiply_rows(const std::int16_t* a, int stride, const std::int16_t* w, int pairs, std::int32_t* c) {
  __m512i low[Rows], high[Rows];
  for (int i = 0; i < Rows; ++i) low[i] = high[i] = _mm512_setzero_si512();
  for (int p = 0; p < pairs; ++p) {
    const __m512i w0 = _mm512_loadu_si512(w + p * tile_columns * 2), w1 = _mm512_loadu_si512(w + p * tile_columns * 2 + 32);
    for (int i = 0; i < Rows; ++i) {
      std::int32_t pair;
      __builtin_memcpy(&pair, a + i * stride + 2 * p, sizeof pair);
      const __m512i x = _mm512_set1_epi32(pair);
      low[i] = _mm512_dpwssd_epi32(low[i], x, w0);
      high[i] = _mm512_dpwssd_epi32(high[i], x, w1);
    }
  }
  for (int i = 0; i < Rows; ++i) {
    _mm512_storeu_si512(c + i * tile_columns, low[i]);
    _mm512_storeu_si512(c + i * tile_columns + 16, high[i]);
  }
}

void multiply(const std::int16_t* a, int stride, int rows, const std::int16_t* w, int pairs, std::int32_t* c) {
  int i = 0;
  const auto at = [&](int n) {
    const std::int16_t* const from = a + i * stride;
    std::int32_t* const to = c + i * tile_columns;
    i += n;
    switch (n) {
      case 12: return multiply_rows<12>(from, stride, w, pairs, to);
      case 4: return multiply_rows<4>(from, stride, w, pairs, to);
      default: return multiply_rows<1>(from, stride, w, pairs, to);
    }
  };
  while (rows - i >= 12) at(12);
  while (rows - i >= 4) at(4);
  while (i < rows) at(1);
}

void add_scaled(const std::int32_t* products, int rows, const std::int64_t* m, std::int64_t* acc, int stride) {
  __m512i scale[tile_columns / 8];
  for (int j = 0; j < tile_columns; j += 8) scale[j / 8] = _mm512_loadu_si512(m + j);
  for (int i = 0; i < rows; ++i, products += tile_columns, acc += stride)
    for (int j = 0; j < tile_columns; j += 8) {
      const __m512i product = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(products + j)));
      _mm512_storeu_si512(acc + j, _mm512_add_epi64(_mm512_loadu_si512(acc + j), _mm512_mul_epi32(product, scale[j / 8])));
    }
}

bool requantise(const std::int64_t* acc, int stride, int rows, const Requantisation& how, std::int64_t* codes) {
  const __m512i half = _mm512_set1_epi64(how.half), lo = _mm512_set1_epi64(how.lo), hi = _mm512_set1_epi64(how.hi);
  const __m128i shift = _mm_cvtsi32_si128(how.shift), f = _mm_cvtsi32_si128(how.f);
  __mmask8 large = 0;
  for (int j = 0; j < tile_columns; j += 8) {
    const __m512i g = _mm512_loadu_si512(how.g + j), b = _mm512_loadu_si512(how.b + j), a = _mm512_loadu_si512(how.a + j), most = _mm512_loadu_si512(how.most + j);
    for (int i = 0; i < rows; ++i) {
      const __m512i x = _mm512_loadu_si512(acc + i * stride + j);
      large |= _mm512_cmpgt_epi64_mask(_mm512_abs_epi64(x), most);
      __m512i v = _mm512_add_epi64(_mm512_mullo_epi64(x, g), b);
      if (how.slopes) v = _mm512_mask_sra_epi64(v, _mm512_movepi64_mask(v), _mm512_mullo_epi64(v, a), f);
      v = _mm512_sra_epi64(_mm512_add_epi64(v, half), shift);
      _mm512_storeu_si512(codes + i * tile_columns + j, _mm512_min_epi64(_mm512_max_epi64(v, lo), hi));
    }
  }
  return large == 0;
}

void bit_planes(const std::int16_t* values, int words, int bits, std::uint64_t* planes) {
  for (int i = 0; i < words; ++i) {
    const __m512i low = _mm512_loadu_si512(values + 64 * i), high = _mm512_loadu_si512(values + 64 * i + 32);
    for (int b = 0; b < bits; ++b) {
      const __m512i bit = _mm512_set1_epi16(static_cast<short>(1u << b));
      planes[b * words + i] = static_cast<std::uint64_t>(_mm512_test_epi16_mask(low, bit)) |
                              static_cast<std::uint64_t>(_mm512_test_epi16_mask(high, bit)) << 32;
    }
  }
}

/// sum over the words of popcount(lines & cells) of one cell bit.
template <int Words>
inline __m512i ones(const std::uint64_t* lines, const __m512i* cells) {
  __m512i sum = _mm512_setzero_si512();
  for (int i = 0; i < Words; ++i) {
    const __m512i x = _mm512_set1_epi64(static_cast<long long>(lines[i]));
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_and_si512(x, cells[i])));
  }
  return sum;
}

/// Takes what is over `top` from the step's sums; the number of columns that were.
inline int take_over(const Step& step, const PlaneGroup& g, __m512i ideal, __m512i top) {
  const __mmask8 over = _mm512_cmpgt_epi64_mask(ideal, top);
  if (over == 0) return 0;
  const __m512i excess = _mm512_maskz_sll_epi64(over, _mm512_sub_epi64(ideal, top), _mm_cvtsi32_si128(step.first_bit + g.shift));
  std::int64_t* const sums = step.excess + g.column;
  const __m512i before = _mm512_loadu_si512(sums);
  _mm512_storeu_si512(sums, step.negative != g.negative ? _mm512_sub_epi64(before, excess) : _mm512_add_epi64(before, excess));
  return __builtin_popcount(over);
}

/// The cells of a group stay in registers.
template <int CellBits, int Words>
std::int64_t clip_in_registers(const Step* steps, int count, const PlaneGroup& g, std::int64_t top) {
  __m512i cells[CellBits * Words];
  for (int i = 0; i < CellBits * Words; ++i) cells[i] = _mm512_loadu_si512(g.planes + i * group_columns);
  const __m512i most = _mm512_set1_epi64(top);
  std::int64_t clipped = 0;
  for (int n = 0; n < count; ++n) {
    const Step& step = steps[n];
    __m512i ideal = _mm512_setzero_si512();
    for (int d = step.width - 1; d >= 0; --d) {
      __m512i level = _mm512_setzero_si512();
      for (int k = CellBits - 1; k >= 0; --k)
        level = _mm512_add_epi64(_mm512_add_epi64(level, level), ones<Words>(step.lines + d * Words, cells + k * Words));
      ideal = _mm512_add_epi64(_mm512_add_epi64(ideal, ideal), level);
    }
    clipped += take_over(step, g, ideal, most);
  }
  return clipped;
}

std::int64_t clip_from_memory(const Step* steps, int count, const PlaneGroup& g, std::int64_t top) {
  const __m512i most = _mm512_set1_epi64(top);
  std::int64_t clipped = 0;
  for (int n = 0; n < count; ++n) {
    const Step& step = steps[n];
    __m512i ideal = _mm512_setzero_si512();
    for (int d = step.width - 1; d >= 0; --d) {
      __m512i level = _mm512_setzero_si512();
      for (int k = g.cell_bits - 1; k >= 0; --k) {
        level = _mm512_add_epi64(level, level);
        for (int i = 0; i < g.words; ++i) {
          const __m512i x = _mm512_set1_epi64(static_cast<long long>(step.lines[d * g.words + i]));
          const __m512i cells = _mm512_loadu_si512(g.planes + (k * g.words + i) * group_columns);
          level = _mm512_add_epi64(level, _mm512_popcnt_epi64(_mm512_and_si512(x, cells)));
        }
      }
      ideal = _mm512_add_epi64(_mm512_add_epi64(ideal, ideal), level);
    }
    clipped += take_over(step, g, ideal, most);
  }
  return clipped;
}

std::int64_t clip(const Step* steps, int count, const PlaneGroup& g, std::int64_t top) {
  switch (g.cell_bits * 16 + g.words) {
    case 16 + 1: return clip_in_registers<1, 1>(steps, count, g, top);
    case 16 + 2: return clip_in_registers<1, 2>(steps, count, g, top);
    case 16 + 3: return clip_in_registers<1, 3>(steps, count, g, top);
    case 16 + 4: return clip_in_registers<1, 4>(steps, count, g, top);
    case 32 + 1: return clip_in_registers<2, 1>(steps, count, g, top);
    case 32 + 2: return clip_in_registers<2, 2>(steps, count, g, top);
    case 32 + 3: return clip_in_registers<2, 3>(steps, count, g, top);
    case 32 + 4: return clip_in_registers<2, 4>(steps, count, g, top);
    default: return clip_from_memory(steps, count, g, top);
  }
}

std::int64_t silent(const Step* steps, int count, const std::uint64_t* plane, int words, int columns) {
  const __mmask8 counted = static_cast<__mmask8>((1u << columns) - 1);
  std::int64_t found = 0;
  for (int n = 0; n < count; ++n) {
    __m512i any = _mm512_setzero_si512();
    for (int i = 0; i < words; ++i) {
      const __m512i x = _mm512_set1_epi64(static_cast<long long>(steps[n].lines[i]));
      any = _mm512_or_si512(any, _mm512_and_si512(x, _mm512_loadu_si512(plane + i * group_columns)));
    }
    found += __builtin_popcount(_mm512_testn_epi64_mask(any, any) & counted);
  }
  return found;
}

constexpr int vector_bytes = 64;

void list_entries(const std::uint64_t* words, int rows, std::uint16_t* lists, std::uint8_t* lengths) {
  const __m512i shifts = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
  const __m512i halves = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i tables = _mm512_slli_epi32(index, 4), low = _mm512_set1_epi32(15);
  for (int r = 0; r < rows; ++r) {
    const __m512i both = _mm512_permutexvar_epi32(halves, _mm512_set1_epi64(static_cast<long long>(words[r])));
    const __m512i value = _mm512_and_si512(_mm512_srlv_epi32(both, shifts), low);
    const __mmask16 there = _mm512_test_epi32_mask(value, value);
    const __m512i entry = _mm512_slli_epi32(_mm512_add_epi32(tables, value), 7);
    static_assert(entry_bytes == 1 << 7);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lists + r * chunk_indices), _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(there, entry)));
    lengths[r] = static_cast<std::uint8_t>(__builtin_popcount(there));
  }
}

/// The image of every 4 bits of a register is one of 16 numbers in a vector.
void jump_registers(std::uint32_t* state, const ColumnJump* jumps, int count) {
  for (int half = 0; half < 2; ++half) {
    const __m512i before = _mm512_loadu_si512(state + 16 * half);
    __m512i after = before;
    for (int j = 0; j < count; ++j) {
      __m512i x = before, y = _mm512_setzero_si512();
      for (int k = 0; k < 8; ++k) {
        y = _mm512_xor_si512(y, _mm512_permutexvar_epi32(x, _mm512_loadu_si512(jumps[j].images + 16 * k)));  // takes 4 bits of x
        x = _mm512_srli_epi32(x, 4);
      }
      after = _mm512_mask_mov_epi32(after, static_cast<__mmask16>(jumps[j].columns >> (16 * half)), y);
    }
    _mm512_storeu_si512(state + 16 * half, after);
  }
}

#include "golden/fast/lookups.inc"

/// acc + the lower halves' product + the upper halves' product, per lane.
template <class V> V dot(V acc, V a, V b) { return (V)_mm512_dpwssd_epi32((__m512i)acc, (__m512i)a, (__m512i)b); }
template <class V> auto byte_sums(V x) {
  typedef std::int32_t Signed __attribute__((vector_size(64)));
  return (Signed)_mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(1), (__m512i)x);
}

#include "golden/fast/conversions.inc"

}  // namespace

const Kernels avx512_kernels = {"AVX-512", multiply, add_scaled, requantise, bit_planes, clip, silent, list_entries, look_up, convert, convert_wide, jump_registers, make_noise};

}  // namespace epim::fast
#endif
