// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Compares what the RTL does at every stage with the golden model, as it happens.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden/evaluate.hpp"

namespace epim {

/// First difference between RTL and golden model: stage, coordinates, both values.
class Mismatch : public std::runtime_error {
 public:
  Mismatch(std::string stage, const std::string& text) : std::runtime_error(text), stage_(std::move(stage)) {}
  const std::string& stage() const { return stage_; }

 private:
  std::string stage_;
};

/// Follows one run of `frames` inputs through input register, psum, accumulator and output. Every call throws Mismatch
/// at the first difference. Rounds are evaluated once, when their first stage is reached.
class Scoreboard {
 public:
  Scoreboard(const GoldenLayer& golden, const std::vector<IntTensor>& inputs);

  /// Word lines of input step `step` of the firing that runs: digit d of row r is bit d*rows + r.
  template <class WordLines> void word_lines(const WordLines& bit_at, bool first_step);
  /// A finished column step: psum_at(t, u, lane).
  template <class PsumAt> void psums(int cstep, const PsumAt& psum_at);
  /// An accumulator write: acc_at(u, i) of group `group` of column step `cstep`; `closes` ends the range.
  template <class AccAt> void accumulate(int cstep, int group, bool closes, const AccAt& acc_at);
  /// An output beat: channel_at(lane) as the low out_bits bits; `last` as seen on the stream.
  template <class ChannelAt> void beat(const ChannelAt& channel_at, bool last);

  bool done() const { return out_round_ == rounds_; }
  /// Outputs of the frames so far: [stored_cout][out_h][out_w] each.
  const std::vector<IntTensor>& outputs() const { return outputs_; }
  /// Events of all rounds that reached the first stage (input_buffer_writes and idle_cycles are the caller's).
  const EventCounts& events() const { return events_; }

 private:
  struct Place {
    int frame, oy, ox;
  };
  Place place(std::int64_t round) const;
  RoundTrace& round(std::int64_t index);
  void forget();
  std::string where(std::int64_t round) const;

  const GoldenLayer& golden_;
  const std::vector<IntTensor>& inputs_;
  std::int64_t rounds_, positions_;
  std::deque<RoundTrace> window_;
  std::vector<RoundTrace> spare_;
  std::int64_t window_first_ = 0, evaluated_ = 0;
  EventCounts events_;
  std::vector<IntTensor> outputs_;

  // Where each stage is.
  std::int64_t wl_round_ = 0, psum_round_ = 0, acc_round_ = 0, out_round_ = 0;
  int wl_firing_ = 0, wl_step_ = 0, wl_read_ = 0, wl_cstep_ = 0;
  int psum_firing_ = 0, psum_csteps_ = 0, psum_columns_ = 0;
  int acc_range_ = 0;
  int out_channel_ = 0;
  std::vector<std::int64_t> shadow_;  ///< accumulators as written
};

}  // namespace epim

#include "sim/scoreboard_stages.hpp"
