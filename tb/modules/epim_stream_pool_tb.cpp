// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Requantised values of every window, order and tlast; ready and valid of every cycle against the rules of docs/chip.md, with and
/// without stalls; stability while a word waits; frames of a wrong length.
#include "Vdut.h"
#include "requantise.hpp"

using namespace bench;

namespace {

constexpr int kRowWords = P_InW * P_Blocks, kWindow = P_Kh * P_Kw, kOutWords = P_OutH * P_OutW * P_Blocks;

/// Fields of Mul.
const std::vector<std::uint64_t> kMuls = [] {
  std::vector<std::uint64_t> muls;
  for (int n = 0; n < P_Muls; ++n) muls.push_back(P_Muls == 1 ? P_Mul : field(P_Mul, n, P_MulBits));
  return muls;
}();

using Word = std::vector<std::int64_t>;
using Frame = std::vector<Word>;  // words of the input map

Frame random_frame() {
  Frame f;
  const int style = static_cast<int>(pick(0, 3));
  for (int i = 0; i < P_InH * kRowWords; ++i) {
    Word w;
    for (int l = 0; l < P_Lanes; ++l) {
      const std::uint64_t raw = style == 0 ? mask(P_InBits) : style == 1 ? std::uint64_t{1} << (P_InBits - 1) : random_bits(P_InBits);
      w.push_back(P_Signed ? sign_extend(raw, P_InBits) : static_cast<std::int64_t>(raw));
    }
    f.push_back(w);
  }
  return f;
}

/// Places of a window of one axis that count.
int counted(int first, int kernel, int size, int before, int after) {
  const int least = P_CountPadding ? -before : 0, end = size + (P_CountPadding ? after : 0);
  return std::min(first + kernel, end) - std::max(first, least);
}

std::int64_t expected(const Frame& f, int word, int lane) {
  const int block = word % P_Blocks, ox = word / P_Blocks % P_OutW, oy = word / P_Blocks / P_OutW;
  bool any = false;
  std::int64_t largest = 0, sum = 0;
  for (int ky = 0; ky < P_Kh; ++ky)
    for (int kx = 0; kx < P_Kw; ++kx) {
      const int y = oy * P_StrideY - P_PadTop + ky, x = ox * P_StrideX - P_PadLeft + kx;
      if (y < 0 || y >= P_InH || x < 0 || x >= P_InW) continue;
      const std::int64_t v = f[static_cast<std::size_t>((y * P_InW + x) * P_Blocks + block)][static_cast<std::size_t>(lane)];
      largest = any ? std::max(largest, v) : v;
      any = true;
      sum += v - P_Zero;
    }
  const int n = counted(oy * P_StrideY - P_PadTop, P_Kh, P_InH, P_PadTop, P_PadBottom) *
                counted(ox * P_StrideX - P_PadLeft, P_Kw, P_InW, P_PadLeft, P_PadRight);
  const auto multiplier = static_cast<Wide>(kMuls[P_Muls > 1 ? n - 1 : 0]);
  return requantised((P_Average ? sum : largest - P_Zero) * multiplier, P_Shift, P_ZeroOut, P_Lo, P_Hi);
}

/// The rules of docs/chip.md, one call per cycle.
struct Rules {
  int words = 0, freed_total = 0;          // words taken, rows given back since reset
  enum { row, run, tail } state = row;
  int frame = 0, oy = 0, request = 0, freed = 0;
  bool stage1 = false, stage2 = false, offered = false;  // a window ends in the word stage, is complete, is offered

