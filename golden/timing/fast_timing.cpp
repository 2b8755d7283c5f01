// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>

#include "golden/timing/input_ring.hpp"
#include "golden/timing/rtl_model.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

using Cycle = std::int64_t;

// The distances of golden/timing/timing.cpp, which docs/timing.md derives.
constexpr Cycle kFirstRowCheck = 2, kWordToFull = 2, kPackToBeat = 1;

/// A queue whose elements can be changed in place.
template <class T> class Queue {
 public:
  bool empty() const { return head_ == items_.size(); }
  T& front() { return items_[head_]; }
  void push(const T& item) { items_.push_back(item); }
  void pop() {
    if (++head_ == items_.size()) {
      items_.clear();
      head_ = 0;
    } else if (head_ >= 64) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  T* begin() { return items_.data() + head_; }
  T* end() { return items_.data() + items_.size(); }

 private:
  std::vector<T> items_;
  std::size_t head_ = 0;
};

/// What a round does, once per patch and range.
struct Round {
  struct Fire {
    Cycle words, csteps, column;  ///< column: cycles in which a column step fires
    int range;
    bool opens, closes, last;
  };
  std::vector<Fire> firings;
  std::vector<Cycle> reads;   ///< drain reads of each range
  bool two_words = false;     ///< the last read of a round ends one output word and starts another
};

/// Array, joint module and drain. Every time kept here is a real cycle: a stop of the array moves what it has not done.
class Pipeline {
 public:
  Pipeline(const Hardware& hw, const Round& round)
      : interval_(hw.adc_interval), joint_(hw.joint_cycles()), sequenced_(hw.sequenced_reads()), hold_free_(hw.hold_free), last_group_((hw.joint_groups() - 1) * hw.group_cycles()),
        fire_to_write_(hw.fire_to_write()), read_cycles_(hw.read_cycles()), read_to_pack_(hw.read_to_pack()),
        take_to_read_(hw.take_to_read()), round_(round) {}

  /// Loads and fires one round; `request` is the cycle of its first word request, then of the next one.
  void run_round(Cycle& request) {
    for (const Round::Fire& f : round_.firings) {
      if (dispatched_ == 2) request = std::max(request, release_before_last());
      else ++dispatched_;
      request += f.words;
      dispatch(f, request - 1 + kWordToFull);
    }
  }
  void finish() {
    while (!pending_.empty()) open_next();
    while (!closing_.empty()) drain_next();
  }
  /// All that decides what happens after `base`, as differences to it.
  void state(Cycle base, std::vector<Cycle>& key) {
    key.clear();
    const auto later = [&](Cycle t) { return t > last_read_ ? t - base : std::numeric_limits<Cycle>::min(); };
    key.insert(key.end(), {sequenced_ ? std::max(joint_free_, end_) - base : 0, end_ - base, release_[0] - base, release_[1] - base, last_read_ - base, later(stand_[0]),
                           later(stand_[1]), later(stand_[2]), later(stand_[3]), opened_, dispatched_, static_cast<Cycle>(pending_.end() - pending_.begin())});
    for (Cycle t : pending_) key.push_back(t - base);
    for (const Closing& c : closing_) key.insert(key.end(), {c.write - base, c.range, c.end_round});
  }
  /// The same state `by` cycles later.
  void move(Cycle by) {
    for (Cycle* t : {&end_, &release_[0], &release_[1], &last_read_, &stand_[0], &stand_[1], &stand_[2], &stand_[3], &last_beat_, &last_fire_, &joint_free_})
      *t += by;
    for (Cycle& t : pending_) t += by;
    for (Closing& c : closing_) c.write += by;
  }
  Cycle first_fire() const { return first_fire_; }
  Cycle last_fire() const { return last_fire_; }
  Cycle last_beat() const { return last_beat_; }

 private:
  struct Closing {
    Cycle write;
    int range;
    bool end_round;
  };

  void dispatch(const Round::Fire& f, Cycle full) {
    Cycle t = std::max(end_, full);
    if (hold_free_ && f.opens) {
      if (opened_ < 2) ++opened_;
      else t = std::max(t, drain_next() + 1);
    }
    while (!pending_.empty() && pending_.front() <= t) {
      const Cycle write = open_next();
      t = std::max({end_, full, write});
    }
    if (first_fire_ < 0) first_fire_ = t + 1;
    const Cycle period = std::max(f.column, joint_);
    const Cycle first_read = sequenced_ ? std::max(t + f.column - interval_ + 1, joint_free_) : t + f.column;
    const Cycle last_read = first_read + (f.csteps - 1) * period, last_cycle = last_read + interval_ - 1;
    joint_free_ = last_read + joint_;
    end_ = sequenced_ ? last_cycle : t + f.csteps * period;
    release_[0] = release_[1];
    release_[1] = last_cycle;
    if (f.opens && !hold_free_) pending_.push(first_read + fire_to_write_);
    if (f.closes) closing_.push({last_read + last_group_ + fire_to_write_, f.range, f.last});
    last_fire_ = last_cycle;
  }
  Cycle release_before_last() {
    while (!pending_.empty() && pending_.front() <= release_[0]) open_next();
    return release_[0];
  }
  /// The oldest waiting range makes its first write, in the cycle returned; both banks taken: all from there on waits.
  Cycle open_next() {
    const Cycle write = pending_.front();
    pending_.pop();
    if (opened_ < 2) {
      ++opened_;
      return write;
    }
    const Cycle free_from = drain_next() + 1;
    if (free_from <= write) return write;
    const Cycle stop = free_from - write;
    for (Cycle* t : {&end_, &release_[0], &release_[1], &last_fire_, &joint_free_})
      if (*t >= write) *t += stop;
    for (Cycle& t : pending_) t += stop;
    for (Closing& c : closing_)
      if (c.write >= write) c.write += stop;
    return free_from;
  }
  /// Drains the oldest closed range; the cycle in which its accumulators are released.
  Cycle drain_next() {
    const Closing c = closing_.front();
    closing_.pop();
    Cycle take = std::max(c.write + 1, last_read_);
    if (std::find(std::begin(stand_), std::end(stand_), take) != std::end(stand_)) ++take;
    Cycle first = advance(take, take_to_read_);
    if (last_read_ >= 0) first = std::max(first, advance(last_read_, read_cycles_));
    last_read_ = advance(first, (round_.reads[static_cast<std::size_t>(c.range)] - 1) * read_cycles_);
    if (c.end_round) {
      last_beat_ = advance(last_read_, read_to_pack_) + kPackToBeat;
      if (round_.two_words) {
        std::copy(std::begin(stand_) + 1, std::end(stand_), std::begin(stand_));
        stand_[3] = last_beat_++;
      }
    }
    return advance(last_read_, 1);
  }
  /// n moving cycles after t. stand_ is ascending.
  Cycle advance(Cycle t, Cycle n) const {
    Cycle to = t + n;
    for (Cycle s : stand_)
      if (t < s && s <= to) ++to;
    return to;
  }

  Cycle interval_, joint_;
  bool sequenced_, hold_free_;
  Cycle joint_free_ = 0;     // earliest last read of the next column step, with sequenced reads
  Cycle last_group_, fire_to_write_, read_cycles_, read_to_pack_, take_to_read_;
  const Round& round_;
  Queue<Cycle> pending_;     // first writes of ranges that wait to open
  Queue<Closing> closing_;
  Cycle end_ = 1, release_[2] = {-1, -1}, last_read_ = -1, last_beat_ = -1, stand_[4] = {-1, -1, -1, -1};
  Cycle first_fire_ = -1, last_fire_ = -1;
  Cycle opened_ = 0, dispatched_ = 0;  // both count to 2 only
};

/// Brent's cycle search: compares every state with one anchor, which moves at distances 1, 2, 4, ...
class Repetition {
 public:
  void restart() { armed_ = false; }
  /// Looks at state number i. The number of the equal earlier one, or -1.
  Cycle look(Cycle i, const std::vector<Cycle>& key) {
    if (armed_ && key == anchor_) return at_;
    if (!armed_ || i - at_ >= reach_) {
      reach_ = armed_ ? reach_ * 2 : 1;
      armed_ = true;
      anchor_ = key;
      at_ = i;
    }
    return -1;
  }

 private:
  std::vector<Cycle> anchor_;
  Cycle at_ = 0, reach_ = 1;
  bool armed_ = false;
};

Round make_round(const Hardware& hw, const Layer& layer, const FiringPlan& plan) {
  Round round;
  for (const Firing& f : plan.firings) {
    const Patch& patch = layer.patches[static_cast<std::size_t>(f.patch)];
    round.firings.push_back({Cycle{patch_words_count(layer, patch, hw.lanes)},
                             column_steps_of(hw, patch), hw.column_firing(static_cast<int>(row_groups_of(hw, layer, patch).size())), f.range, f.opens, f.closes, false});
  }
  round.firings.back().last = true;
  std::vector<int> reads;
  int channels = 0;
  for (std::size_t r = 0; r < plan.ranges.size(); ++r) {
    const OutputRange& range = plan.ranges[r];
    const bool same = r > 0 && range.c_out == plan.ranges[r - 1].c_out && range.columns == plan.ranges[r - 1].columns &&
                      range.stop - range.start == plan.ranges[r - 1].stop - plan.ranges[r - 1].start;
    if (!same) reads = drain_reads(hw, range);
    round.reads.push_back(static_cast<Cycle>(reads.size()));
    channels += range.stop - range.start;
  }
  const int last_run = reads.back();
  // Before the last read the packer holds what full words left over.
  round.two_words = (channels - last_run) % hw.lanes + last_run > hw.lanes;
  return round;
}

}  // namespace

