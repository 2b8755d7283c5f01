// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip_fifo.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "golden/timing/row_copies.hpp"

namespace epim {
namespace {

using Count = std::int64_t;

/// The schedule in which a word is sent only when an output word of the chip needs it.
class Demand {
 public:
  explicit Demand(const ChipGraph& graph) : graph_(graph), sent_(graph.blocks.size(), 0), taken_(graph.streams.size(), 0) {
    for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
      entering_.push_back(graph.entering(static_cast<int>(b)));
      leaving_.push_back(graph.leaving(static_cast<int>(b)));
    }
    depths.assign(graph.streams.size(), 1);
    proof.assign(graph.streams.size(), {});
  }

  /// Block b sends words until it has sent n.
  void send(int b, Count n) {
    const ChipBlock& block = graph_.blocks[static_cast<std::size_t>(b)];
    const std::vector<int>& in = entering_[static_cast<std::size_t>(b)];
    for (Count& sent = sent_[static_cast<std::size_t>(b)]; sent < n;) {
      waiting_.push_back({b, sent});
      if (block.kind == BlockKind::add) {
        for (int s : in) send(from(s), sent + 1);
        for (int s : in) ++taken_[static_cast<std::size_t>(s)];
      } else {
        for (int s : in) {
          const Count needed = words_needed(block, sent, graph_.streams[static_cast<std::size_t>(s)].port);
          for (Count& taken = taken_[static_cast<std::size_t>(s)]; taken < needed; ++taken) send(from(s), taken + 1);
        }
      }
      waiting_.pop_back();
      ++sent;
      for (int s : leaving_[static_cast<std::size_t>(b)]) hold(s, sent);
    }
  }

  /// Where every count stands after `images` images.
  std::vector<Count> position(Count images) const {
    std::vector<Count> p;
    for (std::size_t b = 0; b < sent_.size(); ++b) p.push_back(sent_[b] - images * graph_.blocks[b].out.words());
    for (std::size_t s = 0; s < taken_.size(); ++s)
      p.push_back(taken_[s] - images * graph_.blocks[static_cast<std::size_t>(graph_.streams[s].to)].input(graph_.streams[s].port).words());
    return p;
  }

  std::vector<int> depths;
  std::vector<FifoProof> proof;

 private:
  struct Waiting {
    int block;
    Count word;
  };
  int from(int s) const { return graph_.streams[static_cast<std::size_t>(s)].from; }
  void hold(int s, Count sent) {
    const auto at = static_cast<std::size_t>(s);
    const Count held = sent - taken_[at];
    if (held <= depths[at]) return;
    depths[at] = static_cast<int>(held);
    // The consumer itself waits, or else the nearest join that caused this word.
    const auto is = [&](const Waiting& w) { return w.block == graph_.streams[at].to; };
    const auto own = std::find_if(waiting_.begin(), waiting_.end(), is);
    if (own != waiting_.end()) {  // a join: other blocks take each word before they ask for the next
      proof[at] = {own->block, own->word, sent, taken_[at], true};
      return;
    }
    const auto join = std::find_if(waiting_.rbegin(), waiting_.rend(), [&](const Waiting& w) {
      return graph_.blocks[static_cast<std::size_t>(w.block)].is_join();
    });
    if (join != waiting_.rend()) proof[at] = {join->block, join->word, sent, taken_[at], false};
  }

  const ChipGraph& graph_;
  std::vector<Count> sent_, taken_;
  std::vector<std::vector<int>> entering_, leaving_;
  std::vector<Waiting> waiting_;
};

/// Smallest depth of one stream that `good` accepts; `depths[s]` is accepted.
int smallest_depth(std::vector<int> depths, std::size_t s, const std::function<bool(const std::vector<int>&)>& good) {
  int bad = 0, fine = depths[s];
  while (fine - bad > 1) {
    depths[s] = bad + (fine - bad) / 2;
    (good(depths) ? fine : bad) = depths[s];
  }
  return fine;
}

}  // namespace

std::int64_t words_needed(const ChipBlock& b, std::int64_t k, int port) {
  int kh = b.kh, stride = b.stride.y, pad = b.pad.top;
  switch (b.kind) {
    case BlockKind::input: return 0;
    case BlockKind::output:
    case BlockKind::add:
    case BlockKind::requantise:
    case BlockKind::table: return k + 1;
    case BlockKind::concat: {
      Count before = 0;  // words of the place that come first
      for (int p = 0; p < port; ++p) before += b.turns[static_cast<std::size_t>(p)];
      const Count own = b.turns[static_cast<std::size_t>(port)];
      return k / b.out.blocks * own + std::clamp<Count>(k % b.out.blocks + 1 - before, 0, own);
    }
    case BlockKind::merge: {
      const Count row = k % b.out.words() / b.out.row_words(), column = k % b.out.row_words();
      const Count own = port > row ? 0 : (row - port + b.copies - 1) / b.copies;  // rows that came before this one
      return (k / b.out.words() * rows_of_copy(b.out.height, b.copies, port) + own) * b.out.row_words() + (row % b.copies == port ? column + 1 : 0);
    }
    case BlockKind::core:
      kh = b.layer.window_h();
      stride = b.layer.stride.y;
      pad = b.layer.pad.top;
      break;
    default: break;
  }
  const Count image = k / b.out.words(), row = k % b.out.words() / b.out.row_words();
  const Count rows = std::clamp<Count>(row * stride - pad + kh, 0, b.in.height);
  return image * b.in.words() + rows * b.in.row_words();
}

