// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/timing.hpp"

#include <algorithm>
#include <deque>
#include <limits>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"
#include "golden/timing/input_ring.hpp"

namespace epim {

std::int64_t ring_slots(const Hardware& hw, const Layer& layer) {
  const std::int64_t words = layer.row_words(hw.lanes), slots = hw.ring_rows(words);
  if (slots < layer.rows_needed())
    throw InputError({}, "buffer-too-small", fmt::format("layer {}: {} words hold {} rows of {} words, the kernel needs {}", layer.name,
                                                         hw.buffer_words, slots, words, layer.rows_needed()));
  return slots;
}

namespace {

using Cycle = std::int64_t;

// Distances in cycles, as docs/timing.md derives them.
constexpr Cycle kFirstRowCheck = 2;   // run start -> first look at the rows: two cycles of table prefetch
constexpr Cycle kWordToFull = 2;      // last word requested -> bank full
constexpr Cycle kPackToBeat = 1;      // packer -> stream

/// Processes left out, to see what the array waits for.
struct Ideal {
  bool rows = false;   ///< every row is there from the start
  bool slots = false;  ///< the ring holds every row
  bool words = false;  ///< a patch is loaded by one word
  bool drain = false;  ///< an accumulator bank is always free
  bool joint = false;  ///< a column step takes its input steps and no more
};

/// Cycles in which a pipeline stands still: events after them move, events waiting for data do not.
class Freezes {
 public:
  /// Adds `length` standing cycles before array time tau (ascending).
  void add(Cycle tau, Cycle length) {
    total_ += length;
    at_.push_back({tau, total_});
  }
  Cycle total() const { return total_; }
  /// Real cycle of array time tau.
  Cycle real(Cycle tau) const {
    for (auto it = at_.rbegin(); it != at_.rend(); ++it)
      if (it->tau <= tau) return tau + it->total;
    return tau + dropped_;
  }
  /// Freezes before tau are no longer asked for individually.
  void forget(Cycle tau) {
    while (at_.size() > 1 && at_[1].tau <= tau) {
      dropped_ = at_.front().total;
      at_.pop_front();
    }
  }

 private:
  struct Step {
    Cycle tau, total;
  };
  std::deque<Step> at_;
  Cycle total_ = 0, dropped_ = 0;
};

/// What predict writes down for predict_phases: the array in array time, with the freezes that turn it into cycles.
struct Record {
  struct Freeze {
    Cycle tau, total;  ///< from array time tau on, cycle = array time + total
  };
  Phases phases;
  std::vector<Interval> firing;  ///< array time
  std::vector<Freeze> freezes;

  /// A column step; `begins`: the first one of an activation.
  void fire(Cycle first, Cycle last, int index, bool begins) {
    if (!begins && firing.back().last + 1 == first) firing.back().last = last;
    else firing.push_back({first, last, index});
  }
  /// Cuts the firings where the array stands still.
  void settle() {
    std::size_t next = 0;
    Cycle total = 0;
    for (Interval f : firing) {
      while (next < freezes.size() && freezes[next].tau <= f.first) total = freezes[next++].total;
      while (next < freezes.size() && freezes[next].tau <= f.last) {
        phases.array.push_back({f.first + total, freezes[next].tau - 1 + total, f.index});
        f.first = freezes[next].tau;
        total = freezes[next++].total;
      }
      phases.array.push_back({f.first + total, f.last + total, f.index});
    }
  }
};

/// Drain and packer: reads of closed ranges, single standing cycles when a position ends in two words.
class Drain {
 public:
  Drain(const Hardware& hw, const FiringPlan& plan, std::vector<Cycle>* beats, Record* record)
      : record_(record), lanes_(hw.lanes), read_cycles_(hw.read_cycles()), read_to_pack_(hw.read_to_pack()), take_to_read_(hw.take_to_read()), beats_(beats) {
    for (const OutputRange& range : plan.ranges) reads_.push_back(drain_reads(hw, range));
  }

  /// Drains range `index` (of the round), closed by a write in cycle `closed`. Returns the cycle of its release.
  Cycle range(std::size_t index, Cycle closed, bool end_round) {
    Cycle take = std::max(closed + 1, last_read_);
    if (standing(take)) ++take;
    Cycle read = take;
    const std::vector<int>& reads = reads_[index];
    for (std::size_t i = 0; i < reads.size(); ++i) {
      read = i > 0 ? advance(read, read_cycles_)
             : last_read_ < 0 ? advance(take, take_to_read_) : std::max(advance(take, take_to_read_), advance(last_read_, read_cycles_));
      if (record_ && i == 0) record_->phases.draining.push_back({read, read, static_cast<int>(index)});
      pack(read, reads[i], end_round && i + 1 == reads.size());
    }
    if (record_) record_->phases.draining.back().last = read;
    last_read_ = read;
    return advance(read, 1);
  }
  Cycle last_beat() const { return last_beat_; }

