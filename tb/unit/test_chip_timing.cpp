// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <limits>
#include <random>

#include <fmt/format.h>

#include "golden/timing/chip_blocks.hpp"
#include "golden/timing/chip_fifo.hpp"
#include "golden/timing/chip_timing.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/timing.hpp"
#include "tb/unit/chip_blocks.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using namespace epim::testing;

namespace {

constexpr int kForever = std::numeric_limits<int>::max();
constexpr ChipRunOptions kPeriodic{false, true, 0};

/// A random graph of chains, nested residual connections and concatenations; shapes are kept within a chain.
ChipGraph random_graph(std::uint32_t seed) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  Builder b;
  b.graph.lanes = pick(1, 2);
  WordMap map{pick(1, 5), pick(1, 4), pick(1, 2)};
  int at = b.add(io(BlockKind::input, map), {});
  const auto name = [&] { return fmt::format("n{}", b.graph.blocks.size()); };
  const auto simple = [&](int from) {
    const int kind = pick(0, 6);
    if (kind == 6 && map.height > 1) {
      const bool pooling = pick(0, 2) == 0;
      const ChipBlock whole = pooling ? pool(name(), map, 3, 1, 1) : core(name(), map, b.graph.lanes, 3, pick(1, 3), 0);
      return b.add_copies(whole, pick(2, std::min(3, map.height)), pick(0, 1), from);
    }
    if (kind == 0) return b.add(pool(name(), map, 3, 1, 1), {from});
    if (kind == 1) {
      ChipBlock r = io(BlockKind::output, map);
      r.kind = BlockKind::requantise;
      r.name = name();
      r.stages = pick(0, 2);
      return b.add(r, {from});
    }
    return b.add(core(name(), map, b.graph.lanes, kind == 2 ? 1 : kind == 3 && map.height > 2 ? 5 : 3, pick(1, 3), pick(0, 2)), {from});
  };
  const std::function<int(int, int)> chain = [&](int from, int deep) {
    for (int n = pick(deep > 0 ? 1 : 2, 3); n > 0; --n) {
      if (deep < 2 && pick(0, 2) == 0) {
        // Both operands from one fork: nothing, a block or a chain between.
        const int a = pick(0, 2) == 0 ? simple(from) : from, c = chain(from, deep + 1);
        ChipBlock add = io(BlockKind::output, map);
        add.kind = BlockKind::add;
        add.name = name();
        add.stages = 2 * pick(0, 1);
        const bool swap = pick(0, 1) == 1;
        from = b.add(add, swap ? std::vector<int>{c, a} : std::vector<int>{a, c});
      } else {
        from = simple(from);
      }
    }
    return from;
  };
  at = chain(at, 0);
  if (map.height > 1 && map.width > 1 && pick(0, 1) == 1) {
    const ChipBlock p = pool(name(), map, 2, 2, 0);
    map = p.out;
    at = b.add(p, {at});
    at = chain(at, 1);
  }
  if (pick(0, 2) == 0) {
    // Two or three maps in turn: of paths of their own, or the same one.
    std::vector<int> from = {chain(at, 1), pick(0, 1) == 0 ? at : chain(at, 1)};
    if (pick(0, 1) == 0) from.push_back(at);
    at = b.add(concat(name(), map, std::vector<int>(from.size(), map.blocks), 2 * pick(0, 1)), from);
    map.blocks *= static_cast<int>(from.size());
  }
  b.add(io(BlockKind::output, map), {at});
  return b.graph;
}

std::string text_of(const ChipGraph& g, const std::vector<int>& depths) {
  std::string s;
  for (std::size_t i = 0; i < g.streams.size(); ++i)
    s += fmt::format("{} {} ", g.stream_name(static_cast<int>(i)), depths[i]);
  return s;
}

