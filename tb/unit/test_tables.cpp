// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "gen/core/elaborate.hpp"
#include "gen/core/program.hpp"
#include "gen/core/register_map.hpp"
#include "golden/bounds.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/timing.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;
using epim::testing::random_case;

namespace {

/// A random case with what the generator needs resolved.
testing::Case resolved_case(std::uint32_t seed) {
  testing::Case c = random_case(seed, {.slopes = true});
  c.hw.joint_lanes = 1 + static_cast<int>(seed % static_cast<unsigned>(std::min(c.hw.lanes, c.hw.adcs())));
  c.hw.buffer_words = 4096;
  c.hw.acc_bits = accumulator_bound(c.hw, c.layer, c.data).bits;
  return c;
}

}  // namespace

TEST_CASE("tables and cells rebuild the virtual convolution bit for bit", "[tables]") {
  property("rebuild_weights(program) == reconstruct(epitome)", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const CoreParameters p = core_parameters(c.hw, {c.layer});
    const LayerProgram program = build_program(p, c.layer, c.data);
    const IntTensor rebuilt = rebuild_weights(p, c.layer, program);
    const IntTensor want = reconstruct(c.layer, c.data.epitome);
    RC_ASSERT(rebuilt.shape[0] == GoldenLayer(c.hw, c.layer, c.data).stored_cout());
    // With a wrapped map the tables say which channels are stored; they are the first ones of the convolution.
    for (std::size_t i = 0; i < rebuilt.size(); ++i) RC_ASSERT(rebuilt.data[i] == want.data[i]);
  });
}

TEST_CASE("table sizes are the paper's counts", "[tables]") {
  property("IFAT pairs, IFRT sequences, OFAT pairs", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const LayerTables t = build_tables(c.hw, c.layer);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    // Paper 4.3: as many IFAT pairs as activations; as many IFRT sequences as patches; OFAT pairs likewise.
    RC_ASSERT(t.ifat.size() == golden.firings().size());
    RC_ASSERT(t.ofat.size() == golden.firings().size());
    RC_ASSERT(t.ifrt_of_patch.size() == c.layer.patches.size());
    for (const auto& sequence : t.ifrt)
      RC_ASSERT(static_cast<int>(sequence.size()) * c.hw.lanes == c.hw.pe_rows * c.hw.xb_rows);
    // Shared sequences: one per distinct start and length.
    std::set<std::tuple<int, int, int, int>> distinct;
    for (const Patch& q : c.layer.patches)
      distinct.insert({q.p, q.q, q.c_in, (q.beta1 + c.hw.lanes - 1) / c.hw.lanes});
    RC_ASSERT(t.ifrt.size() == distinct.size());
  });
}

TEST_CASE("IFRT drives every word line at most once, and as many as the patch has words", "[tables]") {
  property("word lines", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const LayerTables t = build_tables(c.hw, c.layer);
    for (std::size_t j = 0; j < t.ifat.size(); ++j) {
      const auto& sequence = t.ifrt[static_cast<std::size_t>(t.ifat[j].sequence)];
      std::set<std::pair<int, int>> lines;
      int used = 0;
      for (std::size_t n = 0; n < sequence.size(); ++n) {
        RC_ASSERT(sequence[n].used == (static_cast<int>(n) < t.ifat[j].stop - t.ifat[j].start));
        if (!sequence[n].used) continue;
        ++used;
        RC_ASSERT(lines.insert({sequence[n].pe_row, sequence[n].group}).second);
        RC_ASSERT(sequence[n].pe_row < c.hw.pe_rows && sequence[n].group < c.hw.xb_rows / c.hw.lanes);
      }
      RC_ASSERT(used == t.ifat[j].stop - t.ifat[j].start);
    }
  });
}

TEST_CASE("slopes are programmed beside the channel parameters, slope 1 where the layer has none", "[tables]") {
  int kinds[3] = {};
  property("slopes of a program", [&](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const CoreParameters p = core_parameters(c.hw, {c.layer});
    const LayerProgram program = build_program(p, c.layer, c.data);
    std::vector<const ProgramBlock*> channels, slopes;
    for (const ProgramBlock& b : program.blocks) {
      if (b.kind == ProgramKind::channel) channels.push_back(&b);
      if (b.kind == ProgramKind::slopes) slopes.push_back(&b);
    }
    ++kinds[c.hw.slope_bits == 0 ? 0 : c.layer.slopes ? 1 : 2];
    RC_ASSERT(slopes.size() == (c.hw.slope_bits == 0 ? 0 : channels.size()));
    for (std::size_t n = 0; n < slopes.size(); ++n) {
      RC_ASSERT(slopes[n]->address == channels[n]->address);
      RC_ASSERT(slopes[n]->entries.size() == channels[n]->entries.size());
      for (std::size_t i = 0; i < slopes[n]->entries.size(); ++i) {
        const int channel = program.tables.drain[n][i];
        if (channel < 0) continue;
        const std::int64_t a = c.layer.slopes ? c.data.channel_slope(channel) : std::int64_t{1} << (c.hw.slope_bits - 4);
        RC_ASSERT(slopes[n]->entries[i] < std::uint64_t{1} << c.hw.slope_bits);
        const std::int64_t sign = slopes[n]->entries[i] >> (c.hw.slope_bits - 1) ? std::int64_t{1} << c.hw.slope_bits : 0;
        RC_ASSERT(static_cast<std::int64_t>(slopes[n]->entries[i]) - sign == a);
      }
    }
    RC_ASSERT(program_images(p, program, false).count("slope00.hex") == (c.hw.slope_bits > 0 ? 1u : 0u));
  });
  for (int n : kinds) CHECK(n > 10);
}

