// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip_blocks.hpp"

#include <algorithm>

#include "golden/timing/input_ring.hpp"

namespace epim {

void WindowWalk::step(bool word_in, bool row_done) {
  const int y0 = oy_ * stride_ - pad_;
  const int top = std::clamp(y0, 0, h_), bottom = std::clamp(y0 + kh_, 0, h_);
  bool gives_back = false;
  switch (state_) {
    case State::row:
      if (freed_ != top) gives_back = rows_ > 0;
      else if (rows_ >= bottom - top) state_ = State::run;
      break;
    case State::run:
      if (row_done) {
        state_ = last_row() ? State::tail : State::row;
        oy_ = last_row() ? 0 : oy_ + 1;
      }
      break;
    case State::tail:
      if (freed_ != h_) {
        gives_back = rows_ > 0;
      } else {
        freed_ = 0;
        ++images_;
        state_ = State::row;
      }
      break;
  }
  if (gives_back) {
    ++freed_;
    --rows_;
  }
  fill(word_in);
}

SteppedCore::SteppedCore(const Hardware& hw, const Layer& layer)
    : hw_(hardware_for(hw, layer)),
      plan_(plan_firings(layer)),
      out_w_(layer.out_w()),
      steps_(hw_.steps()),
      period_(hw_.column_period()),
      last_group_((hw.joint_groups() - 1) * hw.group_cycles()),
      sequenced_(hw_.sequenced_reads()),
      walk_(layer.h, layer.row_words(hw.lanes), ring_slots(hw, layer), layer.window_h(), layer.stride.y, layer.pad.top,
            layer.out_h()) {
  for (const Firing& f : plan_.firings) {
    const Patch& patch = layer.patches[static_cast<std::size_t>(f.patch)];
    words_.push_back(patch_words_count(layer, patch, hw.lanes));
    csteps_.push_back(column_steps_of(hw, patch));
    reads_of_step_.push_back(static_cast<int>(row_groups_of(hw_, layer, patch).size()));
  }
  for (const OutputRange& r : plan_.ranges) reads_.push_back(drain_reads(hw, r));
  run_.resize(static_cast<std::size_t>(hw.read_to_pack()));
  left_ = words_.front() - 1;
}

void SteppedCore::step(bool word_in, bool out_ready) {
  // What the registers say in this cycle.
  const bool sends = !valid_ || out_ready, out_en = sends && !flush_;
  const bool stall = !hw_.hold_free && !writes_.empty() && writes_.front().at == time_ && writes_.front().opens && !free_[wbank_];
  const bool en = !stall;
  const bool k_last = active_ && k_ + 1 == csteps_[static_cast<std::size_t>(firing_)];
  // Sequenced reads: `cycle_` counts cycles in which a read is on; the last one does not begin before the joint path is free.
  const int fires = steps_ * hw_.adc_interval * reads_of_step_[static_cast<std::size_t>(firing_)];
  const bool last_begins = active_ && cycle_ == fires - hw_.adc_interval, waits = sequenced_ && last_begins && wait_ > 0;
  const bool firing = active_ && cycle_ < fires && !waits;
  const bool cycle_end = sequenced_ ? firing && cycle_ + 1 == fires : cycle_ + 1 == period_;
  const bool release = en && firing && cycle_ + 1 == fires && k_last;
  const bool opens = plan_.firings[static_cast<std::size_t>(next_)].opens, credit = !hw_.hold_free || !opens || credits_ > 0;
  const bool dispatch = en && fetched_ && (!active_ || (cycle_end && k_last)) && full_[next_bank_] && credit;
  const bool bank_free = !taken_[bank_] || (release && fire_bank_ == bank_);
  const bool request = prefetch_ == 0 && walk_.running() && (!first_ || bank_free);
  const bool patch_done = request && left_ == 0;
  const bool position_done = patch_done && patch_ + 1 == static_cast<int>(words_.size());
  const bool row_done = position_done && ox_ + 1 == out_w_;
  const bool rested = rest_ == 0, reads = draining_ && rested && out_en;
  const std::vector<int>& list = reads_[static_cast<std::size_t>(drained_)];
  const bool range_end = read_ + 1 == static_cast<int>(list.size());
  const bool take = out_en && ready_[rbank_] && (!draining_ || (rested && range_end));
  fired_ = firing && en;

  // Packer.
  if (sends) valid_ = false;
  if (flush_ && sends) {
    flush_ = false;
    valid_ = true;
    fill_ = 0;
  } else if (run_.back().count > 0 && out_en) {
    const int total = fill_ + run_.back().count;
    const bool word_full = total >= hw_.lanes, over = total > hw_.lanes;
    if (word_full || run_.back().end_round) valid_ = true;
    fill_ = word_full ? total - hw_.lanes : total;
    if (run_.back().end_round) {
      if (over) flush_ = true;
      else fill_ = 0;
    }
  }
  // Accumulator banks: given back, taken by the drain, written.
  if (dispatch && opens) --credits_;
  if (released_ && out_en) {
    ++credits_;
    free_[lbank_] = true;
    lbank_ ^= 1;
  }
  const int drain_bank = rbank_;
  if (take) {
    ready_[rbank_] = false;
    rbank_ ^= 1;
  }
  // Drain and requantiser.
  if (out_en) {
    rest_ = reads ? hw_.read_cycles() - 1 : std::max(rest_ - 1, take ? hw_.take_to_read() - 1 : 0);
    run_.pop_back();
    run_.push_front({});
    if (reads)
      run_.front() = {list[static_cast<std::size_t>(read_)], range_end && drained_ + 1 == static_cast<int>(reads_.size())};
    released_ = reads && range_end;
    if (reads) {
      ++read_;
      if (range_end) draining_ = false;
    }
    if (take) {
      draining_ = true;
      drained_ = range_[drain_bank];
      read_ = 0;
    }
  }
  if (en) {
    for (; !writes_.empty() && writes_.front().at == time_; writes_.pop_front()) {
      if (writes_.front().opens) {
        free_[wbank_] = false;
      } else {
        range_[wbank_] = writes_.front().range;
        ready_[wbank_] = true;
        wbank_ ^= 1;
      }
    }
    wait_ = std::max(wait_ - 1, 0);
    if (firing && last_begins) {
      wait_ = hw_.joint_cycles() - 1;
      const Firing& f = plan_.firings[static_cast<std::size_t>(firing_)];
      if (k_ == 0 && f.opens) writes_.push_back({time_ + hw_.fire_to_write(), true, f.range});
      if (k_last && f.closes) writes_.push_back({time_ + hw_.fire_to_write() + last_group_, false, f.range});
    }
    ++time_;
  }
  // Input register banks.
  if (release) taken_[fire_bank_] = full_[fire_bank_] = false;
  if (request && first_) taken_[bank_] = true;
  if (arriving_ >= 0) full_[arriving_] = true;
  arriving_ = patch_done ? bank_ : -1;
  // Fire controller.
  if (en) {
    fetched_ = true;
    if (dispatch) {
      active_ = true;
      firing_ = next_;
      next_ = next_ + 1 == static_cast<int>(words_.size()) ? 0 : next_ + 1;
      fire_bank_ = next_bank_;
      next_bank_ ^= 1;
      cycle_ = k_ = 0;
    } else if (active_) {
      cycle_ = cycle_end ? 0 : cycle_ + (waits ? 0 : 1);
      if (cycle_end) {
        if (k_last) active_ = false;
        else ++k_;
      }
    }
  }
  // Address controller and input buffer.
  if (request) {
    first_ = patch_done;
    --left_;
    if (patch_done) {
      bank_ ^= 1;
      patch_ = position_done ? 0 : patch_ + 1;
      left_ = words_[static_cast<std::size_t>(patch_)] - 1;
      if (position_done) ox_ = row_done ? 0 : ox_ + 1;
    }
  }
  if (prefetch_ > 0) {
    --prefetch_;
    walk_.fill(word_in);
  } else {
    walk_.step(word_in, row_done);
  }
}

void SteppedCore::save(std::vector<std::int64_t>& state) const {
  walk_.save(state);
  // What an inactive part last held decides nothing: saved as 0, so that equal futures look equal.
  state.insert(state.end(), {prefetch_, ox_, patch_, left_, first_, bank_, taken_[0], taken_[1], full_[0], full_[1], arriving_, fetched_,
                             active_, next_, active_ ? firing_ : 0, next_bank_, active_ ? fire_bank_ : 0, active_ ? cycle_ : 0,
                             active_ ? k_ : 0, sequenced_ ? wait_ : 0, hw_.hold_free ? credits_ : 0, free_[0], free_[1], ready_[0] ? range_[0] + 1 : 0, ready_[1] ? range_[1] + 1 : 0,
                             wbank_, rbank_, lbank_, draining_, released_, draining_ ? drained_ : 0, draining_ ? read_ : 0, rest_, valid_,
                             flush_, fill_});
  for (const Run& r : run_) state.insert(state.end(), {r.count, r.end_round});
  state.push_back(static_cast<std::int64_t>(writes_.size()));
  for (const Write& w : writes_) state.insert(state.end(), {w.at - time_, w.opens, w.range});
}

Timing timing_under_stalls(const Hardware& hw, const Layer& layer, int frames, const std::vector<bool>& offered,
                           const std::vector<bool>& ready) {
  SteppedCore core(hw, layer);
  std::int64_t words = layer.row_words(hw.lanes) * layer.h * frames;
  Timing t;
  t.first_fire = t.last_fire = -1;
  std::int64_t read = 0;  // cycle from which on nothing is left to be read
  const auto cycles = static_cast<std::int64_t>(std::max(offered.size(), ready.size()));
  for (std::int64_t c = 0; c < cycles; ++c) {
    const auto at = static_cast<std::size_t>(c);
    const bool in = at < offered.size() && offered[at] && words > 0 && core.in_ready(), out = at < ready.size() && ready[at];
    if (core.out_valid() && out) t.beats.push_back(c);
    core.step(in, out);
    words -= in;
    if (core.images() < frames) read = c + 2;
    if (!core.fired()) continue;
    if (t.first_fire < 0) t.first_fire = c;
    t.last_fire = c;
    ++t.fire_cycles;
  }
  t.cycles = t.beats.empty() ? 0 : std::max(t.beats.back(), read) + 1;
  return t;
}

SteppedPool::SteppedPool(const ChipBlock& b)
    : walk_(b.in.height, b.in.row_words(), std::min(b.kh, b.in.height) + b.stride.y, b.kh, b.stride.y, b.pad.top, b.out.height),
      window_(std::int64_t{b.kh} * b.kw),
      row_requests_(b.out.row_words() * window_) {}

void SteppedPool::step(bool word_in, bool out_ready) {
  const bool en = !valid_ || out_ready;
  const bool request = en && walk_.running();
  const bool window_done = request && (request_ + 1) % window_ == 0, row_done = request && request_ + 1 == row_requests_;
  if (en) {
    valid_ = stage2_;
    stage2_ = stage1_;
    stage1_ = window_done;
  }
  if (request) request_ = row_done ? 0 : request_ + 1;
  walk_.step(word_in, row_done);
}

void SteppedPool::save(std::vector<std::int64_t>& state) const {
  walk_.save(state);
  state.insert(state.end(), {request_, stage1_, stage2_, valid_});
}

SteppedStream::SteppedStream(const ChipBlock& block) : turns_(block.turns), held_(static_cast<std::size_t>(block.stages), false) {
  if (block.kind == BlockKind::merge) turns_.assign(static_cast<std::size_t>(block.out.height), static_cast<int>(block.out.row_words()));
  operands_ = block.kind == BlockKind::merge ? block.copies : std::max(1, static_cast<int>(turns_.size()));
}

void SteppedStream::step(bool taken, bool out_ready) {
  if (!held_.empty() && (!held_.back() || out_ready)) {
    for (std::size_t i = held_.size(); --i > 0;) held_[i] = held_[i - 1];
    held_[0] = taken;
  }
  if (!taken || turns_.empty() || ++word_ < turns_[static_cast<std::size_t>(turn_)]) return;
  word_ = 0;
  turn_ = (turn_ + 1) % static_cast<int>(turns_.size());
}

void SteppedStream::save(std::vector<std::int64_t>& state) const {
  state.insert(state.end(), {turn_, word_});
  state.insert(state.end(), held_.begin(), held_.end());
}

}  // namespace epim
