// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Bytes both ways at once, with random gaps, a clock up to 2 % off on the receive line, single-clock noise on the idle
/// line, framing errors and breaks.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

/// What the line should give: a byte, an error or a break.
constexpr int kError = 256, kBreak = 257;

struct Line {
  std::vector<bool> level;      ///< per clock
  std::deque<int> expected;
  void hold(bool v, int clocks) { level.insert(level.end(), static_cast<std::size_t>(clocks), v); }
};

Line make_line(int items, int percent_off) {
  Line l;
  double now = 0, end = 0;
  const double bit = P_ClocksPerBit * (1.0 + percent_off / 100.0);
  const auto drive = [&](bool v, double bits) {
    end += bits * bit;
    for (; now + 0.5 < end; ++now) l.level.push_back(v);
  };
  for (int i = 0; i < items; ++i) {
    if (chance(30)) drive(true, static_cast<double>(pick(1, 30)) / 10);
    // A dip that is over before the middle of a start bit; a short bit has no room for one.
    if (P_ClocksPerBit >= 8 && chance(20)) {
      l.hold(true, 2 * P_ClocksPerBit);
      l.hold(false, P_ClocksPerBit / 2 - 2);
      l.hold(true, 2 * P_ClocksPerBit);
      now = end = 0;
    }
    const int byte = static_cast<int>(random_bits(8));
    const int kind = chance(80) ? byte : (chance(50) ? kBreak : (byte == 0 ? 1 : byte) | 512);
    if (kind == kBreak) {
      drive(false, static_cast<double>(pick(10, 25)));
      drive(true, 1.5);
      l.expected.push_back(kBreak);
      continue;
    }
    drive(false, 1);
    for (int b = 0; b < 8; ++b) drive(kind >> b & 1, 1);
    drive(kind < 512, 1);
    if (kind >= 512) drive(true, 1.5);
    l.expected.push_back(kind >= 512 ? kError : kind);
  }
  drive(true, 12);
  return l;
}

void test(Vdut& d) {
  d.rx_i = 1;
  d.tx_valid_i = 0;
  reset(d);
  for (int off : {0, -2, 2}) {
    // A bit of few clocks is sampled too coarsely for a clock that is off.
    Line line = make_line(200, P_ClocksPerBit >= 16 ? off : 0);
    std::deque<int> sent;
    int tx_state = -1, tx_bit = 0, tx_value = 0;
    bool tx_stop_seen = true;
    for (std::size_t t = 0; t < line.level.size(); ++t) {
      d.rx_i = line.level[t];
      const bool offer = chance(3);
      d.tx_valid_i = offer;
      d.tx_data_i = static_cast<std::uint8_t>(random_bits(8));
      settle(d);
      if (d.tx_ready_o) CHECK_EQ(d.tx_o, 1);
      if (offer && d.tx_ready_o) {
        CHECK_EQ(sent.empty(), true);
        sent.push_back(d.tx_data_i);
      }
      const int events = d.rx_valid_o + d.rx_error_o + d.rx_break_o;
      CHECK_EQ(events <= 1, true);
      if (events) {
        const int got = d.rx_break_o ? kBreak : d.rx_error_o ? kError : d.rx_data_o;
        CHECK_EQ(line.expected.empty(), false);
        if (!line.expected.empty()) {
          CHECK_EQ(got, line.expected.front());
          line.expected.pop_front();
        }
      }
      // The transmitted line, sampled at the middle of each bit; every bit lasts exactly ClocksPerBit.
      if (tx_state < 0 && d.tx_o == 0) {
        tx_state = 0;
        tx_bit = tx_value = 0;
        CHECK_EQ(tx_stop_seen, true);
      }
      if (tx_state >= 0) {
        if (tx_state == 0 || tx_state == P_ClocksPerBit - 1) {
          const int want = tx_bit == 0 ? 0 : tx_bit == 9 ? 1 : (sent.front() >> (tx_bit - 1)) & 1;
          CHECK_EQ(d.tx_o, want);
        }
        if (++tx_state == P_ClocksPerBit) {
          tx_state = 0;
          if (++tx_bit == 10) {
            tx_state = -1;
            sent.pop_front();
          }
        }
      }
      tick(d);
    }
    CHECK_EQ(line.expected.size(), 0);
    d.tx_valid_i = 0;
    d.rx_i = 1;
    for (int i = 0; i < 12 * P_ClocksPerBit; ++i) tick(d);
  }
}

}  // namespace

int main() { return RUN(test); }