/// The digits networks on cores as configs/digits*.toml give them: 64x64 crossbars, A8, 8 lanes, Kh + stride rows.
ChipGraph digits_chip(const std::string& name) {
  const Network net = load_network(std::string(EPIM_SOURCE_DIR) + "/models/" + name + "/network.json");
  std::vector<NodeCore> cores;
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    if (!node.has_weights()) continue;
    NodeCore c;
    c.node = static_cast<int>(n);
    c.layer = layer_of(node);
    c.layer.wrap = node.wrap;
    c.hw.act_bits = 8;
    c.hw.joint_lanes = 2;
    c.layer.patches = default_sampler(c.layer.cin, c.layer.cout, c.layer.kh, c.layer.kw, c.layer.epitome, c.hw.lanes, false);
    const PeArray array = pe_array_for(c.hw, c.layer.epitome);
    c.hw.pe_rows = array.rows;
    c.hw.pe_cols = array.cols;
    c.hw.buffer_words = (c.layer.window_h() + c.layer.stride.y) * ((c.layer.stored_cin() + 7) / 8) * c.layer.w;
    cores.push_back(c);
  }
  return chip_graph(net, network_arithmetic(net, FixedHardware{}, SignedMaps::as_activations), cores);
}

int stream_of(const ChipGraph& g, const std::string& name) {
  for (std::size_t s = 0; s < g.streams.size(); ++s)
    if (g.stream_name(static_cast<int>(s)) == name) return static_cast<int>(s);
  FAIL("no stream " << name);
  return -1;
}

}  // namespace

TEST_CASE("stepped core: without stalls it is predict_timing", "[chip]") {
  property("beats, first and last firing, firing cycles", [](std::uint32_t seed) {
    testing::Case c = random_case(seed);
    testing::random_serial(c.hw, seed);
    c.hw.joint_lanes = 1 + static_cast<int>(seed % static_cast<unsigned>(std::min(c.hw.lanes, c.hw.adcs())));
    const int row = (c.layer.stored_cin() + c.hw.lanes - 1) / c.hw.lanes * c.layer.w;
    c.hw.buffer_words = row * (std::min(c.layer.window_h(), c.layer.h) + static_cast<int>(seed / 7 % 4));
    const int frames = 1 + static_cast<int>(seed % 3);
    const Timing expected = predict_timing(c.hw, c.layer, frames);
    // Some cycles beyond the end: nothing may come after it.
    const std::vector<bool> always(static_cast<std::size_t>(expected.cycles) + 100, true);
    const Timing stepped = timing_under_stalls(c.hw, c.layer, frames, always, always);
    RC_ASSERT(stepped.beats == expected.beats);
    RC_ASSERT(stepped.cycles == expected.cycles);
    RC_ASSERT(stepped.first_fire == expected.first_fire);
    RC_ASSERT(stepped.last_fire == expected.last_fire);
    RC_ASSERT(stepped.fire_cycles == expected.fire_cycles);
  });
}

TEST_CASE("stepped core: under stalls nothing is lost and nothing comes early", "[chip]") {
  property("same beats, later", [](std::uint32_t seed) {
    testing::Case c = random_case(seed);
    testing::random_serial(c.hw, seed);
    c.hw.joint_lanes = 1;
    c.hw.buffer_words = (c.layer.stored_cin() + c.hw.lanes - 1) / c.hw.lanes * c.layer.w * std::min(c.layer.window_h(), c.layer.h);
    const Timing free = predict_timing(c.hw, c.layer, 2);
    std::mt19937 rng(seed);
    std::vector<bool> offered, ready;
    for (std::int64_t i = 0; i < 6 * free.cycles + 1000; ++i) {
      offered.push_back(rng() % 3 != 0);
      ready.push_back(rng() % 2 != 0);
    }
    const Timing t = timing_under_stalls(c.hw, c.layer, 2, offered, ready);
    RC_ASSERT(t.beats.size() == free.beats.size());
    RC_ASSERT(t.fire_cycles == free.fire_cycles);
    for (std::size_t i = 0; i < t.beats.size(); ++i) RC_ASSERT(t.beats[i] >= free.beats[i]);
  });
}

