// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Every request of random layers against the window equations; ring, padding, wrapped channel blocks; latencies.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kMaxPatches = P_MaxPatches, kWindowW = P_WindowW, kBlockW = P_BlockW, kIfrtW = P_IfrtAddrW;
constexpr int kDepth = P_BufferDepth;
#ifdef P_VectorWords
constexpr int kVector = P_VectorWords;
#else
constexpr int kVector = 0;
#endif

struct Patch {
  int start, stop, block, ifrt;
  int tap = -1;  // of a weight pool
};
struct Layer {
  int kh, kw, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left, in_h, in_w, out_h, out_w, frames, blocks, ring_rows;
  std::vector<Patch> patches;
  int row_words() const { return in_w * blocks; }
  int window_h() const { return (kh - 1) * dilation_y + 1; }
  int window_w() const { return (kw - 1) * dilation_x + 1; }
};

enum class Large { None, KernelRow, KernelColumn, Map, Frames };

/// Draws until a layer fits the parameters. One of its sizes may be large: the upper bits of the counts.
Layer random_layer(Large large = Large::None) {
  for (;;) {
    Layer l{};
    l.kh = static_cast<int>(chance(30) ? 1 : pick(1, 4));
    l.kw = static_cast<int>(chance(50) ? l.kh : pick(1, 4));
    if (large != Large::None) l.kh = l.kw = 1;
    if (large == Large::KernelRow) l.kw = static_cast<int>(pick(5, 31));
    if (large == Large::KernelColumn) l.kh = static_cast<int>(pick(5, 31));
    l.stride_y = static_cast<int>(chance(20) ? pick(4, 9) : pick(1, 3));
    l.stride_x = static_cast<int>(chance(60) ? l.stride_y : pick(1, 3));
    l.dilation_y = static_cast<int>(chance(60) ? 1 : pick(1, 3));
    l.dilation_x = static_cast<int>(chance(60) ? l.dilation_y : pick(1, 3));
    // A row of the map above the first window, or padding.
    l.pad_top = static_cast<int>(chance(30) ? pick(-9, -1) : pick(0, l.window_h() - 1));
    l.pad_left = static_cast<int>(pick(0, l.window_w() - 1));
    l.in_h = static_cast<int>(pick(1, 8));
    l.in_w = static_cast<int>(pick(1, 8));
    if (large == Large::Map) {
      const auto most = static_cast<std::int64_t>(mask(std::min(P_DimW, 10)));
      l.in_h = static_cast<int>(chance(30) ? pick(1, 2) : pick(16, most));
      l.in_w = static_cast<int>(l.in_h > 2 ? pick(1, 2) : pick(16, kDepth));
    }
    if (large == Large::Frames) l.in_h = l.in_w = static_cast<int>(pick(1, 2));
    const int below = static_cast<int>(pick(0, l.window_h() - 1)), right = static_cast<int>(pick(0, l.window_w() - 1));
    if (l.in_h + l.pad_top + below < l.window_h() || l.in_w + l.pad_left + right < l.window_w()) continue;
    l.out_h = (l.in_h + l.pad_top + below - l.window_h()) / l.stride_y + 1;
    l.out_w = (l.in_w + l.pad_left + right - l.window_w()) / l.stride_x + 1;
    l.frames = static_cast<int>(large == Large::Frames ? pick(4, 255) : pick(1, 3));
    l.blocks = static_cast<int>(pick(1, std::min<std::int64_t>(5, std::int64_t{1} << kBlockW)));
    const int most = kDepth / l.row_words();
    const int need = std::min(l.window_h(), l.in_h);
    if (most < need) continue;
    l.ring_rows = static_cast<int>(chance(40) ? need : pick(need, std::min(most, need + 4)));
    // Patches: ranges of channel blocks of the window, which may be longer than what is stored (wrapped producer).
    const int window = l.kh * l.kw;
    const int window_blocks = l.blocks * static_cast<int>(chance(70) ? 1 : pick(2, 3));
    if (window_blocks * window > static_cast<int>(mask(kWindowW)) || window_blocks * window > (1 << kIfrtW)) continue;
    if (kVector > 0) {
      // Output tiles of a weight pool: vectors of blocks, each tap by tap.
      const int tiles = static_cast<int>(pick(1, 2));
      for (int tile = 0; tile < tiles; ++tile)
        for (int first = 0; first < l.blocks; first += kVector)
          for (int tap = 0; tap < window; ++tap) {
            const int words = std::min(kVector, l.blocks - first), start = first * window + tap * words;
            l.patches.push_back({start, start + words, first, static_cast<int>(pick(0, (1 << kIfrtW) - words)), tap});
          }
      if (static_cast<int>(l.patches.size()) > kMaxPatches) continue;
      return l;
    }
    const int patches = static_cast<int>(pick(1, kMaxPatches));
    for (int j = 0; j < patches; ++j) {
      const int first = static_cast<int>(pick(0, window_blocks - 1)),
                last = static_cast<int>(pick(first, window_blocks - 1));
      const int words = (last - first + 1) * window;
      l.patches.push_back(
          {first * window, (last + 1) * window, first % l.blocks, static_cast<int>(pick(0, (1 << kIfrtW) - words))});
    }
    return l;
  }
}

