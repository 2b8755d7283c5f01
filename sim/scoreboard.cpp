// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/scoreboard.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace epim {

Scoreboard::Scoreboard(const GoldenLayer& golden, const std::vector<IntTensor>& inputs)
    : golden_(golden), inputs_(inputs) {
  const Layer& layer = golden.layer();
  positions_ = static_cast<std::int64_t>(layer.out_h()) * layer.out_w();
  rounds_ = positions_ * static_cast<std::int64_t>(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    outputs_.emplace_back(std::vector<int>{golden.stored_cout(), layer.out_h(), layer.out_w()});
  shadow_.resize(static_cast<std::size_t>(golden.hardware().pe_cols * golden.hardware().xb_cols));
}

Scoreboard::Place Scoreboard::place(std::int64_t round) const {
  const int at = static_cast<int>(round % positions_), width = golden_.layer().out_w();
  return {static_cast<int>(round / positions_), at / width, at % width};
}

std::string Scoreboard::where(std::int64_t round) const {
  const Place p = place(round);
  return fmt::format("layer {}, frame {}, output position ({},{})", golden_.layer().name, p.frame, p.oy, p.ox);
}

RoundTrace& Scoreboard::round(std::int64_t index) {
  while (evaluated_ <= index) {
    RoundTrace trace;
    if (!spare_.empty()) {
      trace = std::move(spare_.back());
      spare_.pop_back();
    }
    const Place p = place(evaluated_);
    golden_.run_round(inputs_[static_cast<std::size_t>(p.frame)], p.oy, p.ox, trace, events_, p.frame);
    window_.push_back(std::move(trace));
    ++evaluated_;
  }
  return window_[static_cast<std::size_t>(index - window_first_)];
}

void Scoreboard::forget() {
  const std::int64_t keep = std::min({wl_round_, psum_round_, acc_round_, out_round_});
  while (window_first_ < keep && !window_.empty()) {
    spare_.push_back(std::move(window_.front()));
    window_.pop_front();
    ++window_first_;
  }
}

}  // namespace epim