ChipGraph with_depths(ChipGraph graph, const std::vector<int>& depths) {
  for (std::size_t s = 0; s < depths.size(); ++s) graph.streams[s].depth = depths[s];
  return graph;
}

FifoDepths count_fifos(const ChipGraph& graph) {
  Demand demand(graph);
  const int out = static_cast<int>(graph.blocks.size()) - 1;
  const Count words = graph.blocks.back().out.words();
  demand.send(out, words);
  std::vector<Count> before;
  // The counts stand where they stood an image ago: the schedule repeats for ever.
  for (Count images = 1; before != demand.position(images); ++images) {
    before = demand.position(images);
    demand.send(out, (images + 1) * words);
  }
  FifoDepths depths;
  depths.deadlock_free = demand.depths;
  depths.proof = demand.proof;
  return depths;
}

namespace {

/// Runs with these depths until the state repeats or nothing moves.
ChipTiming settle(const ChipGraph& graph, const std::vector<int>& depths) {
  return predict_chip(with_depths(graph, depths), std::numeric_limits<int>::max(), {false, true, 0});
}

}  // namespace

std::vector<int> smallest_depths(const ChipGraph& graph, const FifoDepths& counted) {
  std::vector<int> depths = counted.deadlock_free;
  const auto lives = [&](const std::vector<int>& d) { return !settle(graph, d).deadlock; };
  for (std::size_t s = 0; s < depths.size(); ++s)
    if (!counted.proof[s].exact) depths[s] = smallest_depth(depths, s, lives);
  return depths;
}

FifoDepths paced_fifos(const ChipGraph& graph) {
  FifoDepths result = count_fifos(graph);
  const ImageRate target = slowest_block(graph).rate;
  const Count words = graph.blocks.front().out.words(), image = graph.blocks.back().in.words();
  SteppedChip chip(with_depths(graph, std::vector<int>(graph.streams.size(), 0)));
  const std::size_t last = graph.blocks.size() - 1;
  // Until two images leave every mark as it was; marks rise for ever only where the rate is not kept, and that shows below.
  constexpr Count kMost = 40;
  std::vector<int> before;
  Count sent = 0, images = 0;
  for (Count cycle = 0, calm = 0; calm < 2 && images < kMost; ++cycle) {
    const bool offered = sent * target.cycles <= cycle * words * target.images;
    sent += offered && chip.in_ready();
    chip.step(offered, true);
    if (chip.activity(last).words_in < (images + 1) * image) continue;
    ++images;
    calm = chip.high_water() == before ? calm + 1 : 0;
    before = chip.high_water();
  }
  // A word that comes while another goes finds the FIFO as full as it gets.
  for (std::size_t s = 0; s < before.size(); ++s) result.full_throughput.push_back(std::max(before[s] + 1, result.deadlock_free[s]));
  result.rate = settle(graph, result.full_throughput).steady.value();
  result.reaches_slowest = result.rate == target;
  return result;
}

FifoDepths analyse_fifos(const ChipGraph& graph) {
  FifoDepths result = count_fifos(graph);
  result.smallest = smallest_depths(graph, result);

  const ImageRate target = slowest_block(graph).rate;
  const auto fast = [&](const std::vector<int>& depths) {
    const ChipTiming t = settle(graph, depths);
    return !t.deadlock && t.steady.value() == target;
  };
  std::vector<int>& full = result.full_throughput;
  full = result.deadlock_free;
  for (int& d : full) d = std::max(d, 2);
  // A FIFO beside a path of blocks fills with what the path holds; no block holds more than a few images.
  const auto most = [&](std::size_t s) {
    const ChipBlock& from = graph.blocks[static_cast<std::size_t>(graph.streams[s].from)];
    return static_cast<int>(4 * static_cast<Count>(graph.blocks.size()) * from.out.words());
  };
  result.reaches_slowest = fast(full);
  for (bool grown = true; grown && !result.reaches_slowest;) {
    grown = false;
    for (std::size_t s = 0; s < full.size(); ++s) {
      const int d = std::max(full[s], std::min(2 * full[s], most(s)));
      grown = grown || d != full[s];
      full[s] = d;
    }
    if (grown) result.reaches_slowest = fast(full);
  }
  for (std::size_t s = 0; result.reaches_slowest && s < full.size(); ++s) full[s] = smallest_depth(full, s, fast);
  result.rate = settle(graph, full).steady.value();
  return result;
}

}  // namespace epim
