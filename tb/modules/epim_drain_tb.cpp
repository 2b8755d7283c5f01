// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Reads of random ranges and copies in output channel order; ends of range, round, frame; gaps; stalls.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kPeCols = P_PeCols, kXbCols = P_XbCols, kAdcs = P_Adcs, kJoint = P_JointLanes, kChannelW = P_ChannelW;

int csteps() { return ceil_div(kXbCols, kAdcs); }
int groups() { return ceil_div(kAdcs, kJoint); }
int lane_bits() { return index_bits(kJoint); }
int group_bits() { return index_bits(groups()); }
int cstep_bits() { return index_bits(csteps()); }
int column_bits() { return index_bits(kPeCols) + cstep_bits() + group_bits() + lane_bits(); }

struct Place {
  int pe_col, cstep, group, lane;
};
Place place_of(int column) {
  const int in_pe = column % kXbCols, adc = in_pe % kAdcs;
  return {column / kXbCols, in_pe / kAdcs, adc / kJoint, adc % kJoint};
}
std::uint64_t pack(int column) {
  const Place p = place_of(column);
  return static_cast<std::uint64_t>(((p.pe_col << cstep_bits() | p.cstep) << group_bits() | p.group) << lane_bits() |
                                    p.lane);
}

struct Read {
  Place place;
  int bank, param, offset, count;
  bool end_range, end_round, end_frame, end_all;
  std::uint64_t range;  // its number
};
struct Range {
  bool end_round;
  int start, stop, first, last, bank;
};

