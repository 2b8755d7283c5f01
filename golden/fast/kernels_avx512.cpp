// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Nothing but intrinsics here: what the standard library instantiates in this file would need AVX-512 everywhere.
#include "golden/fast/kernels.hpp"
#include "golden/read_noise.hpp"

#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512vnni,avx512vpopcntdq,popcnt")
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

template <int Rows>
void multiply_byte_rows(const std::int8_t* a, int stride, const std::uint8_t* w, int quads, std::int32_t* c) {
  __m512i low[Rows], high[Rows];
  for (int i = 0; i < Rows; ++i) low[i] = high[i] = _mm512_setzero_si512();
  for (int q = 0; q < quads; ++q) {
    const __m512i w0 = _mm512_loadu_si512(w + q * tile_columns * 4), w1 = _mm512_loadu_si512(w + q * tile_columns * 4 + 64);
    for (int i = 0; i < Rows; ++i) {
      std::int32_t quad;
      __builtin_memcpy(&quad, a + i * stride + 4 * q, sizeof quad);
      const __m512i x = _mm512_set1_epi32(quad);
      low[i] = _mm512_dpbusd_epi32(low[i], w0, x);
      high[i] = _mm512_dpbusd_epi32(high[i], w1, x);
    }
  }
  for (int i = 0; i < Rows; ++i) {
    _mm512_storeu_si512(c + i * tile_columns, low[i]);
    _mm512_storeu_si512(c + i * tile_columns + 16, high[i]);
  }
}

void multiply_bytes(const std::int8_t* a, int stride, int rows, const std::uint8_t* w, int quads, std::int32_t* c) {
  int i = 0;
  for (; rows - i >= 12; i += 12) multiply_byte_rows<12>(a + i * stride, stride, w, quads, c + i * tile_columns);
  for (; rows - i >= 4; i += 4) multiply_byte_rows<4>(a + i * stride, stride, w, quads, c + i * tile_columns);
  for (; i < rows; ++i) multiply_byte_rows<1>(a + i * stride, stride, w, quads, c + i * tile_columns);
}

#include "golden/fast/conversions.inc"

/// The narrow case: the psums of a position are added in 32 bits, in registers.
template <bool Gain> std::int64_t convert_narrow(const std::int32_t* sums, int rows, const std::int32_t* noise, const AdcTile& adc, const ConvertedRow* to) {
  const __m512i zero = _mm512_setzero_si512(), top = _mm512_set1_epi32(adc.top);
  const __m512i gain0 = _mm512_loadu_si512(adc.gain), gain1 = _mm512_loadu_si512(adc.gain + 16);
  const __m512i offset0 = _mm512_loadu_si512(adc.offset), offset1 = _mm512_loadu_si512(adc.offset + 16);
  const __m128i below = _mm_cvtsi32_si128(adc.shift);
  const std::uint32_t there = adc.columns >= 32 ? ~0u : (1u << adc.columns) - 1;
  __m512i psum0 = zero, psum1 = zero;
  std::int64_t clipped = 0;
  for (int r = 0; r < rows; ++r) {
    __m512i v0 = zero, v1 = zero;
    if (to[r].driven) {
      v0 = _mm512_loadu_si512(sums + to[r].sums * tile_columns);
      v1 = _mm512_loadu_si512(sums + to[r].sums * tile_columns + 16);
      if (Gain) {
        v0 = _mm512_mullo_epi32(v0, gain0);
        v1 = _mm512_mullo_epi32(v1, gain1);
      }
    }
    v0 = _mm512_add_epi32(v0, offset0);
    v1 = _mm512_add_epi32(v1, offset1);
    if (noise) {
      v0 = _mm512_add_epi32(v0, _mm512_loadu_si512(noise + to[r].noise * tile_columns));
      v1 = _mm512_add_epi32(v1, _mm512_loadu_si512(noise + to[r].noise * tile_columns + 16));
    }
    v0 = _mm512_sra_epi32(v0, below);
    v1 = _mm512_sra_epi32(v1, below);
    const std::uint32_t over = (static_cast<std::uint32_t>(_mm512_cmpgt_epi32_mask(v0, top)) |
                                static_cast<std::uint32_t>(_mm512_cmpgt_epi32_mask(v1, top)) << 16) & there;
    if (over != 0) clipped += __builtin_popcount(over);
    const __m128i left = _mm_cvtsi32_si128(to[r].shift);
    v0 = _mm512_sll_epi32(_mm512_min_epi32(_mm512_max_epi32(v0, zero), top), left);
    v1 = _mm512_sll_epi32(_mm512_min_epi32(_mm512_max_epi32(v1, zero), top), left);
    psum0 = to[r].negative ? _mm512_sub_epi32(psum0, v0) : _mm512_add_epi32(psum0, v0);
    psum1 = to[r].negative ? _mm512_sub_epi32(psum1, v1) : _mm512_add_epi32(psum1, v1);
    if (r + 1 < rows && to[r + 1].psum == to[r].psum) continue;
    std::int64_t* const psum = to[r].psum;
    const __m256i parts[4] = {_mm512_castsi512_si256(psum0), _mm512_extracti64x4_epi64(psum0, 1), _mm512_castsi512_si256(psum1),
                              _mm512_extracti64x4_epi64(psum1, 1)};
    for (int i = 0; i < 4; ++i)
      _mm512_storeu_si512(psum + 8 * i, _mm512_add_epi64(_mm512_loadu_si512(psum + 8 * i), _mm512_cvtepi32_epi64(parts[i])));
    psum0 = psum1 = zero;
  }
  return clipped;
}

std::int64_t convert_fast(const std::int32_t* sums, int rows, const std::int32_t* noise, const AdcTile& adc, const ConvertedRow* to) {
  if (!adc.narrow) return convert(sums, rows, noise, adc, to);
  return adc.unit_gain ? convert_narrow<false>(sums, rows, noise, adc, to) : convert_narrow<true>(sums, rows, noise, adc, to);
}

}  // namespace

const Kernels avx512_kernels = {"AVX-512", multiply, bit_planes, clip, silent, multiply_bytes, convert_fast, make_noise};

}  // namespace epim::fast
#endif
