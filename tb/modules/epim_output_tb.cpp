// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Packing of random runs into words, partial last words, `tlast`, back pressure, latency, clear.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kLanes = P_Lanes, kBits = P_OutBits, kJoint = P_JointLanes;

struct Beat {
  std::vector<std::uint64_t> channels;
  bool last = false, all = false;
  std::uint64_t earliest = 0;  // cycle after the run that filled or ended it
};
struct Run {
  std::vector<std::uint64_t> channels;
  int offset = 0;
  bool end_round = false, end_frame = false, end_all = false;
};

/// Positions of `channels` channels, cut into runs at random; `positions` per frame, `frames` frames.
std::deque<Run> make_runs(int channels, int positions, int frames) {
  std::deque<Run> runs;
  for (int f = 0; f < frames; ++f)
    for (int p = 0; p < positions; ++p)
      for (int done = 0; done < channels;) {
        Run r;
        const int count = static_cast<int>(pick(1, std::min(kJoint, channels - done)));
        for (int i = 0; i < count; ++i) r.channels.push_back(random_bits(kBits));
        r.offset = static_cast<int>(pick(0, kJoint - count));
        done += count;
        r.end_round = done == channels;
        r.end_frame = r.end_round && p == positions - 1;
        r.end_all = r.end_frame && f == frames - 1;
        runs.push_back(r);
      }
  return runs;
}

void one(Vdut& d, int channels, int positions, int frames, int valid_percent, int ready_percent) {
  std::deque<Run> runs = make_runs(channels, positions, frames);
  std::deque<Beat> beats;
  std::vector<std::uint64_t> word;
  bool held = false, done = false;
  std::uint64_t held_word = 0;
  int guard = 200000;
  while ((!runs.empty() || !beats.empty()) && --guard) {
    const bool offer = !runs.empty() && chance(valid_percent);
    d.valid_i = offer;
    for (int i = 0; i < kJoint; ++i) put(d.data_i, i * kBits, kBits, random_bits(kBits));  // lanes outside the run
    d.count_i = 0;
    d.offset_i = 0;
    d.end_round_i = d.end_frame_i = d.end_all_i = 0;
    if (offer) {
      const Run& r = runs.front();
      d.count_i = static_cast<std::uint32_t>(r.channels.size());
      d.offset_i = static_cast<std::uint32_t>(r.offset);
      for (std::size_t i = 0; i < r.channels.size(); ++i)
        put(d.data_i, (r.offset + static_cast<int>(i)) * kBits, kBits, r.channels[i]);
      d.end_round_i = r.end_round;
      d.end_frame_i = r.end_frame;
      d.end_all_i = r.end_all;
    }
    d.m_ready_i = chance(ready_percent);
    settle(d);
    // Beats: in order, as soon as the stream is free, and stable while they wait.
    CHECK_EQ(d.m_valid_o, !beats.empty() && beats.front().earliest <= cycle);
    const bool accepted = d.m_valid_o && d.m_ready_i;
    CHECK_EQ(d.beat_o, accepted);
    if (d.m_valid_o && !beats.empty()) {
      const Beat& b = beats.front();
      for (int l = 0; l < kLanes; ++l)
        CHECK_EQ(get(d.m_data_o, l * kBits, kBits),
                 static_cast<std::size_t>(l) < b.channels.size() ? b.channels[static_cast<std::size_t>(l)] : 0);
      CHECK_EQ(d.m_last_o, b.last);
      CHECK_EQ(d.done_o, b.all && d.m_ready_i);
    } else {
      CHECK_EQ(d.done_o, 0);
    }
    if (held) CHECK_EQ(get(d.m_data_o, 0, std::min(64, kLanes * kBits)), held_word);
    held = d.m_valid_o && !d.m_ready_i;
    held_word = get(d.m_data_o, 0, std::min(64, kLanes * kBits));
    // The pipeline waits for the stream, and one more accepted cycle when one run made two words; for nothing else.
    const bool two = beats.size() == 2;
    CHECK_EQ(d.en_o, !held && !two);
    done = done || d.done_o;
    if (accepted && !beats.empty()) {
      beats.pop_front();
      if (!beats.empty()) beats.front().earliest = std::max(beats.front().earliest, cycle + 1);
    }
    if (offer && d.en_o) {
      const Run r = runs.front();
      runs.pop_front();
      std::vector<Beat> made;
      for (const std::uint64_t c : r.channels) {
        word.push_back(c);
        if (static_cast<int>(word.size()) == kLanes) {
          made.push_back({word});
          word.clear();
        }
      }
      if (r.end_round && !word.empty()) {
        made.push_back({word});
        word.clear();
      }
      for (std::size_t i = 0; i < made.size(); ++i) {
        made[i].earliest = cycle + 1 + i;
        made[i].last = r.end_frame && i + 1 == made.size();
        made[i].all = r.end_all && i + 1 == made.size();
        beats.push_back(made[i]);
      }
    }
    tick(d);
  }
  CHECK(guard > 0);
  CHECK(done);
}

