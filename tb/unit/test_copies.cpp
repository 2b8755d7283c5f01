// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Copies of a block that share its output rows: what they give, when, and what is refused.
#include "tb/unit/catch.hpp"

#include <limits>

#include <fmt/format.h>

#include "gen/chip/chip.hpp"
#include "golden/timing/chip_fifo.hpp"
#include "golden/timing/rtl_model.hpp"
#include "tb/unit/chip_blocks.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using namespace epim::testing;

namespace {

constexpr ChipRunOptions kCopiesPeriodic{false, true, 0};

IntTensor golden_rows(const Case& c, const Layer& layer) {
  EventCounts events;
  return GoldenLayer(c.hw, layer, c.data).run(c.x, events);
}

}  // namespace

TEST_CASE("copies: each gives its rows of the layer, together all", "[copies]") {
  int skipped = 0, uneven = 0;
  property("row k + i*copies of the layer is row i of copy k", [&](std::uint32_t seed) {
    const Case c = random_case(seed);
    const int rows = c.layer.out_h(), copies = 1 + static_cast<int>(seed % static_cast<unsigned>(rows));
    const IntTensor whole = golden_rows(c, c.layer);
    int covered = 0;
    for (int k = 0; k < copies; ++k) {
      const Layer copy = copy_of(c.layer, copies, k);
      RC_ASSERT(copy.out_h() == rows_of_copy(rows, copies, k));
      RC_ASSERT(copy.out_w() == c.layer.out_w());
      validate_patches(copy, c.hw.lanes);
      const IntTensor part = golden_rows(c, copy);
      RC_ASSERT(part.shape[1] == copy.out_h());
      for (int ch = 0; ch < part.shape[0]; ++ch)
        for (int y = 0; y < part.shape[1]; ++y)
          for (int x = 0; x < part.shape[2]; ++x) RC_ASSERT(part(ch, y, x) == whole(ch, k + y * copies, x));
      covered += part.shape[1];
      skipped += copy.pad.top < 0;
    }
    uneven += rows % copies != 0;
    RC_ASSERT(covered == rows);
  });
  CHECK(skipped > 0);
  CHECK(uneven > 0);
}

TEST_CASE("copies: the three timing models agree on a copy", "[copies]") {
  property("beats, firings and cycles", [](std::uint32_t seed) {
    Case c = random_case(seed);
    random_serial(c.hw, seed);
    c.hw.joint_lanes = 1 + static_cast<int>(seed % static_cast<unsigned>(std::min(c.hw.lanes, c.hw.adcs())));
    const int rows = c.layer.out_h(), copies = 1 + static_cast<int>(seed / 3 % static_cast<unsigned>(rows));
    const Layer layer = copy_of(c.layer, copies, static_cast<int>(seed / 5 % static_cast<unsigned>(copies)));
    c.hw.buffer_words = static_cast<int>(layer.row_words(c.hw.lanes) * (std::min(layer.window_h(), layer.h) + static_cast<int>(seed / 7 % 7)));
    const int frames = 1 + static_cast<int>(seed % 3);
    const Timing expected = predict_timing(c.hw, layer, frames, true), fast = fast_timing(c.hw, layer, frames);
    const std::vector<bool> always(static_cast<std::size_t>(expected.cycles) + 100, true);
    const Timing stepped = timing_under_stalls(c.hw, layer, frames, always, always);
    RC_ASSERT(stepped.beats == expected.beats);
    RC_ASSERT(stepped.cycles == expected.cycles);
    RC_ASSERT(stepped.first_fire == expected.first_fire);
    RC_ASSERT(stepped.last_fire == expected.last_fire);
    RC_ASSERT(fast.cycles == expected.cycles);
    RC_ASSERT(fast.first_fire == expected.first_fire);
    RC_ASSERT(fast.last_fire == expected.last_fire);
    RC_ASSERT(fast.fire_cycles == expected.fire_cycles);
  });
}