 private:
  bool standing(Cycle t) const { return std::find(stand_.begin(), stand_.end(), t) != stand_.end(); }
  Cycle advance(Cycle t, Cycle n) const {
    while (n > 0) {
      ++t;
      if (!standing(t)) --n;
    }
    return t;
  }
  void beat(Cycle t) {
    last_beat_ = t;
    if (beats_) beats_->push_back(t);
  }
  void pack(Cycle read, int count, bool end_round) {
    const Cycle p = advance(read, read_to_pack_);
    fill_ += count;
    if (fill_ > lanes_ && end_round) {
      beat(p + kPackToBeat);
      stand_.pop_front();
      stand_.push_back(p + 1);  // the packer sends the rest on its own; everything before it stands
      beat(p + kPackToBeat + 1);
      fill_ = 0;
    } else if (fill_ >= lanes_ || end_round) {
      beat(p + kPackToBeat);
      fill_ = end_round ? 0 : fill_ - lanes_;
    }
  }

  Record* record_;
  int lanes_;
  Cycle read_cycles_, read_to_pack_, take_to_read_;
  std::vector<Cycle>* beats_;
  std::vector<std::vector<int>> reads_;  // channels of each read, per range
  Cycle last_read_ = -1, last_beat_ = -1;
  std::deque<Cycle> stand_ = {-1, -1, -1, -1};  // older ones lie before every read still to come
  int fill_ = 0;
};

/// Array side: dispatch times in array time, freezes while both accumulator banks are taken.
class Array {
 public:
  Array(const Hardware& hw, const FiringPlan& plan, Drain& drain, const Ideal& ideal, Record* record)
      : record_(record), interval_(hw.adc_interval), joint_(ideal.joint ? 1 : hw.joint_cycles()), sequenced_(hw.sequenced_reads()),
        last_group_((hw.joint_groups() - 1) * hw.group_cycles()),
        fire_to_write_(hw.fire_to_write()),
        stands_(!ideal.drain), hold_free_(hw.hold_free), plan_(plan), drain_(drain) {}

  /// Dispatches a firing whose bank is full from cycle `full`; a column step of it fires for `column` cycles.
  void dispatch(const Firing& firing, int csteps, Cycle column, Cycle full) {
    Cycle tau = std::max(end_, full - freezes_.total());
    if (hold_free_ && firing.opens && ++opened_ > 2) {  // the bank of the range two before
      drain_until(static_cast<Cycle>(opened_) - 2);
      if (stands_) tau = std::max(tau, released_ + 1);
    }
    while (!pending_.empty() && pending_.front() <= tau) {
      const Cycle write = pending_.front();
      open_next();
      tau = std::max({end_, full - freezes_.total(), write});
    }
    if (first_fire_ < 0) first_fire_ = freezes_.real(tau) + 1;
    // The last read of the first column step and of the last one. Sequenced reads: the last one waits for the joint path;
    // else the column step has idle cycles at its end.
    const Cycle period = std::max(column, joint_);
    const Cycle first_read = sequenced_ ? std::max(tau + column - interval_ + 1, last_read_ + joint_) : tau + column;
    if (record_) record_reads(static_cast<int>(&firing - plan_.firings.data()), csteps, tau + 1, column, first_read, period);
    last_read_ = first_read + (csteps - 1) * period;
    const Cycle last_cycle = last_read_ + interval_ - 1;
    end_ = sequenced_ ? last_cycle : tau + csteps * period;
    release_[0] = release_[1];
    release_[1] = last_cycle;
    if (firing.opens && !hold_free_) pending_.push_back(first_read + fire_to_write_);
    if (firing.closes) {
      closing_.push_back({last_read_ + last_group_ + fire_to_write_, static_cast<std::size_t>(firing.range),
                          &firing == &plan_.firings.back()});
    }
    last_fire_tau_ = last_cycle;
  }
  /// Cycle in which the bank of the dispatch before the last one is used for the last time.
  Cycle release_before_last() { return settle(release_[0]); }
  void finish() {
    while (!pending_.empty()) open_next();
    drain_until(static_cast<Cycle>(opened_));
  }
  Cycle first_fire() const { return first_fire_; }
  Cycle last_fire() { return freezes_.real(last_fire_tau_); }