TEST_CASE("chip: a pool by hand", "[chip]") {
  // 4x4 places, 2x2 windows, stride 2, ring of 4 rows. Word n is in the FIFO from cycle n+1 and taken in n+1; rows 0 and 1
  // are complete in 9, so 9 is the look and requests run in 10..17. Windows end in 13 and 17 and are offered in 16 and 20, pushed
  // at once, and taken from the second FIFO one cycle later. Row state in 18: two rows are given back in 18 and 19, 20 is
  // the look, requests 21..28, windows end in 24 and 28, beats leave in 28 and 32. Tail: 29, 30 give back, 31 ends the image.
  Builder b;
  const WordMap map{4, 4, 1};
  const int in = b.add(io(BlockKind::input, map), {});
  const int p = b.add(pool("pool", map, 2, 2, 0), {in});
  b.add(io(BlockKind::output, {2, 2, 1}), {p});
  const ChipTiming one = predict_chip(b.graph, 1, {true, false, 0});
  CHECK(one.beats == std::vector<std::int64_t>{17, 21, 28, 32});
  CHECK(one.first_latency == 33);
  CHECK(one.cycles == 33);
  // The second image: its rows 0 and 1 entered the freed slots; row state in 32 looks at once: 22 cycles after the first.
  const ChipTiming two = predict_chip(b.graph, 2, {true, false, 0});
  CHECK(std::vector<std::int64_t>(two.beats.begin() + 4, two.beats.end()) == std::vector<std::int64_t>{40, 44, 51, 55});
  CHECK(alone_rate(b.graph, p) == ImageRate{23, 1});
  // Row 3 is complete in 17: the ring is full until a row given back in 18 makes room in 19.
  SteppedChip chip(b.graph);
  std::vector<std::int64_t> taken;
  for (int cycle = 0; cycle < 20; ++cycle) {
    const std::int64_t before = chip.activity(1).words_in;
    chip.step(true, true);
    if (chip.activity(1).words_in != before) taken.push_back(cycle);
  }
  CHECK(taken == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19});
}

TEST_CASE("chip: additions and ReLU take no time, FIFOs one cycle", "[chip]") {
  Builder b;
  const WordMap map{1, 5, 1};
  const int in = b.add(io(BlockKind::input, map), {});
  ChipBlock add = io(BlockKind::output, map), relu = add;
  add.kind = BlockKind::add;
  relu.kind = BlockKind::requantise;
  add.name = "add";
  relu.name = "relu";
  const int a = b.add(add, {in, in}), r = b.add(relu, {a});
  b.add(io(BlockKind::output, map), {r});
  CHECK(b.graph.stream_name(0) == "image.add");
  CHECK(b.graph.stream_name(1) == "image.add.1");
  CHECK(predict_chip(b.graph, 1, {true, false, 0}).beats == std::vector<std::int64_t>{3, 4, 5, 6, 7});
  // FIFOs of one word pass every second cycle: a pop makes room in the cycle after it.
  CHECK(predict_chip(with_depths(b.graph, {1, 1, 1, 1}), 1, {true, false, 0}).beats == std::vector<std::int64_t>{3, 5, 7, 9, 11});
}

TEST_CASE("chip: words needed by hand", "[chip]") {
  const ChipBlock c = core("c", {4, 3, 2}, 2, 3, 2, 1);
  // 3x3, padding 1: row 0 needs rows 0 and 1, row 2 all of 0..3, row 3 no more. 6 words a row, 24 an image.
  CHECK(words_needed(c, 0) == 12);
  CHECK(words_needed(c, 5) == 12);
  CHECK(words_needed(c, 6) == 18);
  CHECK(words_needed(c, 12) == 24);
  CHECK(words_needed(c, 23) == 24);
  CHECK(words_needed(c, 24) == 36);
  const ChipBlock p = pool("p", {5, 5, 1}, 2, 2, 0);  // row 4 belongs to no window
  CHECK(words_needed(p, 0) == 10);
  CHECK(words_needed(p, 3) == 20);
  CHECK(words_needed(p, 4) == 35);
}