void test(Vdut& d) {
  d.clear_i = 0;
  d.valid_i = 0;
  d.m_ready_i = 0;
  reset(d);
  for (int channels = 1; channels <= 2 * kLanes + 3; ++channels) one(d, channels, 3, 2, 100, 100);
  for (int i = 0; i < 30; ++i)
    one(d, static_cast<int>(pick(1, 5 * kLanes)), static_cast<int>(pick(1, 9)), static_cast<int>(pick(1, 3)),
        static_cast<int>(pick(30, 100)), static_cast<int>(pick(20, 100)));
  // Clear in the middle of a word and with a beat waiting, also the last one of all frames: the beat stays as it is
  // until it is taken and belongs to no run; nothing else is sent later.
  for (int round = 0; round < 12; ++round) {
    const bool taken_with_clear = round % 3 == 2;
    d.m_ready_i = 0;
    d.valid_i = 1;
    d.count_i = kJoint;
    d.offset_i = 0;
    d.end_round_i = d.end_frame_i = d.end_all_i = round % 2;
    for (int i = 0; i < kJoint; ++i) put(d.data_i, i * kBits, kBits, random_bits(kBits));
    for (int i = 0; i < kLanes + 1; ++i) tick(d);
    CHECK_EQ(d.m_valid_o, 1);
    std::vector<std::uint64_t> offered;
    for (int l = 0; l < kLanes; ++l) offered.push_back(get(d.m_data_o, l * kBits, kBits));
    const bool last = d.m_last_o;
    d.valid_i = 0;
    d.end_round_i = d.end_frame_i = d.end_all_i = 0;
    d.clear_i = 1;
    d.m_ready_i = taken_with_clear;
    tick(d);
    d.clear_i = 0;
    d.m_ready_i = 0;
    settle(d);
    CHECK_EQ(d.m_valid_o, !taken_with_clear);
    for (int i = 0; !taken_with_clear && i < 5; ++i) {
      d.m_ready_i = i == 4;
      settle(d);
      CHECK_EQ(d.m_valid_o, 1);
      for (int l = 0; l < kLanes; ++l)
        CHECK_EQ(get(d.m_data_o, l * kBits, kBits), offered[static_cast<std::size_t>(l)]);
      CHECK_EQ(d.m_last_o, last);
      CHECK_EQ(d.en_o, i == 4);
      CHECK_EQ(d.beat_o, 0);
      CHECK_EQ(d.done_o, 0);
      tick(d);
    }
    CHECK_EQ(d.m_valid_o, 0);
    CHECK_EQ(d.en_o, 1);
    one(d, static_cast<int>(pick(1, 3 * kLanes)), 2, 1, 100, 70);
  }
}

}  // namespace

int main() { return RUN(test); }
