// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip_timing.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace epim {
namespace {

using Cycle = std::int64_t;

SteppedChip::Machine machine_of(const ChipBlock& b) {
  switch (b.kind) {
    case BlockKind::core: return SteppedCore(b.hw, b.layer);
    case BlockKind::max_pool:
    case BlockKind::avg_pool:
    case BlockKind::global_avg_pool: return SteppedPool(b);
    case BlockKind::input:
    case BlockKind::output: return std::monostate{};
    default: return SteppedStream(b);
  }
}

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

SteppedChip::SteppedChip(const ChipGraph& graph) : image_words_(graph.blocks.front().out.words()) {
  for (std::size_t b = 0; b < graph.blocks.size(); ++b)
    parts_.push_back({graph.blocks[b].kind, machine_of(graph.blocks[b]), graph.entering(static_cast<int>(b)),
                      graph.leaving(static_cast<int>(b)), {}});
  for (const ChipStream& s : graph.streams) depth_.push_back(s.depth);
  count_.assign(depth_.size(), 0);
  high_ = change_ = count_;
}

bool SteppedChip::room_behind(const Part& p) const {
  return std::all_of(p.out.begin(), p.out.end(), [&](int s) { return !full(static_cast<std::size_t>(s)); });
}

BlockPorts SteppedChip::ports(std::size_t block) const {
  const Part& p = parts_[block];
  BlockPorts at;
  at.word = count_[static_cast<std::size_t>(p.in.at(0))] > 0;
  at.room = room_behind(p);
  if (const auto* core = std::get_if<SteppedCore>(&p.machine)) {
    at.ready = core->in_ready();
    at.valid = core->out_valid();
  }
  if (const auto* pool = std::get_if<SteppedPool>(&p.machine)) {
    at.ready = pool->in_ready();
    at.valid = pool->out_valid();
  }
  return at;
}

bool SteppedChip::step(bool offered, bool ready) {
  bool moved = false;
  std::fill(change_.begin(), change_.end(), 0);
  for (Part& p : parts_) {
    const bool room = room_behind(p);
    auto* stream = std::get_if<SteppedStream>(&p.machine);
    const int operand = stream ? stream->operand() : -1;
    const auto asked = [&](std::size_t i) { return operand < 0 || static_cast<int>(i) == operand; };
    bool there = true;
    for (std::size_t i = 0; i < p.in.size(); ++i) there = there && (!asked(i) || count_[static_cast<std::size_t>(p.in[i])] > 0);
    bool takes = false, sends = false;
    if (auto* core = std::get_if<SteppedCore>(&p.machine)) {
      takes = there && core->in_ready();
      sends = room && core->out_valid();
      core->step(takes, room);
      p.did.fire_cycles += core->fired();
    } else if (auto* pool = std::get_if<SteppedPool>(&p.machine)) {
      takes = there && pool->in_ready();
      sends = room && pool->out_valid();
      pool->step(takes, room);
    } else if (p.kind == BlockKind::input) {
      sends = room && offered;
    } else if (p.kind == BlockKind::output) {
      takes = there && ready;
    } else {
      takes = there && stream->in_ready(room);
      sends = room && stream->out_valid(takes);
      stream->step(takes, room);
    }
    if (takes) {
      ++p.did.words_in;
      for (std::size_t i = 0; i < p.in.size(); ++i)
        if (asked(i)) --change_[static_cast<std::size_t>(p.in[i])];
    }
    if (sends) {
      ++p.did.words_out;
      for (int s : p.out) ++change_[static_cast<std::size_t>(s)];
    }
    moved = moved || takes || sends;
  }
  for (std::size_t s = 0; s < count_.size(); ++s) {
    count_[s] += change_[s];
    high_[s] = std::max(high_[s], count_[s]);
  }
  return moved;
}

std::vector<std::int64_t> SteppedChip::state() const {
  std::vector<std::int64_t> v(count_.begin(), count_.end());
  v.push_back(parts_.front().did.words_out % image_words_);
  for (const Part& p : parts_) {
    if (const auto* core = std::get_if<SteppedCore>(&p.machine)) core->save(v);
    if (const auto* pool = std::get_if<SteppedPool>(&p.machine)) pool->save(v);
    if (const auto* stream = std::get_if<SteppedStream>(&p.machine)) stream->save(v);
  }
  return v;
}

ChipTiming predict_chip(const ChipGraph& graph, int images, const ChipRunOptions& options) {
  // Cycles without a moving word after which a state is compared with the one after it.
  constexpr Cycle kQuiet = 256;
  const Cycle image_words = graph.blocks.back().in.words();
  SteppedChip chip(graph);
  const std::size_t last = graph.blocks.size() - 1;
  Cycle words_left = graph.blocks.front().out.words() * images;
  ChipTiming t;
  std::map<std::vector<std::int64_t>, std::pair<Cycle, Cycle>> seen;  // state at an image's end -> cycle, images
  Cycle beats = 0, quiet = 0;
  std::vector<std::int64_t> before;
  for (Cycle cycle = 0; t.images < images && (options.limit == 0 || cycle < options.limit); ++cycle) {
    // A state that maps to itself can never change: nothing comes from outside but words that find no room.
    const bool probe = quiet > 0 && quiet % kQuiet == 0;
    if (probe) before = chip.state();
    const bool offered = words_left > 0, accepted = offered && chip.in_ready();
    const bool moved = chip.step(offered, true);
    words_left -= accepted;
    quiet = moved ? 0 : quiet + 1;
    if (probe && !moved && before == chip.state()) {
      t.deadlock = true;
      t.deadlock_cycle = cycle - quiet + 1;
      break;
    }
    if (chip.activity(last).words_in == beats) continue;
    ++beats;
    t.cycles = cycle + 1;
    if (options.keep_beats) t.beats.push_back(cycle);
    if (beats % image_words != 0) continue;
    ++t.images;
    t.image_end.push_back(cycle);
    if (t.steady || words_left == 0) continue;
    const auto [at, fresh] = seen.emplace(chip.state(), std::pair{cycle, t.images});
    if (fresh) continue;
    t.steady = ImageRate{cycle - at->second.first, t.images - at->second.second};
    if (options.until_periodic) break;
  }
  if (!t.image_end.empty()) t.first_latency = t.image_end.front() + 1;
  for (std::size_t s = 0; t.deadlock && s < graph.streams.size(); ++s) {
    if (chip.full(s)) t.full.push_back(static_cast<int>(s));
    if (chip.counts()[s] == 0) t.empty.push_back(static_cast<int>(s));
  }
  t.high_water = chip.high_water();
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) t.blocks.push_back(chip.activity(b));
  return t;
}

ImageRate alone_rate(const ChipGraph& graph, int b) {
  const ChipBlock& block = graph.blocks[static_cast<std::size_t>(b)];
  if (block.kind != BlockKind::core && !block.is_pool())
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