struct Word {
  int addr, row;  // row of all frames, -1 for padding
  bool pad, last_block, first, last;
  int ifrt, bank;
  bool row_start;    // first word of an output row
  int freed_before;  // rows of all frames given back before the first word of this output row
  bool frame_start;
};

std::vector<Word> expected_words(const Layer& l) {
  std::vector<Word> words;
  int patch_number = 0;
  for (int f = 0; f < l.frames; ++f)
    for (int oy = 0; oy < l.out_h; ++oy)
      for (int ox = 0; ox < l.out_w; ++ox)
        for (std::size_t j = 0; j < l.patches.size(); ++j, ++patch_number) {
          const Patch& p = l.patches[j];
          for (int n = p.start; n < p.stop; ++n) {
            const int i = n - p.start;
            const bool pool = p.tap >= 0;
            const int kx = (pool ? p.tap : i) % l.kw, ky = (pool ? p.tap : i) / l.kw % l.kh;
            const int block = (p.block + (pool ? i : i / (l.kw * l.kh))) % l.blocks;
            const int y = oy * l.stride_y - l.pad_top + ky * l.dilation_y, x = ox * l.stride_x - l.pad_left + kx * l.dilation_x;
            Word w{};
            w.pad = y < 0 || y >= l.in_h || x < 0 || x >= l.in_w;
            w.row = w.pad ? -1 : f * l.in_h + y;
            w.addr = w.pad ? 0 : (w.row % l.ring_rows) * l.row_words() + x * l.blocks + block;
            w.last_block = block == l.blocks - 1;
            w.first = i == 0;
            w.last = n == p.stop - 1;
            w.ifrt = p.ifrt + i;
            w.bank = patch_number % 2;
            w.row_start = ox == 0 && j == 0 && i == 0;
            w.frame_start = w.row_start && oy == 0;
            w.freed_before = f * l.in_h + std::min(std::max(oy * l.stride_y - l.pad_top, 0), l.in_h);
            words.push_back(w);
          }
        }
  return words;
}

void configure(Vdut& d, const Layer& l) {
  const int offset_bits = number_bits(kDepth) + 2;
  d.cfg_last_patch_i = static_cast<std::uint32_t>(l.patches.size() - 1);
  d.cfg_kh_i = static_cast<std::uint32_t>(l.kh);
  d.cfg_kw_i = static_cast<std::uint32_t>(l.kw);
  d.cfg_window_h_i = static_cast<std::uint32_t>(l.window_h());
  d.cfg_stride_y_i = static_cast<std::uint32_t>(l.stride_y);
  d.cfg_stride_x_i = static_cast<std::uint32_t>(l.stride_x);
  d.cfg_dilation_y_i = static_cast<std::uint32_t>(l.dilation_y);
  d.cfg_dilation_x_i = static_cast<std::uint32_t>(l.dilation_x);
  d.cfg_pad_top_i = static_cast<std::uint32_t>(std::max(l.pad_top, 0));
  d.cfg_skip_top_i = static_cast<std::uint32_t>(std::max(-l.pad_top, 0));
  d.cfg_pad_left_i = static_cast<std::uint32_t>(l.pad_left);
  d.cfg_in_h_i = static_cast<std::uint32_t>(l.in_h);
  d.cfg_in_w_i = static_cast<std::uint32_t>(l.in_w);
  d.cfg_out_h_i = static_cast<std::uint32_t>(l.out_h);
  d.cfg_out_w_i = static_cast<std::uint32_t>(l.out_w);
  d.cfg_frames_i = static_cast<std::uint32_t>(l.frames);
  d.cfg_blocks_i = static_cast<std::uint32_t>(l.blocks);
  d.cfg_row_words_i = static_cast<std::uint32_t>(l.row_words());
  d.cfg_ring_words_i = static_cast<std::uint32_t>(l.row_words() * l.ring_rows);
  d.cfg_x_step_i = static_cast<std::uint32_t>(l.stride_x * l.blocks);
  d.cfg_x_dilation_i = static_cast<std::uint32_t>(l.dilation_x * l.blocks);
  const auto ring_distance = [&](int rows) { return static_cast<std::uint32_t>(((rows % l.ring_rows + l.ring_rows) % l.ring_rows) * l.row_words()); };
  d.cfg_y_first_i = ring_distance(-l.pad_top);
  d.cfg_y_step_i = ring_distance(l.stride_y);
  d.cfg_y_dilation_i = ring_distance(l.dilation_y);
  put(d.cfg_x_first_i, 0, offset_bits, static_cast<std::uint64_t>(-static_cast<std::int64_t>(l.pad_left * l.blocks)));
  d.run_i = 0;
  d.rows_i = 0;
  d.bank_free_i = 0;
  d.clear_i = 1;
  tick(d);
  d.clear_i = 0;
  d.run_i = 1;
}

