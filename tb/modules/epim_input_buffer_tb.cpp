// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rows through the ring with random stalls; frames that end early or late; reads one cycle after `re_i`; aborts, after
/// which the rest of a frame that has begun is dropped.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kDepth = P_Depth, kWidth = P_Width, kDim = P_DimW;
using Word = std::vector<std::uint64_t>;

int chunks() { return ceil_div(kWidth, 64); }
int chunk(int i) { return std::min(64, kWidth - 64 * i); }

struct Setting {
  int row_words, ring_rows, in_h, frames;
  int valid, free, mistakes;  // percent
};

/// What the aborted run before left in the stream: a frame that has begun, without its `tlast` so far.
bool dropping = false, in_frame_before = false;

/// `stop_at` > 0: give up after that many cycles and abort.
void one(Vdut& d, Setting s, int stop_at) {
  d.cfg_row_words_i = static_cast<std::uint32_t>(s.row_words);
  d.cfg_ring_rows_i = static_cast<std::uint32_t>(s.ring_rows);
  d.cfg_ring_words_i = static_cast<std::uint32_t>(s.row_words * s.ring_rows);
  d.cfg_in_h_i = static_cast<std::uint32_t>(s.in_h);
  d.cfg_frames_i = static_cast<std::uint32_t>(s.frames);
  d.run_i = 0;
  d.s_valid_i = 0;
  d.free_i = 0;
  d.re_i = 0;
  d.clear_i = 1;
  tick(d);
  d.clear_i = 0;
  // The rest of a frame that was cut off goes before the first word of the new one, with or without a run.
  CHECK_EQ(dropping, in_frame_before);
  for (int n = static_cast<int>(pick(1, 9)); dropping;) {
    d.run_i = chance(50);
    d.s_valid_i = chance(70);
    d.s_last_i = n == 1;
    settle(d);
    CHECK_EQ(d.s_ready_o, 1);
    CHECK_EQ(d.write_o, 0);
    CHECK_EQ(d.err_length_o, 0);
    if (d.s_valid_i && n-- == 1) dropping = false;
    tick(d);
  }
  in_frame_before = false;
  d.s_valid_i = 0;
  d.run_i = 0;
  const int frame_words = s.row_words * s.in_h;

  std::vector<Word> words;  // every word of the run, in order: word n is at n modulo the ring
  int freed = 0;            // rows given back
  int in_frame = 0;         // words of the running frame
  int frames = 0;
  int sent = 0;              // words of the running frame that were sent
  int length = frame_words;  // at which the sender puts tlast
  bool fill = false, drop = false, offered = false, last_sent = false;
  bool read = false;
  Word read_word;
  int waits = 0;
  const auto new_length = [&] {
    sent = 0;
    length = chance(s.mistakes) ? static_cast<int>(pick(1, 2 * frame_words)) : frame_words;
  };
  new_length();
  for (int i = 0; i < 60 * frame_words * s.frames + 500; ++i) {
    if (stop_at > 0 && i >= stop_at) {
      // An abort, with or without a word accepted in the same cycle; or none, and the rest is not waited for.
      d.run_i = 1;
      d.free_i = 0;
      d.re_i = 0;
      if (!offered && chance(50)) {
        offered = true;
        d.s_last_i = sent + 1 == length;
      }
      d.s_valid_i = offered;
      d.clear_i = d.abort_i = 1;
      settle(d);
      const bool taken = d.s_valid_i && d.s_ready_o;
      bool begun = sent > 0;
      if (taken) begun = !d.s_last_i;
      tick(d);
      d.clear_i = d.abort_i = 0;
      d.run_i = 0;
      d.s_valid_i = 0;
      settle(d);
      CHECK_EQ(d.rows_o, 0);
      CHECK_EQ(d.s_ready_o, begun);
      dropping = in_frame_before = begun;
      if (begun && chance(30)) {  // given up: the next frame follows at once
        d.forget_i = 1;
        tick(d);
        d.forget_i = 0;
        dropping = in_frame_before = false;
        CHECK_EQ(d.s_ready_o, 0);
      } else if (!begun && chance(30)) {  // asked for
        d.drop_i = 1;
        tick(d);
        d.drop_i = 0;
        dropping = in_frame_before = true;
        CHECK_EQ(d.s_ready_o, 1);
      }
      return;
    }
    const int rows = static_cast<int>(words.size()) / s.row_words - freed;
    const bool over = frames == s.frames;
    if (over && !drop && rows == 0 && waits++ > 5) break;
    d.run_i = i < 2 ? 0 : chance(97);
    if (!offered && chance(s.valid)) {
      offered = true;
      for (int c = 0; c < chunks(); ++c) put(d.s_data_i, 64 * c, chunk(c), random_bits(chunk(c)));
      d.s_last_i = sent + 1 == length;
    }
    d.s_valid_i = offered;
    d.free_i = rows > 0 && chance(s.free);
    // Read any word of a complete or running row, also the one written in the last cycle.
    const int oldest = freed * s.row_words, newest = static_cast<int>(words.size()) - 1;
    d.re_i = newest >= oldest && chance(70);
    if (d.re_i) {
      const int n = chance(30) ? newest : static_cast<int>(pick(oldest, newest));
      d.raddr_i = static_cast<std::uint32_t>(n % (s.row_words * s.ring_rows));
      read = true;
      read_word = words[static_cast<std::size_t>(n)];
    }
    settle(d);

    CHECK_EQ(d.rows_o, rows);
    const bool space = rows < s.ring_rows, taking = d.run_i && !over && !fill && !drop;
    if (d.run_i || !drop) CHECK_EQ(d.s_ready_o, (taking && space) || drop);
    const bool accept = d.s_valid_i && d.s_ready_o;
    bool error = false;
    if (fill) {
      // Zero words complete the frame, one per cycle while there is space.
      CHECK_EQ(d.write_o, d.run_i && space);
    } else {
      CHECK_EQ(d.write_o, accept && !drop);
    }
    if (d.write_o) {
      Word w(static_cast<std::size_t>(chunks()), 0);
      if (!fill)
        for (int c = 0; c < chunks(); ++c) w[static_cast<std::size_t>(c)] = get(d.s_data_i, 64 * c, chunk(c));
      words.push_back(w);
      ++in_frame;
      const bool ends = in_frame == frame_words;
      if (!fill) {
        error = static_cast<bool>(d.s_last_i) != ends;
        if (d.s_last_i && !ends) fill = true;
        if (!d.s_last_i && ends) drop = true;
      } else if (ends) {
        fill = false;
      }
      if (ends) {
        in_frame = 0;
        ++frames;
      }
    } else if (accept && drop && d.s_last_i) {
      drop = false;
    }
    CHECK_EQ(d.err_length_o, error);
    if (accept) {
      offered = false;
      last_sent = d.s_last_i;
      ++sent;
      if (last_sent) new_length();
    }
    if (d.free_i) ++freed;
    tick(d);
    if (read)
      for (int c = 0; c < chunks(); ++c)
        CHECK_EQ(get(d.rdata_o, 64 * c, chunk(c)), read_word[static_cast<std::size_t>(c)]);
  }
  CHECK_EQ(frames, s.frames);
  CHECK_EQ(words.size(), frame_words * s.frames);
}

