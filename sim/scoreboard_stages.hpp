// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The stages of the scoreboard: templates over how a signal is read.
#pragma once
#include <fmt/format.h>

#include "sim/scoreboard.hpp"

namespace epim {

template <class WordLines> void Scoreboard::word_lines(const WordLines& bit_at, bool first_step) {
  const Hardware& hw = golden_.layer_hardware();
  if (wl_round_ == rounds_) throw Mismatch("input register", "the array fires after the last output position");
  RoundTrace& trace = round(wl_round_);
  const auto& rows = trace.firings[static_cast<std::size_t>(wl_firing_)].rows;
  if (first_step != (wl_step_ == 0 && wl_read_ == 0))
    throw Mismatch("input register", where(wl_round_) + fmt::format(", firing {}: input step {}, read {} is marked {}", wl_firing_,
                                                                    wl_step_, wl_read_, first_step ? "first" : "not first"));
  const std::vector<int>& groups = golden_.row_groups(wl_firing_);
  if (wl_cstep_ == 0) {  // the other column steps see the same word lines; their psums are compared
    const int first = hw.step_first_bit(wl_step_), width = hw.step_width(wl_step_);
    const int n = static_cast<int>(rows.size());
    for (int d = 0; d < hw.dac_bits; ++d)
      for (int r = 0; r < n; ++r) {
        const bool read = r % hw.xb_rows / hw.read_rows() == groups[static_cast<std::size_t>(wl_read_)];
        const int want = read && d < width ? rows[static_cast<std::size_t>(r)] >> (first + d) & 1 : 0;
        if (bit_at(d * n + r) != (want != 0))
          throw Mismatch("input register",
                         where(wl_round_) + fmt::format(", patch {}, PE row {}, word line {}, input step {}, digit {}: RTL {} golden {}",
                                                        golden_.firings()[static_cast<std::size_t>(wl_firing_)].patch,
                                                        r / hw.xb_rows, r % hw.xb_rows, wl_step_, d, 1 - want, want));
      }
  }
  if (++wl_read_ < static_cast<int>(groups.size())) return;
  wl_read_ = 0;
  if (++wl_step_ < hw.steps()) return;
  wl_step_ = 0;
  if (++wl_cstep_ < golden_.column_steps(wl_firing_)) return;
  wl_cstep_ = 0;
  if (++wl_firing_ < static_cast<int>(golden_.firings().size())) return;
  wl_firing_ = 0;
  ++wl_round_;
}

template <class PsumAt> void Scoreboard::psums(int cstep, const PsumAt& psum_at) {
  const Hardware& hw = golden_.hardware();
  if (psum_round_ == rounds_) throw Mismatch("psum", "a psum after the last output position");
  RoundTrace& trace = round(psum_round_);
  const Firing& firing = golden_.firings()[static_cast<std::size_t>(psum_firing_)];
  const Patch& patch = golden_.layer().patches[static_cast<std::size_t>(firing.patch)];
  const auto& want = trace.firings[static_cast<std::size_t>(psum_firing_)].psum;
  for (int u = 0; u < hw.pe_cols; ++u)
    for (int l = 0; l < hw.adcs(); ++l) {
      const int in_pe = cstep * hw.adcs() + l, column = u * hw.xb_cols + in_pe;
      if (in_pe >= hw.xb_cols || column < patch.c_out || column >= patch.c_out + patch.beta2) continue;
      ++psum_columns_;
      for (int t = 0; t < hw.pe_rows; ++t) {
        const std::int64_t golden = want[static_cast<std::size_t>(t * patch.beta2 + column - patch.c_out)];
        const std::int64_t rtl = psum_at(t, u, l);
        if (rtl != golden)
          throw Mismatch("psum", where(psum_round_) + fmt::format(", patch {}, PE ({},{}), column {} (step {}, ADC {}): RTL {} golden {}",
                                                                  firing.patch, t, u, column, cstep, l, rtl, golden));
      }
    }
  if (++psum_csteps_ < golden_.column_steps(psum_firing_)) return;
  if (psum_columns_ != patch.beta2)
    throw Mismatch("psum", where(psum_round_) + fmt::format(", patch {}: {} columns seen, {} selected", firing.patch,
                                                            psum_columns_, patch.beta2));
  psum_csteps_ = psum_columns_ = 0;
  if (++psum_firing_ < static_cast<int>(golden_.firings().size())) return;
  psum_firing_ = 0;
  ++psum_round_;
}

template <class AccAt> void Scoreboard::accumulate(int cstep, int group, bool closes, const AccAt& acc_at) {
  const Hardware& hw = golden_.hardware();
  if (acc_round_ == rounds_) throw Mismatch("accumulator", "an accumulator write after the last output position");
  for (int u = 0; u < hw.pe_cols; ++u)
    for (int i = 0; i < hw.joint_lanes; ++i) {
      const int lane = group * hw.joint_lanes + i, in_pe = cstep * hw.adcs() + lane;
      if (lane < hw.adcs() && in_pe < hw.xb_cols) shadow_[static_cast<std::size_t>(u * hw.xb_cols + in_pe)] = acc_at(u, i);
    }
  if (!closes) return;
  RoundTrace& trace = round(acc_round_);
  const OutputRange& range = golden_.ranges()[static_cast<std::size_t>(acc_range_)];
  const auto& want = trace.acc[static_cast<std::size_t>(acc_range_)];
  for (int c = 0; c < range.columns; ++c) {
    const std::int64_t rtl = shadow_[static_cast<std::size_t>(range.c_out + c)];
    if (rtl != want[static_cast<std::size_t>(c)])
      throw Mismatch("accumulator", where(acc_round_) + fmt::format(", output range [{},{}), column {}: RTL {} golden {}",
                                                                    range.start, range.stop, range.c_out + c, rtl,
                                                                    want[static_cast<std::size_t>(c)]));
  }
  if (++acc_range_ < static_cast<int>(golden_.ranges().size())) return;
  acc_range_ = 0;
  ++acc_round_;
}

template <class ChannelAt> void Scoreboard::beat(const ChannelAt& channel_at, bool last) {
  const Hardware& hw = golden_.hardware();
  if (out_round_ == rounds_) throw Mismatch("output", "a beat after the last output position");
  RoundTrace& trace = round(out_round_);
  const Place at = place(out_round_);
  const std::uint64_t mask = (std::uint64_t{1} << hw.out_bits) - 1;
  const int count = golden_.stored_cout();
  for (int l = 0; l < hw.lanes; ++l) {
    const int channel = out_channel_ + l;
    const std::uint64_t raw = channel_at(l);
    const std::int64_t want = channel < count ? trace.out[static_cast<std::size_t>(channel)] : 0;
    if (raw != (static_cast<std::uint64_t>(want) & mask))
      throw Mismatch("output", where(out_round_) + fmt::format(", {} {}: RTL {} golden {}", channel < count ? "channel" : "unused lane of channel",
                                                               channel, raw, static_cast<std::uint64_t>(want) & mask));
    if (channel < count) {
      const bool negative = golden_.layer().clamp_lo < 0 && (raw >> (hw.out_bits - 1) & 1);
      outputs_[static_cast<std::size_t>(at.frame)](channel, at.oy, at.ox) = static_cast<std::int64_t>(negative ? raw | ~mask : raw);
    }
  }
  out_channel_ += hw.lanes;
  const bool ends = out_channel_ >= count;
  const bool frame_ends = ends && (out_round_ + 1) % positions_ == 0;
  if (last != frame_ends)
    throw Mismatch("output", where(out_round_) + fmt::format(", beat with channel {}: tlast {} expected {}",
                                                             out_channel_ - hw.lanes, last, frame_ends));
  if (!ends) return;
  out_channel_ = 0;
  ++out_round_;
  forget();
}

}  // namespace epim