TEST_CASE("chip: FIFO depths of random graphs", "[chip]") {
  int skips = 0, lower = 0;
  property("enough, and not one less", [&](std::uint32_t seed) {
    const ChipGraph g = random_graph(seed);
    FifoDepths f = count_fifos(g);
    f.smallest = smallest_depths(g, f);
    const auto dies = [&](std::vector<int> depths) { return predict_chip(with_depths(g, depths), kForever, kPeriodic).deadlock; };
    RC_LOG(text_of(g, f.deadlock_free));
    RC_ASSERT(!dies(f.deadlock_free));
    RC_ASSERT(!dies(f.smallest));
    for (std::size_t s = 0; s < g.streams.size(); ++s) {
      RC_ASSERT(f.smallest[s] <= f.deadlock_free[s]);
      RC_ASSERT(f.deadlock_free[s] == 1 || f.proof[s].sent - f.proof[s].taken == f.deadlock_free[s]);
      std::vector<int> less = f.smallest;
      if (--less[s] > 0) RC_ASSERT(dies(less));
      less = f.deadlock_free;
      if (f.proof[s].exact) {
        ++skips;
        --less[s];
        if (less[s] > 0) RC_ASSERT(dies(less));
        // Depth elsewhere is no substitute.
        for (std::size_t other = 0; other < less.size(); ++other)
          if (other != s) less[other] = 500;
        if (less[s] > 0) RC_ASSERT(dies(less));
      } else {
        lower += f.smallest[s] < f.deadlock_free[s];
      }
    }
  });
  INFO("exact skips " << skips << ", streams that blocks relieve " << lower);
  CHECK(skips > 0);
  CHECK(lower > 0);
}

TEST_CASE("chip: FIFOs deep enough make random graphs as fast as their slowest block", "[chip]") {
  int deeper = 0;
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    const ChipGraph g = random_graph(seed);
    const FifoDepths f = analyse_fifos(g);
    INFO("seed " << seed << ": " << text_of(g, f.full_throughput));
    CHECK(f.reaches_slowest);
    CHECK(f.rate == slowest_block(g).rate);
    for (std::size_t s = 0; s < g.streams.size(); ++s) {
      std::vector<int> less = f.full_throughput;
      if (--less[s] == 0) continue;
      const ChipTiming t = predict_chip(with_depths(g, less), kForever, kPeriodic);
      CHECK((t.deadlock || f.rate < t.steady.value()));
      deeper += !t.deadlock;
    }
  }
  CHECK(deeper > 0);
}

TEST_CASE("chip: depths from a paced run make random graphs as fast as their slowest block", "[chip]") {
  for (std::uint32_t seed = 100; seed < 140; ++seed) {
    const ChipGraph g = random_graph(seed);
    const FifoDepths f = paced_fifos(g);
    INFO("seed " << seed << ": " << text_of(g, f.full_throughput));
    CHECK(f.reaches_slowest);
    CHECK(f.rate == slowest_block(g).rate);
    CHECK(f.smallest.empty());
    for (std::size_t s = 0; s < g.streams.size(); ++s) CHECK(f.full_throughput[s] >= f.deadlock_free[s]);
  }
}

TEST_CASE("chip: a repeated state predicts every later image", "[chip]") {
  property("image ends continue with the period", [](std::uint32_t seed) {
    const ChipGraph g = with_depths(random_graph(seed), count_fifos(random_graph(seed)).deadlock_free);
    const ChipTiming t = predict_chip(g, kForever, kPeriodic);
    const auto period = static_cast<std::size_t>(t.steady.value().images), seen = t.image_end.size();
    const ChipTiming more = predict_chip(g, static_cast<int>(seen + 2 * period));
    for (std::size_t i = 0; i < seen; ++i) RC_ASSERT(more.image_end[i] == t.image_end[i]);
    for (std::size_t i = seen; i < more.image_end.size(); ++i)
      RC_ASSERT(more.image_end[i] == more.image_end[i - period] + t.steady->cycles);
  });
}

