// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/chip_timing.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <variant>

#include "golden/chip_blocks.hpp"

namespace epim {
namespace {

using Cycle = std::int64_t;

/// A block without registers: input, output, add, ReLU.
struct Plain {};
using Machine = std::variant<Plain, SteppedCore, SteppedPool>;

Machine machine_of(const ChipBlock& b) {
  switch (b.kind) {
    case BlockKind::core: return SteppedCore(b.hw, b.layer);
    case BlockKind::max_pool:
    case BlockKind::avg_pool:
    case BlockKind::global_avg_pool: return SteppedPool(b);
    default: return Plain{};
  }
}

/// All blocks and FIFOs, stepped together.
class Chip {
 public:
  Chip(const ChipGraph& graph, Cycle input_words) : graph_(graph), words_left_(input_words) {
    for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
      Part part{graph.blocks[b].kind, machine_of(graph.blocks[b]), {}, {}, 0, 0, 0};
      part.in = graph.entering(static_cast<int>(b));
      part.out = graph.leaving(static_cast<int>(b));
      parts_.push_back(std::move(part));
    }
    image_words_ = graph.blocks.front().out.words();
    count_.assign(graph.streams.size(), 0);
    high_.assign(graph.streams.size(), 0);
    pushed_.assign(graph.streams.size(), 0);
    popped_.assign(graph.streams.size(), 0);
  }

  /// One cycle. Returns whether any word moved.
  bool step() {
    bool moved = false;
    std::fill(pushed_.begin(), pushed_.end(), 0);
    std::fill(popped_.begin(), popped_.end(), 0);
    for (Part& p : parts_) {
      const bool room = std::all_of(p.out.begin(), p.out.end(), [&](int s) { return has_room(s); });
      const bool there = std::all_of(p.in.begin(), p.in.end(), [&](int s) { return count_[static_cast<std::size_t>(s)] > 0; });
      bool takes = false, sends = false;
      if (auto* core = std::get_if<SteppedCore>(&p.machine)) {
        takes = there && core->in_ready();
        sends = room && core->out_valid();
        core->step(takes, room);
        p.fired += core->fired();
      } else if (auto* pool = std::get_if<SteppedPool>(&p.machine)) {
        takes = there && pool->in_ready();
        sends = room && pool->out_valid();
        pool->step(takes, room);
      } else if (p.kind == BlockKind::input) {
        sends = room && words_left_ > 0;
        if (sends) --words_left_;
      } else if (p.kind == BlockKind::output) {
        takes = there;
      } else {
        takes = sends = there && room;
      }
      if (takes) {
        ++p.words_in;
        for (int s : p.in) popped_[static_cast<std::size_t>(s)] = 1;
      }
      if (sends) {
        ++p.words_out;
        for (int s : p.out) pushed_[static_cast<std::size_t>(s)] = 1;
      }
      moved = moved || takes || sends;
    }
    for (std::size_t s = 0; s < count_.size(); ++s) {
      count_[s] += pushed_[s] - popped_[s];
      high_[s] = std::max(high_[s], count_[s]);
    }
    return moved;
  }

  Cycle beats() const { return parts_.back().words_in; }
  Cycle words_left() const { return words_left_; }
  Cycle fired(std::size_t b) const { return parts_[b].fired; }
  Cycle words_in(std::size_t b) const { return parts_[b].words_in; }
  Cycle words_out(std::size_t b) const { return parts_[b].words_out; }
  const std::vector<int>& high_water() const { return high_; }
  bool full(std::size_t s) const { return !has_room(static_cast<int>(s)); }
  bool empty(std::size_t s) const { return count_[s] == 0; }

  /// Everything that decides the future while the input has words left.
  std::vector<std::int64_t> state() const {
    std::vector<std::int64_t> v(count_.begin(), count_.end());
    v.push_back(parts_.front().words_out % image_words_);
    for (const Part& p : parts_) {
      if (const auto* core = std::get_if<SteppedCore>(&p.machine)) core->save(v);
      if (const auto* pool = std::get_if<SteppedPool>(&p.machine)) pool->save(v);
    }
    return v;
  }

