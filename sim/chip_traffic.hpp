// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Images through a chip without a prediction of their cycles: the checks of a chip's control start and stop it as they like.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "gen/chip/chip.hpp"
#include "gen/core/synthetic.hpp"
#include "sim/chip_host.hpp"

namespace epim {

class ChipTraffic {
 public:
  /// Both streams stall in `percent` of the cycles.
  ChipTraffic(const ChipDesign& chip, ChipHost& host, std::uint64_t seed, int percent);
  ~ChipTraffic();
  ChipTraffic(const ChipTraffic&) = delete;
  ChipTraffic& operator=(const ChipTraffic&) = delete;
  void send(const IntTensor& image);   ///< behind what waits
  void cut();                          ///< ends the image that was sent last two words early
  void expect(const IntTensor& map);   ///< of an image; every word that comes out must be one of them, in order
  void forget() { out_.clear(); }      ///< what was expected will not come
  void forget_last(std::size_t words) { out_.resize(out_.size() - words); }
  void hold_output(bool held) { held_ = held; }  ///< m_axis takes nothing
  bool output_waits() const { return out_valid_.high() && !out_ready_.high(); }
  /// One clock. The streams go on in every clock of the host, those of bus accesses too.
  void cycle() { host_.tick(); }
  /// Clocks until all words are out, and in; at most `limit`.
  void finish(std::int64_t limit = 20000);
  std::size_t waits_in() const { return in_.size(); }
  std::size_t waits_out() const { return out_.size(); }
  /// Between two images of the input: the next word, if any, begins one.
  bool between() const { return between_; }

 private:
  void step();
  struct Word {
    std::vector<std::int64_t> lanes;
    bool last = false;
  };
  const ChipDesign& chip_;
  ChipHost& host_;
  Signal in_valid_, in_ready_, in_data_, in_last_, out_valid_, out_ready_, out_data_, out_last_;
  Random random_;
  int percent_;
  std::deque<Word> in_, out_;
  bool offered_ = false, between_ = true, held_ = false;
};

}  // namespace epim