TEST_CASE("copies: words of a merge by hand", "[copies]") {
  ChipBlock m = io(BlockKind::output, {5, 1, 2});  // rows of 2 words, from copies 0 1 0 1 0
  m.kind = BlockKind::merge;
  m.copies = 2;
  CHECK(m.input(0) == WordMap{3, 1, 2});
  CHECK(m.input(1) == WordMap{2, 1, 2});
  const std::vector<std::int64_t> first = {1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 8}, second = {0, 0, 1, 2, 2, 2, 3, 4, 4, 4, 4, 4, 5, 6};
  for (std::size_t k = 0; k < first.size(); ++k) {
    CHECK(words_needed(m, static_cast<std::int64_t>(k), 0) == first[k]);
    CHECK(words_needed(m, static_cast<std::int64_t>(k), 1) == second[k]);
  }
  // The machine takes them in the same order, and passes a word in the cycle in which it takes one.
  SteppedStream s(m);
  for (int operand : {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1}) {
    CHECK(s.operand() == operand);
    CHECK_FALSE(s.in_ready(false));
    CHECK(s.in_ready(true));
    CHECK(s.out_valid(true));
    s.step(true, true);
  }
}

TEST_CASE("copies: an interval by hand", "[copies]") {
  // 8 rows of 4 places, each of which loads the 9 words of its window: with n copies an n-th of the rows each, while all give 8
  // rows back. A row costs a cycle more, an image another one.
  const auto by_hand = [](int rows) { return rows * (4 * 9 + 1) + 8 + 1; };
  const auto rate = [](int copies) {
    Builder b;
    const WordMap map{8, 4, 1};
    const int in = b.add(io(BlockKind::input, map), {});
    const ChipBlock whole = core("c", map, 2, 3, 6, 1);
    const int out = copies == 1 ? b.add(whole, {in}) : b.add_copies(whole, copies, 0, in);
    b.add(io(BlockKind::output, map), {out});
    const FifoDepths f = analyse_fifos(b.graph);
    CHECK(f.reaches_slowest);
    return f.rate.per_image();
  };
  CHECK(rate(1) == by_hand(8));
  CHECK(rate(2) == by_hand(4));
  CHECK(rate(4) == by_hand(2));
  CHECK(rate(3) == by_hand(3));  // three rows of eight
}

TEST_CASE("copies: a merger's FIFO that is one word too small stops the chip", "[copies]") {
  // Beside copies whose rings hold no row more than a window, the shortcut must hold what they wait for.
  Builder b;
  const WordMap map{6, 3, 1};
  const int in = b.add(io(BlockKind::input, map), {});
  const int merged = b.add_copies(core("c", map, 2, 3, 2, 0), 2, 0, in);
  ChipBlock add = io(BlockKind::output, map);
  add.kind = BlockKind::add;
  add.name = "s";
  const int sum = b.add(add, {merged, in});
  b.add(io(BlockKind::output, map), {sum});
  FifoDepths f = count_fifos(b.graph);
  f.smallest = smallest_depths(b.graph, f);
  std::size_t shortcut = b.graph.streams.size();
  for (std::size_t s = 0; s < b.graph.streams.size(); ++s)
    if (b.graph.stream_name(static_cast<int>(s)) == "image.s") shortcut = s;
  REQUIRE(shortcut < b.graph.streams.size());
  REQUIRE(f.smallest[shortcut] > 1);
  CHECK_FALSE(predict_chip(with_depths(b.graph, f.smallest), std::numeric_limits<int>::max(), kCopiesPeriodic).deadlock);
  --f.smallest[shortcut];
  CHECK(predict_chip(with_depths(b.graph, f.smallest), std::numeric_limits<int>::max(), kCopiesPeriodic).deadlock);
}

