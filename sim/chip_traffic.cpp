// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_traffic.hpp"

#include <fmt/format.h>

namespace epim {

ChipTraffic::ChipTraffic(const ChipDesign& chip, ChipHost& host, std::uint64_t seed, int percent)
    : chip_(chip), host_(host), in_valid_(host.model().port("s_axis_tvalid_i")), in_ready_(host.model().port("s_axis_tready_o")),
      in_data_(host.model().port("s_axis_tdata_i")), in_last_(host.model().port("s_axis_tlast_i")), out_valid_(host.model().port("m_axis_tvalid_o")),
      out_ready_(host.model().port("m_axis_tready_i")), out_data_(host.model().port("m_axis_tdata_o")), out_last_(host.model().port("m_axis_tlast_o")),
      random_(seed), percent_(percent) {
  host_.with_traffic([this] { step(); });
}

ChipTraffic::~ChipTraffic() {
  host_.with_traffic({});
  in_valid_.set(0);
  out_ready_.set(0);
  host_.model().eval();
}

void ChipTraffic::send(const IntTensor& image) {
  const auto words = stream_words(image, chip_.graph.lanes);
  for (std::size_t n = 0; n < words.size(); ++n) in_.push_back({words[n], n + 1 == words.size()});
}

void ChipTraffic::cut() {
  in_.pop_back();
  in_.pop_back();
  in_.back().last = true;
}

void ChipTraffic::expect(const IntTensor& map) {
  const auto words = stream_words(map, chip_.graph.lanes);
  for (std::size_t n = 0; n < words.size(); ++n) out_.push_back({words[n], n + 1 == words.size()});
}

void ChipTraffic::step() {
  const StreamType &in = chip_.types.front(), &out = chip_.types.back();
  offered_ = !in_.empty() && (offered_ || !random_.chance(percent_));
  in_valid_.set(offered_);
  if (offered_) {
    in_data_.clear();
    for (int l = 0; l < chip_.graph.lanes; ++l) in_data_.put(l * in.bits, in.bits, static_cast<std::uint64_t>(in_.front().lanes[static_cast<std::size_t>(l)]));
    in_last_.set(in_.front().last);
  }
  out_ready_.set(!held_ && !random_.chance(percent_));
  host_.model().eval();
  const bool taken = offered_ && in_ready_.high();
  if (out_valid_.high() && out_ready_.high()) {
    if (out_.empty()) throw CheckFailed("output", "a word comes that nobody expects");
    const Word want = out_.front();
    out_.pop_front();
    const int blocks = chip_.graph.blocks.back().in.blocks, total = chip_.graph.blocks.back().in.row_words() * chip_.graph.blocks.back().in.height;
    const int at = (total - 1 - static_cast<int>(out_.size() % static_cast<std::size_t>(total))) % blocks;
    for (int l = 0; l < chip_.graph.lanes; ++l) {
      if (at * chip_.graph.lanes + l >= out.channels) continue;
      const std::int64_t v = out.is_signed() ? out_data_.signed_field(l * out.bits, out.bits) : static_cast<std::int64_t>(out_data_.field(l * out.bits, out.bits));
      if (v != want.lanes[static_cast<std::size_t>(l)])
        throw CheckFailed("output", fmt::format("{} words before the last that is due, lane {}: RTL {} golden {}", out_.size(), l, v, want.lanes[static_cast<std::size_t>(l)]));
    }
    if (out_last_.high() != want.last) throw CheckFailed("output", "tlast is at the wrong word");
  }
  if (!taken) return;
  between_ = in_.front().last;
  in_.pop_front();
  offered_ = false;
}

void ChipTraffic::finish(std::int64_t limit) {
  for (std::int64_t n = 0; !in_.empty() || !out_.empty(); ++n) {
    if (n > limit) throw CheckFailed("deadlock", fmt::format("after {} cycles {} words wait at the input, {} are due at the output", n, in_.size(), out_.size()));
    cycle();
  }
}

}  // namespace epim