void read_ifat(Vdut& d, const Layer& l, bool re, int patch) {
  if (!re) return;
  CHECK(patch < static_cast<int>(l.patches.size()));
  const Patch& p = l.patches[static_cast<std::size_t>(patch) % l.patches.size()];
  d.ifat_start_i = static_cast<std::uint32_t>(p.start);
  d.ifat_stop_i = static_cast<std::uint32_t>(p.stop);
  d.ifat_block_i = static_cast<std::uint32_t>(p.block);
  d.ifat_ifrt_base_i = static_cast<std::uint32_t>(p.ifrt);
}

/// `arrive`: chance of a new row per cycle; `release`: chance that a full bank is given back. 100 and 100: no stalls,
/// and the cycles between words are checked. `stop_at` > 0: gives up early.
void one(Vdut& d, const Layer& l, int arrive, int release, int stop_at) {
  const std::vector<Word> words = expected_words(l);
  configure(d, l);
  const bool fast = arrive == 100 && release == 100;
  const int all_rows = l.frames * l.in_h;
  int arrived = 0, freed = 0;
  bool taken[2] = {false, false};
  std::deque<int> loaded;  // banks with a whole patch, oldest first
  std::size_t n = 0;
  bool in_row = false;  // the words of an output row have begun
  std::uint64_t begin = cycle, last_word = 0;
  int freed_then = 0;  // rows given back when the last output row ended
  int guard = 100 * static_cast<int>(words.size()) + 3000, after = 0;
  while ((after < 10 || freed < all_rows) && --guard) {
    if (stop_at > 0 && --stop_at == 0) return;
    if (fast)
      arrived = std::min(all_rows, freed + l.ring_rows);
    else if (arrived < all_rows && arrived - freed < l.ring_rows && chance(arrive))
      ++arrived;
    d.rows_i = static_cast<std::uint32_t>(arrived - freed);
    if (!loaded.empty() && chance(release)) {
      taken[loaded.front()] = false;
      loaded.pop_front();
    }
    d.bank_free_i = 0;
    settle(d);
    d.bank_free_i = !taken[d.req_bank_o];
    settle(d);

    if (n == words.size()) {
      CHECK_EQ(d.req_o, 0);
      ++after;
    } else {
      const Word& w = words[n];
      // Within an output row: a word in every cycle; only the first of a patch waits for its bank.
      if (in_row) CHECK_EQ(d.req_o, !w.first || !taken[w.bank]);
      if (d.req_o) {
        CHECK_EQ(d.req_bank_o, w.bank);
        CHECK_EQ(d.req_first_o, w.first);
        CHECK_EQ(d.req_last_o, w.last);
        CHECK_EQ(d.req_ifrt_o, w.ifrt);
        CHECK_EQ(d.req_pad_o, w.pad);
        CHECK_EQ(d.req_last_block_o, w.last_block);
        if (!w.pad) {
          CHECK_EQ(d.req_addr_o, w.addr);
          CHECK(w.row >= freed && w.row < arrived);  // complete, and not given back
        }
        if (w.first) CHECK(!taken[w.bank]);
        if (w.row_start) {
          if (!CHECK_EQ(freed, w.freed_before) && failures <= 20)
            std::printf(
                "  word %zu: kernel %dx%d, stride %d, padding %d,%d, input %dx%d, output %dx%d, ring of %d rows, "
                "frame start %d, %d rows arrived\n",
                n, l.kh, l.kw, l.stride_y, l.pad_top, l.pad_left, l.in_h, l.in_w, l.out_h, l.out_w, l.ring_rows,
                w.frame_start, arrived);
          if (fast && n == 0) CHECK_EQ(cycle - begin, 3 + std::max(-l.pad_top, 0));
          // A change of output row costs the freed rows and one cycle, a new frame one cycle more (docs/timing.md).
          if (fast && n > 0) CHECK_EQ(cycle - last_word - 1, freed - freed_then + (w.frame_start ? 2 : 1));
        }
        taken[w.bank] = true;
        if (w.last) loaded.push_back(w.bank);
        ++n;
        in_row = n < words.size() && !words[n].row_start;
        if (!in_row) {
          last_word = cycle;
          freed_then = freed;
        }
      }
    }
    if (d.free_o) {
      CHECK(arrived > freed);
      CHECK(!in_row);
      ++freed;
    }
    CHECK_EQ(d.err_ifat_o, 0);
    const bool re = d.ifat_re_o;
    const int patch = d.ifat_patch_o;
    tick(d);
    read_ifat(d, l, re, patch);
  }
  CHECK(guard > 0);
  CHECK_EQ(n, words.size());
  CHECK_EQ(freed, all_rows);  // every frame is given back whole
  // Idle: rows and banks that are there after the last frame start nothing.
  d.bank_free_i = 1;
  d.rows_i = static_cast<std::uint32_t>(l.ring_rows);
  for (int i = 0; i < 12; ++i) {
    settle(d);
    CHECK_EQ(d.req_o, 0);
    CHECK_EQ(d.free_o, 0);
    CHECK_EQ(d.ifat_re_o, 0);
    tick(d);
  }
  d.bank_free_i = 0;
  d.rows_i = 0;
}