TEST_CASE("chip: digits_residual needs 48 words beside its two convolutions", "[chip]") {
  const ChipGraph g = digits_chip("digits_residual");
  const auto skip = static_cast<std::size_t>(stream_of(g, "conv1.add1"));
  const FifoDepths f = analyse_fifos(g);
  // conv2b's first word needs rows 0 and 1 of conv2a, these rows 0..2 of conv1: 3 rows of 8 places of 2 words.
  CHECK(f.deadlock_free[skip] == 48);
  CHECK(f.smallest == f.deadlock_free);
  CHECK(f.proof[skip].exact);
  CHECK(f.proof[skip].word == 0);
  CHECK(f.proof[skip].sent == 48);
  for (std::size_t s = 0; s < g.streams.size(); ++s)
    if (s != skip) CHECK(f.deadlock_free[s] == 1);
  std::vector<int> less = f.full_throughput;
  less[skip] = 47;
  const ChipTiming stuck = predict_chip(with_depths(g, less), 3);
  CHECK(stuck.deadlock);
  CHECK(stuck.images == 0);
  CHECK(std::find(stuck.full.begin(), stuck.full.end(), static_cast<int>(skip)) != stuck.full.end());
  CHECK(std::find(stuck.empty.begin(), stuck.empty.end(), stream_of(g, "conv2b.add1")) != stuck.empty.end());

  const Slowest slowest = slowest_block(g);
  CHECK(g.blocks[static_cast<std::size_t>(slowest.block)].name == "conv2a");
  CHECK(slowest.rate == ImageRate{2048, 1});  // 64 places * 2 patches * 2 column steps * 8 input steps
  CHECK(f.reaches_slowest);
  CHECK(f.rate == slowest.rate);
  CHECK(f.full_throughput[skip] == 70);
  CHECK(predict_chip(with_depths(g, f.full_throughput), 360).cycles == 738990);  // what the RTL took, docs/chip-timing.md
  std::vector<int> slower = f.full_throughput;
  --slower[skip];
  CHECK(slowest.rate < predict_chip(with_depths(g, slower), kForever, kPeriodic).steady.value());
}

TEST_CASE("chip: digits is as fast as conv2", "[chip]") {
  const ChipGraph g = digits_chip("digits");
  const FifoDepths f = analyse_fifos(g);
  const ChipTiming t = predict_chip(with_depths(g, f.full_throughput), 12);
  CHECK(t.steady.value() == ImageRate{4096, 1});  // 64 places * 2 patches * 4 column steps * 8 input steps
  // What the RTL took, too: docs/chip-timing.md.
  CHECK(t.first_latency == 5307);
  CHECK(t.cycles == 5307 + 11 * 4096);
  CHECK(t.images == 12);
}

TEST_CASE("chip: graphs that cannot be wired are refused at the node", "[chip]") {
  const std::string digits = std::string(EPIM_SOURCE_DIR) + "/models/digits/network.json";
  const Network net = load_network(digits);
  std::vector<NodeCore> cores;
  for (const ChipBlock& b : digits_chip("digits").blocks)
    if (b.kind == BlockKind::core) cores.push_back({b.node, b.hw, b.layer});
  const NetworkArithmetic arithmetic = network_arithmetic(net, FixedHardware{}, SignedMaps::as_activations);
  auto other = cores;
  other.pop_back();
  REQUIRE_RULE(chip_graph(net, arithmetic, other), "chip-core");
  other = cores;
  other[1].hw.lanes = 4;
  REQUIRE_RULE(chip_graph(net, arithmetic, other), "chip-lanes");
  other = cores;
  other[1].hw.buffer_words = 2 * 16;
  REQUIRE_RULE(chip_graph(net, arithmetic, other), "buffer-too-small");
  other = cores;
  other.back().layer.in_period = 0;
  other.back().layer.cin = 100;
  other.back().hw.buffer_words = 1000;
  REQUIRE_RULE(chip_graph(net, arithmetic, other), "chip-map-shape");
}

