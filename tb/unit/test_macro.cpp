// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What the keys of docs/macro.md leave alone while they are off.
#include "tb/unit/catch.hpp"
#include <filesystem>

#include "gen/config/config.hpp"
#include "gen/core/elaborate.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/timing/timing.hpp"

using namespace epim;
namespace fs = std::filesystem;

namespace {

/// A core of a configuration and all that it does.
struct Whole {
  std::uint64_t hash;
  std::string top;
  FileSet images;
  IntTensor y;
  EventCounts events;
  Timing timing;
  Hardware hw;
};

Whole whole(const std::string& path, const std::vector<std::string>& overrides) {
  const SyntheticLayer s = prepare_layer(load_config(path, overrides));
  Whole w;
  w.hw = s.core.hw;
  w.hash = hardware_hash(s.core);
  const CoreParameters p = core_parameters(s.core.hw, {s.layer});
  const LayerProgram program = build_program(p, s.layer, s.data, 1);
  w.top = elaborate(s.core, p, s.core.tables == Tables::rom ? &program : nullptr).text;
  w.images = program_images(p, program, s.core.storage == Storage::ram);
  w.y = GoldenLayer(s.core.hw, s.layer, s.data).run(s.input, w.events);
  w.timing = predict_timing(s.core.hw, s.layer);
  w.events.idle_cycles = w.timing.idle_cycles();
  return w;
}

}  // namespace

TEST_CASE("macro: reads of all word lines, latency and interval of one cycle are a core without these keys", "[macro]") {
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(EPIM_SOURCE_DIR) / "configs/named")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    const Whole plain = whole(entry.path().string(), {});
    if (plain.hw.sequenced_reads() || plain.hw.adc_latency > 1 || plain.hw.hold_free || plain.hw.load_stream) continue;
    const Whole off = whole(entry.path().string(), {"hardware.rows_per_read=" + std::to_string(plain.hw.xb_rows),
                                                    "hardware.adc_latency=1", "hardware.adc_interval=1", "hardware.hold_free=false",
                                                    "hardware.load_stream=false"});
    CHECK(off.hash == plain.hash);
    CHECK(off.top == plain.top);
    CHECK(off.images == plain.images);
    CHECK(off.y == plain.y);
    CHECK(off.events == plain.events);
    CHECK(off.timing.beats == plain.timing.beats);
    CHECK(off.timing.cycles == plain.timing.cycles);
    // The RTL's parameters are those of the simple array.
    CHECK(plain.top.find(".RowsPerRead(" + std::to_string(plain.hw.xb_rows) + ")") != std::string::npos);
    ++compared;
  }
  CHECK(compared > 60);
}

TEST_CASE("macro: row groups and slow conversions are another core", "[macro]") {
  const std::string path = std::string(EPIM_SOURCE_DIR) + "/configs/named/xb32.toml";
  const Whole plain = whole(path, {"hardware.joint_lanes=2"});  // the automatic one follows the interval
  for (const char* key : {"hardware.rows_per_read=8", "hardware.adc_latency=2", "hardware.adc_interval=2"}) {
    INFO(key);
    const Whole other = whole(path, {"hardware.joint_lanes=2", key});
    CHECK(other.hash != plain.hash);
    CHECK(other.top != plain.top);
    CHECK(other.timing.cycles > plain.timing.cycles);
    CHECK(other.images == plain.images);
    CHECK(other.y == plain.y);  // the ADC is lossless
  }
}