 private:
  struct Closing {
    Cycle write;
    std::size_t range;
    bool end_round;
  };
  /// Real cycle of a time that lies before every range still to open.
  Cycle settle(Cycle tau) {
    while (!pending_.empty() && pending_.front() <= tau) open_next();
    return freezes_.real(tau);
  }
  /// The oldest waiting range makes its first write: it stands until the range two before is released.
  void open_next() {
    const Cycle write = pending_.front();
    pending_.pop_front();
    if (opened_ >= 2) {
      drain_until(static_cast<Cycle>(opened_) - 1);
      const Cycle free_from = released_ + 1;
      const Cycle natural = write + freezes_.total();
      if (stands_ && free_from > natural) {
        freezes_.add(write, free_from - natural);
        if (record_) record_->freezes.push_back({write, freezes_.total()});
      }
    }
    ++opened_;
  }
  /// Drains ranges until `count` of them are drained; the last two releases are kept.
  void drain_until(Cycle count) {
    while (drained_ < count) {
      const Closing c = closing_.front();
      closing_.pop_front();
      const Cycle release = drain_.range(c.range, freezes_.real(c.write), c.end_round);
      freezes_.forget(std::min(c.write, release_[0]));
      released_ = release;
      ++drained_;
    }
  }

  /// The column steps of an activation: the first begins in `begin`, its last read in `read`, those of the others `period` apart.
  void record_reads(int index, int csteps, Cycle begin, Cycle column, Cycle read, Cycle period) {
    bool begins = true;
    for (int k = 0; k < csteps; ++k, read += period) {
      if (!sequenced_) begin = read - column + 1;
      const Cycle others = begin + column - interval_;  // behind all reads but the last one
      if (others > begin) {
        record_->fire(begin, others - 1, index, begins);
        begins = false;
      }
      record_->fire(sequenced_ ? read : others, read + interval_ - 1, index, begins);
      begins = false;
      begin = read + interval_;
    }
  }