TEST_CASE("copies: a chip has a block per copy and a merge with the node's name", "[copies]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/copies.toml");
  const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
  const ChipDesign chip = design_chip(config, net);
  CHECK(net.layers.size() == 5);
  CHECK(chip.cores.size() == 2 + 3 + 5 + 2 + 1);
  for (const ChipCore& core : chip.cores) {
    const ChipBlock& block = chip.graph.blocks[static_cast<std::size_t>(core.block)];
    CHECK(core.hw.buffer_words == (core.layer.window_h() + core.layer.stride.y) * core.layer.row_words(core.hw.lanes));
    CHECK(chip.core_of(core.block) == &core);
    CHECK(block.layer.name == block.name);
  }
  const int c = chip.graph.sender(net.network.find("c"));
  const ChipBlock& merge = chip.graph.blocks[static_cast<std::size_t>(c)];
  CHECK(merge.name == "c");
  CHECK(chip_module(chip, c) == "epim_row_merge");
  CHECK(chip.graph.entering(c).size() == 5);
  CHECK(chip.graph.stream_name(chip.graph.entering(c)[2]) == "c@2.c");
  CHECK(chip.graph.blocks[static_cast<std::size_t>(c - 1)].layer.pad.top == 1 - 4 * 2);
  CHECK(chip.graph.blocks[static_cast<std::size_t>(c - 1)].layer.stride == Axes{10, 2});
}

TEST_CASE("copies: what is refused, by name and at the node", "[copies]") {
  const auto chip_of = [](const std::string& nodes) {
    const Network net = parse_network(R"({"schema": 1, "name": "n", "input": {"name": "x", "channels": 2, "height": 260, "width": 2, "bits": 4, "scale": 1}, "nodes": [)" + nodes +
                                          R"(, {"name": "g", "op": "global_avg_pool", "inputs": ["a"]}, {"name": "f", "op": "fc", "inputs": ["g"], "cout": 2}], "output": "f"})",
                                      "n.json");
    for (const Node& node : net.nodes) check_copies(node);
  };
  const auto conv = [](const std::string& more) { return R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 4, "kernel": 1, )" + more + "}"; };
  chip_of(conv(R"("copies": 255)"));
  REQUIRE_RULE(chip_of(conv(R"("copies": 256)")), "copies-stride");
  chip_of(conv(R"("copies": 127, "stride": 2)"));
  REQUIRE_RULE(chip_of(conv(R"("copies": 131, "stride": 2)")), "copies-rows");
  REQUIRE_RULE(chip_of(conv(R"("copies": 0)")), "value-out-of-range");
  chip_of(R"({"name": "a", "op": "max_pool", "inputs": ["x"], "kernel": 1, "copies": 260})");
  REQUIRE_RULE(chip_of(R"({"name": "a", "op": "max_pool", "inputs": ["x"], "kernel": 2, "stride": 1, "copies": 260})"), "copies-rows");
  REQUIRE_RULE(chip_of(R"({"name": "a", "op": "relu", "inputs": ["x"], "copies": 2})"), "unknown-key");
  Node node;
  node.op = Op::relu;
  node.copies = 2;
  REQUIRE_RULE(check_copies(node), "chip-copies");
}

TEST_CASE("copies: a design gives them to cores and pools", "[copies]") {
  const Network net = load_network(std::string(EPIM_SOURCE_DIR) + "/tb/chip/copies.json");
  const Design d = design_of(net);
  const Design again = parse_design(design_text(d), "d.json");
  Network bare = net;
  for (Node& node : bare.nodes) node.copies = 1;
  apply_design(bare, again);
  for (std::size_t n = 0; n < net.nodes.size(); ++n) CHECK(bare.nodes[n].copies == net.nodes[n].copies);
  REQUIRE_RULE(apply_design(bare, parse_design(R"({"schema": 1, "network": "copies", "layers": [{"node": "s", "copies": 2}]})", "d.json")),
               "design-without-weights");
  REQUIRE_RULE(apply_design(bare, parse_design(R"({"schema": 1, "network": "copies", "layers": [{"node": "p", "copies": 2, "weight_bits": 3}]})", "d.json")),
               "design-without-weights");
}