TEST_CASE("the drain emits every stored channel once, in order", "[tables]") {
  property("drain order", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const LayerTables t = build_tables(c.hw, c.layer);
    int next = 0;
    for (const auto& read : t.drain)
      for (int channel : read)
        if (channel >= 0) RC_ASSERT(channel == next++);
    RC_ASSERT(next == t.stored_cout);
  });
}

TEST_CASE("table entries fit their fields", "[tables]") {
  property("packed entries differ where entries differ", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const CoreParameters p = core_parameters(c.hw, {c.layer});
    const LayerTables t = build_tables(c.hw, c.layer);
    for (std::size_t a = 0; a < t.ofat.size(); ++a)
      for (std::size_t b = 0; b < a; ++b) {
        RC_ASSERT((pack(p, t.ofat[a]) == pack(p, t.ofat[b])) == (t.ofat[a] == t.ofat[b]));
        RC_ASSERT((pack(p, t.ifat[a]) == pack(p, t.ifat[b])) == (t.ifat[a] == t.ifat[b]));
      }
  });
}

TEST_CASE("timing: the array fires exactly STEPS * I * sum CSTEPS * GROUPS per position and never faster", "[timing]") {
  property("fire cycles and order of beats", [](std::uint32_t seed) {
    const auto c = resolved_case(seed);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    const Timing one = predict_timing(c.hw, c.layer, 1), two = predict_timing(c.hw, c.layer, 2);
    std::int64_t fire = 0;
    for (std::size_t f = 0; f < golden.firings().size(); ++f)
      fire += golden.column_steps(static_cast<int>(f)) * static_cast<std::int64_t>(golden.row_groups(static_cast<int>(f)).size());
    fire *= c.hw.adc_interval * static_cast<std::int64_t>(hardware_for(c.hw, c.layer).steps()) * c.layer.out_h() * c.layer.out_w();
    RC_ASSERT(one.fire_cycles == fire);
    RC_ASSERT(one.last_fire - one.first_fire + 1 >= fire);
    RC_ASSERT(std::is_sorted(one.beats.begin(), one.beats.end(), std::less_equal<>()));
    const std::size_t beats = static_cast<std::size_t>((golden.stored_cout() + c.hw.lanes - 1) / c.hw.lanes) *
                              static_cast<std::size_t>(c.layer.out_h()) * static_cast<std::size_t>(c.layer.out_w());
    RC_ASSERT(one.beats.size() == beats);
    // The first frame of two leaves as if it were alone. Two frames take no longer than one after the other, plus what
    // one frame need not wait for: input rows below its last window, arriving and given back one per cycle.
    for (std::size_t i = 0; i < beats; ++i) RC_ASSERT(two.beats[i] == one.beats[i]);
    const std::int64_t frame_words =
        static_cast<std::int64_t>((c.layer.stored_cin() + c.hw.lanes - 1) / c.hw.lanes) * c.layer.h * c.layer.w;
    RC_ASSERT(two.cycles <= 2 * one.cycles + frame_words + c.layer.h + 2);
    RC_ASSERT(two.fire_cycles == 2 * one.fire_cycles);
  });
}

TEST_CASE("wrapping divides activations by the number of copies", "[tables]") {
  Hardware hw;
  hw.lanes = 4;
  hw.xb_rows = 16;
  hw.xb_cols = 8;
  hw.cols_per_adc = 4;
  hw.joint_lanes = 2;
  Layer layer;
  layer.cin = 8;
  layer.cout = 32;
  layer.epitome = {8, 8, 1, 1};
  layer.patches = default_sampler(8, 32, 1, 1, layer.epitome, 4);
  const LayerTables off = build_tables(hw, layer);
  layer.wrap = Wrap::copies;
  const LayerTables copies = build_tables(hw, layer);
  layer.wrap = Wrap::stored_once;
  const LayerTables once = build_tables(hw, layer);
  REQUIRE(off.ifat.size() == 4);
  REQUIRE(copies.ifat.size() == 1);
  REQUIRE(copies.ofat[0] == OfatEntry{0, 32, 0, 7});
  REQUIRE(copies.stored_cout == 32);
  REQUIRE(once.ofat[0] == OfatEntry{0, 8, 0, 7});
  REQUIRE(once.stored_cout == 8);
}

TEST_CASE("the register map has no overlap and its outputs agree", "[registers]") {
  std::set<std::uint32_t> offsets;
  for (const Register& r : register_map()) {
    REQUIRE(offsets.insert(r.offset).second);
    REQUIRE(r.offset % 4 == 0);
    REQUIRE(r.offset < 0x1000);
    const std::string hex = fmt::format("0x{:03X}", r.offset);
    REQUIRE(registers_markdown().find("| " + hex + " | " + r.name + " |") != std::string::npos);
    REQUIRE(registers_c().find(" " + hex + "u") != std::string::npos);
    REQUIRE(registers_sv().find(fmt::format("= 'h{:03X};", r.offset)) != std::string::npos);
  }
}

TEST_CASE("docs/registers.md is up to date", "[registers][docs]") {
  const std::string path = EPIM_SOURCE_DIR "/docs/registers.md";
  if (std::getenv("EPIM_UPDATE_DOCS")) std::ofstream(path, std::ios::binary) << registers_markdown();
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  REQUIRE(text == registers_markdown());
}
