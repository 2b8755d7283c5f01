// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The blocks of a chip as clocked machines without data: what they accept and offer in every cycle.
///
/// `in_ready`, `out_valid` are functions of the state alone. `step` is one rising clock edge: it is told whether a word
/// came in during the cycle and whether the consumers were ready. docs/timing.md and docs/chip.md name the registers.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "golden/timing/chip.hpp"
#include "golden/evaluate.hpp"
#include "golden/timing/timing.hpp"

namespace epim {

/// Rows of a ring and the machine that walks the windows over it: shared by cores and pools.
class WindowWalk {
 public:
  WindowWalk(int map_rows, std::int64_t row_words, std::int64_t slots, int kernel_rows, int stride, int pad_top, int out_rows)
      : h_(map_rows), kh_(kernel_rows), stride_(stride), pad_(pad_top), out_h_(out_rows), row_words_(row_words), slots_(slots) {}

  bool room() const { return rows_ < slots_; }   ///< a word of the next row can be taken
  bool running() const { return state_ == State::run; }
  bool last_row() const { return oy_ + 1 == out_h_; }
  std::int64_t images() const { return images_; }  ///< of which all rows were given back
  /// One clock edge: a word came in; the last request of the output row was made.
  void step(bool word_in, bool row_done);
  /// One clock edge of the ring alone.
  void fill(bool word_in) {
    if (word_in && ++col_ == row_words_) {
      col_ = 0;
      ++rows_;
    }
  }
  void save(std::vector<std::int64_t>& state) const { state.insert(state.end(), {col_, rows_, static_cast<int>(state_), oy_, freed_}); }

 private:
  enum class State { row, run, tail };
  int h_, kh_, stride_, pad_, out_h_;
  std::int64_t row_words_, slots_;
  std::int64_t col_ = 0, rows_ = 0;  // words of the incomplete row, complete rows
  State state_ = State::row;
  int oy_ = 0, freed_ = 0;           // output row, rows of this image given back
  std::int64_t images_ = 0;
};

/// One core, image after image.
class SteppedCore {
 public:
  /// Throws InputError `buffer-too-small` as predict_timing does.
  SteppedCore(const Hardware& hardware, const Layer& layer);

  bool in_ready() const { return walk_.room(); }
  bool out_valid() const { return valid_; }
  void step(bool word_in, bool out_ready);
  std::int64_t images() const { return walk_.images(); }  ///< read to their ends
  bool fired() const { return fired_; }  ///< the array fired in the last cycle stepped
  /// Appends everything that decides the future.
  void save(std::vector<std::int64_t>& state) const;

 private:
  struct Write {          ///< accumulator write that opens or closes a range
    std::int64_t at;      ///< array time
    bool opens;
    int range;
  };
  struct Run {            ///< channels on their way to the packer; 0 = bubble
    int count = 0;
    bool end_round = false;
  };
  Hardware hw_;
  FiringPlan plan_;
  std::vector<int> words_, csteps_, reads_of_step_;  // reads of an input step: row groups of the patch
  std::vector<std::vector<int>> reads_;  // channels of each drain read, per range
  int out_w_, steps_, period_, last_group_;
  bool sequenced_;

  // Address controller; cycles 0 and 1 fetch the first table entry.
  WindowWalk walk_;
  int prefetch_ = 2;
  int ox_ = 0, patch_ = 0, left_ = 0;
  bool first_ = true;
  int bank_ = 0;
  // Input register banks; the last word of a patch was requested one cycle ago (bank, or -1).
  bool taken_[2] = {false, false}, full_[2] = {false, false};
  int arriving_ = -1;
  // Fire controller.
  bool fetched_ = false, active_ = false, fired_ = false;
  int next_ = 0, firing_ = 0, next_bank_ = 0, fire_bank_ = 0, cycle_ = 0, k_ = 0;
  int credits_ = 2;       // hold-free: accumulator banks that no dispatched range holds
  int wait_ = 0;          // sequenced reads: cycles until the joint path can take a column step
  std::int64_t time_ = 0;  // array time: cycles in which the array was not stopped
  std::deque<Write> writes_;
  // Joint module.
  bool free_[2] = {true, true}, ready_[2] = {false, false};
  int range_[2] = {0, 0};
  int wbank_ = 0, rbank_ = 0, lbank_ = 0;
  // Drain, requantiser, packer.
  bool draining_ = false, released_ = false;
  int drained_ = 0, read_ = 0, rest_ = 0;  // rest_: cycles until the next read
  std::deque<Run> run_;                    // from the read to the packer, youngest first
  bool valid_ = false, flush_ = false;
  int fill_ = 0;
};

/// Times `frames` frames of one core under recorded stalls: in cycle c a word is offered if `offered[c]` and a beat can
/// be taken if `ready[c]`, both false beyond the record. The record decides only while words are left and beats missing.
/// `bound` is not decided. With offered and ready always true this is predict_timing.
Timing timing_under_stalls(const Hardware& hardware, const Layer& layer, int frames, const std::vector<bool>& offered,
                           const std::vector<bool>& ready);

/// One pool, image after image.
class SteppedPool {
 public:
  explicit SteppedPool(const ChipBlock& block);

  bool in_ready() const { return walk_.room(); }
  bool out_valid() const { return valid_; }
  void step(bool word_in, bool out_ready);
  void save(std::vector<std::int64_t>& state) const;

 private:
  WindowWalk walk_;
  std::int64_t window_, row_requests_;  // requests of an output word, of an output row
  std::int64_t request_ = 0;
  bool stage1_ = false, stage2_ = false, valid_ = false;
};

/// A block between FIFOs that passes words on: add, concat, merge, requantise, table. With `stages` registers, all of which
/// hold while an offered word waits; without, in the cycle in which the word is taken.
class SteppedStream {
 public:
  explicit SteppedStream(const ChipBlock& block);

  /// The operand whose word is next; -1: a word of every one.
  int operand() const { return turns_.empty() ? -1 : turn_ % operands_; }
  bool in_ready(bool out_ready) const { return out_ready || (!held_.empty() && !held_.back()); }
  /// It offers a word in a cycle in which it takes one, or not.
  bool out_valid(bool taken) const { return held_.empty() ? taken : bool{held_.back()}; }
  void step(bool taken, bool out_ready);
  void save(std::vector<std::int64_t>& state) const;

 private:
  std::vector<int> turns_;      // words of each turn, operand after operand: those of a place, or of a map (merge)
  int operands_ = 1;
  int turn_ = 0, word_ = 0;
  std::vector<bool> held_;      // a word in every register
};

}  // namespace epim