Timing fast_timing(const Hardware& core, const Layer& layer, int frames) {
  const Hardware hw = hardware_for(core, layer);
  const FiringPlan plan = plan_firings(layer);
  const Round round = make_round(hw, layer, plan);
  InputRing ring(layer.row_words(hw.lanes), ring_slots(hw, layer));
  Pipeline pipeline(hw, round);
  Repetition positions, rows;
  std::vector<Cycle> key, position_request, row_end;
  const int out_h = layer.out_h(), out_w = layer.out_w();

  Cycle t = kFirstRowCheck;
  for (int frame = 0; frame < frames; ++frame) {
    const Cycle base = Cycle{frame} * layer.h;
    rows.restart();
    row_end.assign(static_cast<std::size_t>(out_h), 0);
    /// Waits for the rows of output row oy and gives back those above; false if a row was not there yet.
    const auto open_row = [&](int oy, Cycle& now, bool may_wait) {
      const int y0 = layer.row(oy, 0);
      const int top = std::clamp(y0, 0, layer.h), bottom = std::clamp(y0 + layer.window_h(), 0, layer.h);
      bool waited = false;
      const auto wait = [&](Cycle until) {
        waited |= until > now;
        now = std::max(now, until);
      };
      while (ring.freed() < base + top) {
        wait(ring.ready(ring.freed()));
        if (waited && !may_wait) return false;
        ring.free(now++);
      }
      if (bottom > top) wait(ring.ready(base + bottom - 1));
      return !waited;
    };
    const auto inner = [&](int oy) {
      const int y0 = layer.row(oy, 0);
      return y0 >= layer.stride.y && y0 + layer.window_h() <= layer.h;
    };
    for (int oy = 0; oy < out_h; ++oy) {
      const bool free_running = open_row(oy, t, true);
      Cycle request = t + 1;
      positions.restart();
      position_request.assign(static_cast<std::size_t>(out_w), 0);
      for (int ox = 0; ox < out_w; ++ox) {
        pipeline.run_round(request);
        position_request[static_cast<std::size_t>(ox)] = request;
        const int left = out_w - 1 - ox;
        if (left == 0) break;
        pipeline.state(request, key);
        const Cycle equal = positions.look(ox, key);
        if (equal < 0) continue;
        const Cycle length = ox - equal, times = left / length;
        const Cycle by = times * (request - position_request[static_cast<std::size_t>(equal)]);
        pipeline.move(by);
        request += by;
        ox += static_cast<int>(times * length);
        positions.restart();  // fewer than a period is left
        if (ox < out_w) position_request[static_cast<std::size_t>(ox)] = request;
      }
      t = request;
      row_end[static_cast<std::size_t>(oy)] = t;
      if (!inner(oy) || !free_running) {
        rows.restart();
        continue;
      }
      pipeline.state(t, key);
      const Cycle equal = rows.look(oy, key);
      if (equal < 0) continue;
      // Rows repeat as long as the input is there in time: that is followed row by row.
      const Cycle length = oy - equal, duration = t - row_end[static_cast<std::size_t>(equal)];
      Cycle times = 0;
      for (bool good = true; good;) {
        const InputRing::Mark mark = ring.mark();
        for (Cycle i = 1; i <= length && good; ++i) {
          const Cycle row = oy + times * length + i;
          Cycle now = row_end[static_cast<std::size_t>(equal + i - 1)] + (times + 1) * duration;
          good = row < out_h && inner(static_cast<int>(row)) && open_row(static_cast<int>(row), now, false);
        }
        if (good) ++times;
        else ring.roll_back(mark);
      }
      pipeline.move(times * duration);
      t += times * duration;
      oy += static_cast<int>(times * length);
      rows.restart();
      row_end[static_cast<std::size_t>(oy)] = t;
    }
    while (ring.freed() < base + layer.h) {
      t = std::max(t, ring.ready(ring.freed()));
      ring.free(t++);
    }
    ++t;
  }
  pipeline.finish();

  Cycle round_fire = 0;
  for (const Round::Fire& f : round.firings) round_fire += f.csteps * f.column;
  const Cycle count = Cycle{out_h} * out_w;
  Timing result;
  result.fire_cycles = count * frames * round_fire;
  result.cycles = std::max(pipeline.last_beat(), t) + 1;
  result.first_fire = pipeline.first_fire();
  result.last_fire = pipeline.last_fire();
  return result;
}

}  // namespace epim