 private:
  struct Part {
    BlockKind kind;
    Machine machine;
    std::vector<int> in, out;
    Cycle fired, words_in, words_out;
  };
  bool has_room(int s) const {
    const int depth = graph_.streams[static_cast<std::size_t>(s)].depth;
    return depth == 0 || count_[static_cast<std::size_t>(s)] < depth;
  }

  const ChipGraph& graph_;
  std::vector<Part> parts_;
  std::vector<int> count_, high_, pushed_, popped_;
  Cycle words_left_, image_words_;
};

/// Block `b` between an input that always has words and an output that always takes them.
ChipGraph alone(const ChipGraph& graph, int b) {
  ChipGraph g;
  g.lanes = graph.lanes;
  const ChipBlock& block = graph.blocks[static_cast<std::size_t>(b)];
  ChipBlock in, out;
  in.kind = BlockKind::input;
  in.in = in.out = block.in;
  out.kind = BlockKind::output;
  out.in = out.out = block.out;
  g.blocks = {in, block, out};
  g.streams = {{0, 1, 0, 2}, {1, 2, 0, 2}};
  return g;
}

}  // namespace

ChipTiming predict_chip(const ChipGraph& graph, int images, const ChipRunOptions& options) {
  // Cycles without a moving word after which a state is compared with the one after it.
  constexpr Cycle kQuiet = 256;
  const Cycle image_words = graph.blocks.back().in.words();
  Chip chip(graph, graph.blocks.front().out.words() * images);
  ChipTiming t;
  std::map<std::vector<std::int64_t>, std::pair<Cycle, Cycle>> seen;  // state at an image's end -> cycle, images
  Cycle beats = 0, quiet = 0;
  std::vector<std::int64_t> before;
  for (Cycle cycle = 0; t.images < images && (options.limit == 0 || cycle < options.limit); ++cycle) {
    // A state that maps to itself can never change: nothing comes from outside but words that find no room.
    const bool probe = quiet > 0 && quiet % kQuiet == 0;
    if (probe) before = chip.state();
    const bool moved = chip.step();
    quiet = moved ? 0 : quiet + 1;
    if (probe && !moved && before == chip.state()) {
      t.deadlock = true;
      t.deadlock_cycle = cycle - quiet + 1;
      break;
    }
    if (chip.beats() == beats) continue;
    beats = chip.beats();
    t.cycles = cycle + 1;
    if (options.keep_beats) t.beats.push_back(cycle);
    if (beats % image_words != 0) continue;
    ++t.images;
    t.image_end.push_back(cycle);
    if (t.steady || chip.words_left() == 0) continue;
    const auto [at, fresh] = seen.emplace(chip.state(), std::pair{cycle, t.images});
    if (fresh) continue;
    t.steady = ImageRate{cycle - at->second.first, t.images - at->second.second};
    if (options.until_periodic) break;
  }
  if (!t.image_end.empty()) t.first_latency = t.image_end.front() + 1;
  for (std::size_t s = 0; t.deadlock && s < graph.streams.size(); ++s) {
    if (chip.full(s)) t.full.push_back(static_cast<int>(s));
    if (chip.empty(s)) t.empty.push_back(static_cast<int>(s));
  }
  t.high_water = chip.high_water();
  for (std::size_t b = 0; b < graph.blocks.size(); ++b)
    t.blocks.push_back({chip.fired(b), chip.words_in(b), chip.words_out(b)});
  return t;
}

ImageRate alone_rate(const ChipGraph& graph, int b) {
  const ChipBlock& block = graph.blocks[static_cast<std::size_t>(b)];
  if (block.kind != BlockKind::core && block.kind != BlockKind::max_pool && block.kind != BlockKind::avg_pool &&
      block.kind != BlockKind::global_avg_pool)
    return {block.out.words(), 1};  // a word per cycle
  const ChipTiming t = predict_chip(alone(graph, b), std::numeric_limits<int>::max(), {false, true, 0});
  return t.steady.value();
}

Slowest slowest_block(const ChipGraph& graph) {
  Slowest s{-1, {0, 1}, {}};
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    s.alone.push_back(alone_rate(graph, static_cast<int>(b)));
    if (s.block < 0 || s.rate < s.alone.back()) {
      s.block = static_cast<int>(b);
      s.rate = s.alone.back();
    }
  }
  return s;
}

}  // namespace epim