  Record* record_;
  Cycle interval_, joint_;
  bool sequenced_;
  Cycle last_group_, fire_to_write_;
  Cycle last_read_ = std::numeric_limits<Cycle>::min() / 2;  // of the last column step
  bool stands_, hold_free_;
  const FiringPlan& plan_;
  Drain& drain_;
  Freezes freezes_;
  std::deque<Cycle> pending_;   // first writes of ranges that wait to open
  std::deque<Closing> closing_;
  Cycle end_ = 1;  // the first OFAT entry is there from cycle 1
  Cycle release_[2] = {-1, -1};
  Cycle released_ = -1;  // of the range drained last
  Cycle first_fire_ = -1, last_fire_tau_ = -1, drained_ = 0;
  int opened_ = 0;
};

Timing predict(const Hardware& core, const Layer& layer, int frames, bool keep_beats, const Ideal& ideal, Record* record = nullptr) {
  const Hardware hw = hardware_for(core, layer);
  const Cycle slots = ring_slots(hw, layer);
  const FiringPlan plan = plan_firings(layer);
  const std::size_t firings = plan.firings.size();
  std::vector<int> words(firings), csteps(firings), column(firings);
  Cycle round_fire = 0;
  for (std::size_t f = 0; f < firings; ++f) {
    const Patch& patch = layer.patches[static_cast<std::size_t>(plan.firings[f].patch)];
    words[f] = patch_words_count(layer, patch, hw.lanes);
    if (ideal.words) words[f] = 1;
    csteps[f] = column_steps_of(hw, patch);
    column[f] = hw.column_firing(static_cast<int>(row_groups_of(hw, layer, patch).size()));
    round_fire += Cycle{csteps[f]} * column[f];
  }

  Timing result;
  InputRing ring(layer.row_words(hw.lanes), ideal.slots ? Cycle{frames} * layer.h : slots);
  Drain drain(hw, plan, keep_beats ? &result.beats : nullptr, record);
  Array array(hw, plan, drain, ideal, record);

  Cycle t = kFirstRowCheck;  // state StRow
  Cycle request = 0;         // cycle of the next word request
  Cycle dispatched = 0;
  for (int frame = 0; frame < frames; ++frame) {
    const Cycle base = static_cast<Cycle>(frame) * layer.h;
    for (int oy = 0; oy < layer.out_h(); ++oy) {
      const int y0 = layer.row(oy, 0);
      const int top = std::clamp(y0, 0, layer.h);
      const int bottom = std::clamp(y0 + layer.window_h(), 0, layer.h);
      while (ring.freed() < base + top) {
        if (!ideal.rows) t = std::max(t, ring.ready(ring.freed()));
        ring.free(t);
        ++t;
      }
      if (bottom > top && !ideal.rows) t = std::max(t, ring.ready(base + bottom - 1));
      request = t + 1;
      for (int ox = 0; ox < layer.out_w(); ++ox) {
        for (std::size_t f = 0; f < firings; ++f) {
          if (dispatched >= 2) request = std::max(request, array.release_before_last());
          request += words[f];
          if (record) record->phases.loading.push_back({request - words[f], request - 1, static_cast<int>(f)});
          array.dispatch(plan.firings[f], csteps[f], column[f], request - 1 + kWordToFull);
          ++dispatched;
        }
      }
      t = request;
    }
    while (ring.freed() < base + layer.h) {
      if (!ideal.rows) t = std::max(t, ring.ready(ring.freed()));
      ring.free(t);
      ++t;
    }
    ++t;
  }
  array.finish();

  const Cycle positions = static_cast<Cycle>(layer.out_h()) * layer.out_w();
  result.fire_cycles = positions * frames * round_fire;
  result.cycles = std::max(drain.last_beat(), t) + 1;
  result.first_fire = array.first_fire();
  result.last_fire = array.last_fire();
  return result;
}

}  // namespace

std::vector<int> drain_reads(const Hardware& hw, const OutputRange& range) {
  std::vector<int> run, reads;
  for (int c = range.c_out; c < range.c_out + range.columns; ++c) {
    const int lane = (c % hw.xb_cols) % hw.adcs();
    const bool starts = c == range.c_out || c % hw.xb_cols == 0 || lane % hw.joint_lanes == 0;
    if (starts) run.push_back(0);
    ++run.back();
  }
  const int passes = (range.stop - range.start) / range.columns;
  for (int p = 0; p < passes; ++p) reads.insert(reads.end(), run.begin(), run.end());
  return reads;
}

const char* name_of(Bound bound) {
  switch (bound) {
    case Bound::firing: return "firing";
    case Bound::loading: return "loading";
    case Bound::arrival: return "arrival";
    case Bound::buffer: return "buffer";
    case Bound::drain: return "drain";
    case Bound::joint: return "joint";
  }
  return "?";
}

const char* remedy(Bound bound) {
  switch (bound) {
    case Bound::firing: return "more ADCs: fewer cols_per_adc";
    case Bound::loading: return "more lanes, or more cols_per_adc";
    case Bound::arrival: return "more lanes";
    case Bound::buffer: return "more buffer_words";
    case Bound::drain: return "more joint_lanes up to lanes, then more lanes, or wrap = stored_once; with serial_multiply fewer channel_scale_bits";
    case Bound::joint: return "more joint_lanes up to lanes, then more lanes; with serial_multiply fewer scale_bits";
  }
  return "?";
}

Bound bound_of(const Hardware& hw, const Layer& layer, int frames, const Timing& timing) {
  if (timing.busy() >= 0.98) return Bound::firing;
  Bound bound = Bound::firing;
  Cycle least = std::numeric_limits<Cycle>::max();
  const auto without = [&](Bound candidate, const Ideal& ideal) {
    const Timing t = predict(hw, layer, frames, false, ideal);
    const Cycle span = t.last_fire - t.first_fire;
    if (span >= least) return;
    least = span;
    bound = candidate;
  };
  // The ring's size before the stream's speed: where both help as much, the ring is the cheaper one.
  without(Bound::buffer, {.slots = true});
  without(Bound::arrival, {.rows = true});
  without(Bound::loading, {.words = true});
  without(Bound::drain, {.drain = true});
  without(Bound::joint, {.joint = true});
  return bound;
}

Phases predict_phases(const Hardware& hw, const Layer& layer, int frames) {
  Record record;
  predict(hw, layer, frames, false, {}, &record);
  record.settle();
  return std::move(record.phases);
}

Timing predict_timing(const Hardware& hw, const Layer& layer, int frames, bool keep_beats) {
  Timing result = predict(hw, layer, frames, keep_beats, {});
  result.bound = bound_of(hw, layer, frames, result);
  return result;
}

}  // namespace epim