TEST_CASE("chip: stages of a block by hand", "[chip]") {
  // Word n is in the first FIFO from n+1 and taken in n+1; with s stages it is offered in n+1+s and pushed then.
  for (int stages : {0, 1, 2}) {
    Builder b;
    const WordMap map{1, 5, 1};
    const int in = b.add(io(BlockKind::input, map), {});
    ChipBlock sum = io(BlockKind::output, map);
    sum.kind = BlockKind::add;
    sum.name = "sum";
    sum.stages = stages;
    const int a = b.add(sum, {in, in, in});
    b.add(io(BlockKind::output, map), {a});
    CHECK(b.graph.stream_name(2) == "image.sum.2");
    CHECK(predict_chip(b.graph, 1, {true, false, 0}).beats == std::vector<std::int64_t>{2 + stages, 3 + stages, 4 + stages, 5 + stages, 6 + stages});
    CHECK(alone_rate(b.graph, a) == ImageRate{5, 1});
  }
}

TEST_CASE("chip: a block with stages holds its words while its output waits", "[chip]") {
  ChipBlock b;
  b.kind = BlockKind::requantise;
  b.stages = 2;
  SteppedStream s(b);
  CHECK(s.in_ready(false));
  s.step(true, false);
  CHECK_FALSE(s.out_valid(false));
  s.step(true, false);
  CHECK(s.out_valid(false));
  CHECK_FALSE(s.in_ready(false));  // both registers hold a word
  CHECK(s.in_ready(true));
  s.step(false, false);
  CHECK(s.out_valid(false));
  s.step(false, true);
  CHECK(s.out_valid(false));  // the second word
  s.step(false, true);
  CHECK_FALSE(s.out_valid(false));
}

TEST_CASE("chip: words of a concatenation by hand", "[chip]") {
  const ChipBlock c = concat("c", {1, 3, 1}, {2, 1, 3}, 0);  // places of 6 words
  CHECK(c.input(0) == WordMap{1, 3, 2});
  CHECK(c.input(2) == WordMap{1, 3, 3});
  const std::vector<std::int64_t> first = {1, 2, 2, 2, 2, 2, 3, 4}, second = {0, 0, 1, 1, 1, 1, 1, 1}, third = {0, 0, 0, 1, 2, 3, 3, 3};
  for (std::size_t k = 0; k < first.size(); ++k) {
    CHECK(words_needed(c, static_cast<std::int64_t>(k), 0) == first[k]);
    CHECK(words_needed(c, static_cast<std::int64_t>(k), 1) == second[k]);
    CHECK(words_needed(c, static_cast<std::int64_t>(k), 2) == third[k]);
  }
  CHECK(words_needed(c, 18, 2) == 9);  // the next image

  // A map that is read by all three: the words for later turns of a place wait.
  Builder b;
  const WordMap map{1, 3, 2};
  const int in = b.add(io(BlockKind::input, map), {});
  const int join = b.add(concat("join", map, {2, 2, 2}, 2), {in, in, in});
  b.add(io(BlockKind::output, {1, 3, 6}), {join});
  FifoDepths f = count_fifos(b.graph);
  CHECK(f.deadlock_free == std::vector<int>{1, 2, 2, 1});
  CHECK(f.proof[1].exact);
  CHECK(predict_chip(with_depths(b.graph, {1, 1, 2, 1}), kForever, kPeriodic).deadlock);
  CHECK(predict_chip(with_depths(b.graph, {1, 2, 1, 1}), kForever, kPeriodic).deadlock);
  CHECK_FALSE(predict_chip(with_depths(b.graph, f.deadlock_free), kForever, kPeriodic).deadlock);
}