/// An entry without words is flagged when it is read, and only such an entry.
void bad_entry(Vdut& d, Layer l) {
  l.patches.clear();
  const int window = kVector > 0 ? std::min(l.kh * l.kw, kVector) : l.kh * l.kw, bad = static_cast<int>(pick(0, kMaxPatches - 1));
  for (int j = 0; j < kMaxPatches; ++j) l.patches.push_back({0, window, 0, 0});
  l.patches[static_cast<std::size_t>(bad)].start = window + (chance(50) ? 0 : 1);
  configure(d, l);
  int errors = 0, firsts = 0, words = 0;
  bool before = false;
  for (int i = 0; i < 400; ++i) {
    d.rows_i = static_cast<std::uint32_t>(l.ring_rows);
    d.bank_free_i = 1;
    settle(d);
    if (d.req_o && d.req_first_o) ++firsts;
    words += d.req_o;
    if (d.err_ifat_o) {
      ++errors;
      // The entry is read one patch ahead.
      CHECK_EQ(firsts % kMaxPatches, bad);
      if (kMaxPatches > 1) CHECK(!before);
    }
    before = d.err_ifat_o;
    const bool re = d.ifat_re_o;
    const int patch = d.ifat_patch_o;
    tick(d);
    read_ifat(d, l, re, patch);
  }
  CHECK(errors > 0);
}

void test(Vdut& d) {
  d.clear_i = d.run_i = 0;
  d.rows_i = 0;
  d.bank_free_i = 0;
  reset(d);
  for (int i = 0; i < 40; ++i) one(d, random_layer(), 100, 100, 0);
  for (int i = 0; i < 60; ++i) one(d, random_layer(), static_cast<int>(pick(2, 60)), static_cast<int>(pick(3, 100)), 0);
  for (int i = 0; i < 30; ++i) one(d, random_layer(), 40, 60, static_cast<int>(pick(2, 200)));
  for (const Large large : {Large::KernelRow, Large::KernelColumn, Large::Map, Large::Frames})
    for (int i = 0; i < 6; ++i) one(d, random_layer(large), 90, 90, 0);
  for (int i = 0; i < 10; ++i) bad_entry(d, random_layer());
  one(d, random_layer(), 100, 100, 0);
}

}  // namespace

int main() { return RUN(test); }