Setting random_setting(int mistakes) {
  Setting s{};
  s.row_words = static_cast<int>(pick(1, std::min(12, kDepth)));
  s.ring_rows = static_cast<int>(pick(1, std::min(5, kDepth / s.row_words)));
  if (chance(30)) s.ring_rows = kDepth / s.row_words;
  s.in_h = static_cast<int>(pick(1, 6));
  s.frames = static_cast<int>(pick(1, 4));
  s.valid = static_cast<int>(pick(20, 100));
  s.free = static_cast<int>(pick(5, 60));
  s.mistakes = mistakes;
  return s;
}

void test(Vdut& d) {
  d.clear_i = d.abort_i = d.drop_i = d.forget_i = 0;
  d.run_i = 0;
  d.free_i = 0;
  d.re_i = 0;
  d.s_valid_i = 0;
  reset(d);
  // Full speed, nothing given back until the ring is full: one word per cycle, then the stream waits.
  one(d, {4, 3, 9, 1, 100, 3, 0}, 0);
  one(d, {1, 1, 1, 3, 100, 50, 0}, 0);
  // A tall map and many frames: every bit of the counts.
  one(d, {1, 3, 203, 1, 90, 60, 0}, 0);
  one(d, {1, 3, 1, 211, 90, 60, 0}, 0);
  one(d, {1, 2, 37, 2, 90, 60, 0}, 0);
  // A count that takes its values in another order meets some ends in time, not all.
  for (int i = 0; i < 8; ++i) {
    one(d, {1, 3, static_cast<int>(pick(16, 255)), 1, 90, 60, 0}, 0);
    one(d, {1, 3, 1, static_cast<int>(pick(16, 255)), 90, 60, 0}, 0);
    one(d, {static_cast<int>(pick(kDepth / 2, kDepth)), 1, 3, 2, 90, 60, 0}, 0);
  }
  for (int i = 0; i < 60; ++i) one(d, random_setting(0), 0);
  for (int i = 0; i < 120; ++i) one(d, random_setting(50), 0);
  for (int i = 0; i < 60; ++i) one(d, random_setting(chance(50) ? 60 : 0), static_cast<int>(pick(3, 60)));
  one(d, random_setting(0), 0);
}

}  // namespace

int main() {
  static_assert(kDim >= 8);
  return RUN(test);
}