  int complete_rows() const { return words / kRowWords - freed_total; }
  bool ready() const { return complete_rows() < P_RingRows; }
  void cycle(bool accept, bool taken) {
    const int rows = complete_rows();
    const bool en = !offered || taken;
    bool window_end = false;
    const int y0 = oy * P_StrideY - P_PadTop, top = std::clamp(y0, 0, P_InH), bottom = std::min(y0 + P_Kh, P_InH);
    const auto give_back = [&] {
      if (rows == 0) return;
      ++freed;
      ++freed_total;
    };
    if (state == row) {
      if (freed != top) give_back();
      else if (rows >= bottom - top) state = run;
    } else if (state == run) {
      if (en) {
        ++request;
        window_end = request % kWindow == 0;
        if (request == P_OutW * P_Blocks * kWindow) {
          request = 0;
          state = ++oy == P_OutH ? tail : row;
          if (oy == P_OutH) oy = 0;
        }
      }
    } else if (freed != P_InH) {
      give_back();
    } else {
      freed = 0;
      state = row;
    }
    if (en) {
      offered = stage2;
      stage2 = stage1;
      stage1 = window_end;
    }
    if (accept) ++words;
  }
};

void one(Vdut& d, int frames, int in_percent, int out_percent) {
  std::vector<Frame> all;
  for (int f = 0; f < frames; ++f) all.push_back(random_frame());
  Rules rules;
  const int total = frames * P_InH * kRowWords;
  int sent = 0, got = 0, quiet = 0;
  bool offering = false;
  while (got < frames * kOutWords && quiet < 10000) {
    if (!offering && sent < total && chance(in_percent)) offering = true;
    d.s_valid_i = offering;
    d.s_last_i = offering && (sent + 1) % (P_InH * kRowWords) == 0;
    for (int l = 0; l < P_Lanes; ++l)
      put(d.s_data_i, l * P_InBits, P_InBits,
          offering ? static_cast<std::uint64_t>(all[static_cast<std::size_t>(sent / (P_InH * kRowWords))][static_cast<std::size_t>(sent % (P_InH * kRowWords))][static_cast<std::size_t>(l)])
                   : random_bits(P_InBits));
    d.m_ready_i = chance(out_percent);
    settle(d);
    CHECK_EQ(d.s_ready_o, rules.ready());
    if (!CHECK_EQ(d.m_valid_o, rules.offered)) break;
    CHECK_EQ(d.err_length_o, 0);
    if (d.m_valid_o) {
      const int word = got % kOutWords;
      for (int l = 0; l < P_Lanes; ++l)
        CHECK_EQ(code(d.m_data_o, l * P_OutBits, P_OutBits, P_Lo),
                 expected(all[static_cast<std::size_t>(got / kOutWords)], word, l));
      CHECK_EQ(d.m_last_o, word == kOutWords - 1);
    }
    const bool accept = offering && d.s_ready_o, taken = d.m_valid_o && d.m_ready_i;
    rules.cycle(accept, taken);
    quiet = accept || taken ? 0 : quiet + 1;
    if (accept) {
      ++sent;
      offering = false;
    }
    got += taken;
    tick(d);
  }
  CHECK_EQ(got, frames * kOutWords);
}

/// A frame whose tlast comes early or late sets the error in that cycle.
void wrong_length(Vdut& d, int length) {
  d.m_ready_i = 1;
  int errors = 0;
  for (int sent = 0; sent < length;) {
    d.s_valid_i = 1;
    d.s_last_i = sent + 1 == length;
    settle(d);
    errors += d.err_length_o;
    sent += d.s_ready_o;
    tick(d);
  }
  CHECK_EQ(errors, 1);
}

void test(Vdut& d) {
  d.s_valid_i = 0;
  d.m_ready_i = 0;
  const int work = 40000 / (P_InH * kRowWords + kOutWords * kWindow) + 2;
  const auto begin = [&] {
    d.s_valid_i = 0;
    d.rst_ni = 0;
    tick(d);
    d.rst_ni = 1;
  };
  reset(d);
  begin();
  one(d, 4, 100, 100);
  for (int i = 0; i < 12; ++i) {
    begin();
    one(d, static_cast<int>(pick(1, work)), static_cast<int>(pick(10, 100)), static_cast<int>(pick(10, 100)));
  }
  if (P_InH * kRowWords > 1) {
    begin();
    wrong_length(d, static_cast<int>(pick(1, P_InH * kRowWords - 1)));
  }
  begin();
  wrong_length(d, P_InH * kRowWords + static_cast<int>(pick(1, 5)));
}

}  // namespace

int main() { return RUN(test); }