/// `stop_at` > 0: gives up after that many cycles.
void one(Vdut& d, int out_w, int out_h, int frames, int offer_percent, int en_percent, int stop_at = 0) {
  // The ranges of one round repeat at every output position.
  std::vector<Range> round;
  const int ranges = static_cast<int>(pick(1, 4));
  int channel = 0;
  for (int r = 0; r < ranges; ++r) {
    Range range{};
    const int columns = kPeCols * kXbCols;
    range.first = static_cast<int>(pick(0, columns - 1));
    range.last =
        static_cast<int>(chance(20) ? columns - 1 : pick(range.first, std::min(columns - 1, range.first + 3 * kAdcs)));
    const int width = range.last - range.first + 1;
    const int copies = chance(60) ? 1 : static_cast<int>(pick(2, 4));
    range.start = channel;
    range.stop = channel + width * copies;
    if (range.stop > static_cast<int>(mask(kChannelW))) {
      range.stop = channel + width;
      if (range.stop > static_cast<int>(mask(kChannelW))) break;
    }
    channel = range.stop;
    round.push_back(range);
  }
  for (std::size_t r = 0; r < round.size(); ++r) round[r].end_round = r + 1 == round.size();

  std::vector<Range> offers;
  std::deque<Read> expected;
  for (int frame = 0; frame < frames; ++frame)
    for (int position = 0; position < out_w * out_h; ++position) {
      int param = 0;
      for (Range range : round) {
        range.bank = static_cast<int>(offers.size() % 2);
        for (int c = range.start; c < range.stop; ++c) {
          const int column = range.first + (c - range.start) % (range.last - range.first + 1);
          const Place p = place_of(column);
          const bool same = column != range.first && !expected.empty() && expected.back().range == offers.size() &&
                            expected.back().place.pe_col == p.pe_col && expected.back().place.cstep == p.cstep &&
                            expected.back().place.group == p.group;
          if (same)
            ++expected.back().count;
          else
            expected.push_back({p, range.bank, param++, p.lane, 1, false, false, false, false, offers.size()});
        }
        Read& last = expected.back();
        last.end_range = true;
        last.end_round = range.end_round;
        last.end_frame = last.end_round && position == out_w * out_h - 1;
        last.end_all = last.end_frame && frame == frames - 1;
        offers.push_back(range);
      }
    }

  d.cfg_out_w_i = static_cast<std::uint32_t>(out_w);
  d.cfg_out_h_i = static_cast<std::uint32_t>(out_h);
  d.cfg_frames_i = static_cast<std::uint32_t>(frames);
  d.range_valid_i = 0;
  d.en_i = 1;
  d.clear_i = 1;
  tick(d);
  d.clear_i = 0;
  std::size_t next = 0;   // range to offer
  std::size_t taken = 0;  // ranges taken: their reads may come
  bool offered = false;
  int idle = 0;
  for (int cycles = 0; idle < 3; ++cycles) {
    if (stop_at > 0 && cycles == stop_at) return;
    if (!offered && next < offers.size() && chance(offer_percent)) offered = true;
    d.range_valid_i = offered;
    d.range_bank_i = offered ? static_cast<std::uint32_t>(offers[next].bank) : 0;
    if (offered) {
      const Range& r = offers[next];
      int lsb = 0;
      put(d.range_i, lsb, column_bits(), pack(r.last));
      put(d.range_i, lsb += column_bits(), column_bits(), pack(r.first));
      put(d.range_i, lsb += column_bits(), kChannelW, static_cast<std::uint64_t>(r.stop));
      put(d.range_i, lsb += kChannelW, kChannelW, static_cast<std::uint64_t>(r.start));
      put(d.range_i, lsb += kChannelW, 1, r.end_round);
    }
    d.en_i = chance(en_percent);
    settle(d);
    // A taken range is read without gaps from the cycle after, one group in every cycle that advances.
    const bool reading = !expected.empty() && expected.front().range < taken;
    CHECK_EQ(d.rd_o, reading && d.en_i);
    bool ends = false;
    if (reading && d.en_i) {
      const Read& r = expected.front();
      CHECK_EQ(d.rd_bank_o, r.bank);
      CHECK_EQ(d.rd_pe_col_o, r.place.pe_col);
      CHECK_EQ(d.rd_cstep_o, r.place.cstep);
      CHECK_EQ(d.rd_group_o, r.place.group);
      CHECK_EQ(d.rd_param_o, r.param % (1 << index_bits(P_ParamDepth)));
      CHECK_EQ(d.rd_offset_o, r.offset);
      CHECK_EQ(d.rd_count_o, r.count);
      CHECK_EQ(d.rd_end_range_o, r.end_range);
      CHECK_EQ(d.rd_end_round_o, r.end_round);
      CHECK_EQ(d.rd_end_frame_o, r.end_frame);
      CHECK_EQ(d.rd_end_all_o, r.end_all);
      ends = r.end_range;
      expected.pop_front();
    }
    const bool free = !reading || ends;
    CHECK_EQ(d.range_take_o, offered && free && d.en_i);
    if (d.range_take_o && offered) {
      offered = false;
      ++next;
      ++taken;
    }
    idle = expected.empty() ? idle + 1 : 0;
    tick(d);
  }
  CHECK_EQ(next, offers.size());
}

void test(Vdut& d) {
  d.clear_i = 0;
  d.en_i = 0;
  d.range_valid_i = 0;
  reset(d);
  for (int i = 0; i < 10; ++i) one(d, 2, 2, 2, 100, 100);
  for (int i = 0; i < 60; ++i)
    one(d, static_cast<int>(pick(1, 4)), static_cast<int>(pick(1, 3)), static_cast<int>(pick(1, 3)),
        static_cast<int>(pick(20, 100)), static_cast<int>(pick(30, 100)));
  // Cleared in the middle of a run.
  for (int i = 0; i < 20; ++i) {
    one(d, 4, 3, 3, 90, 90, static_cast<int>(pick(2, 120)));
    one(d, 2, 2, 2, 90, 90);
  }
  // Long rows, tall maps, many frames: the bits of the counts. One that takes its values in another order meets some ends
  // in time, not all.
  for (int i = 0; i < 6; ++i) {
    const int length = static_cast<int>(pick(16, 255));
    one(d, length, 1, 2, 100, 100);
    one(d, 1, length, 2, 100, 100);
    one(d, 1, 1, length, 100, 100);
  }
}

}  // namespace

int main() { return RUN(test); }
