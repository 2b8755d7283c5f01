// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Cells and ADCs that are not ideal: what stays as it was without them, what comes out as asked, and what others slip on.
#include "tb/unit/catch.hpp"
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "gen/config/config.hpp"
#include "gen/core/elaborate.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/bounds.hpp"
#include "golden/device/device_model.hpp"
#include "golden/device/draws.hpp"
#include "golden/fast/fast_layer.hpp"
#include "golden/read_noise.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;
namespace fs = std::filesystem;

namespace {

struct Whole {
  std::uint64_t hash = 0;
  std::string top, cells;
  FileSet images;
  IntTensor y;
  EventCounts events;
  bool ideal = false;
};

Whole whole(const std::string& path, const std::vector<std::string>& overrides) {
  const SyntheticLayer s = prepare_layer(load_config(path, overrides));
  Whole w;
  w.ideal = !s.core.hw.analog() && !s.data.analog;
  w.hash = hardware_hash(s.core);
  const CoreParameters p = core_parameters(s.core.hw, {s.layer});
  const LayerProgram program = build_program(p, s.layer, s.data, 1);
  w.top = elaborate(s.core, p, s.core.tables == Tables::rom ? &program : nullptr).text;
  w.images = program_images(p, program, s.core.storage == Storage::ram);
  w.y = GoldenLayer(s.core.hw, s.layer, s.data).run(s.input, w.events);
  return w;
}

const std::vector<std::string>& off() {
  static const std::vector<std::string> keys = {
      "hardware.fraction_bits=0", "hardware.adc_trims=false", "hardware.read_noise=false", "hardware.adc_step=0", "device.seed=77", "device.on_off_ratio=0",
      "device.program_sigma=0", "device.program_distribution=lognormal", "device.program_scale=proportional", "device.drift_time=0", "device.drift_exponent=0.1",
      "device.stuck=0", "device.stuck_on_positive=0", "device.gain_sigma=0", "device.offset_sigma=0", "device.read_noise=0"};
  return keys;
}

/// A layer that fills crossbars of 64x64 cells of 2 bits, four slices, on an array of 2x2.
struct Filled {
  Hardware hw;
  Layer layer;
  LayerData data;
  explicit Filled(int rows = 2, int cols = 2) {
    hw.pe_rows = rows;
    hw.pe_cols = cols;
    layer.cin = layer.epitome.e_in = 64 * rows;
    layer.cout = layer.epitome.e_out = 64 * cols;
    layer.patches = {{0, 0, 0, 0, layer.cin, layer.cout, 0, 0}};
    layer.clamp_hi = 511;
    data.epitome = IntTensor({layer.cout, layer.cin, 1, 1});
    for (int o = 0; o < layer.cout; ++o)
      for (int c = 0; c < layer.cin; ++c) data.epitome(o, c, 0, 0) = (o * 131 + c * 71) % 511 - 255;
  }
  std::shared_ptr<const AnalogData> programmed(const DeviceModel& d) const { return program_cells(d, hw, layer, data); }
  int level(int t, int s, int n, int row, int column) const {
    const std::int64_t code = data.epitome(column, t * 64 + row, 0, 0);
    return (code < 0) == (n == 1) ? static_cast<int>(std::abs(code) >> (2 * s)) & 3 : 0;
  }
  template <class F> void each(F&& f) const {
    for (int t = 0; t < hw.pe_rows; ++t)
      for (int s = 0; s < 4; ++s)
        for (int n = 0; n < 2; ++n)
          for (int r = 0; r < 64; ++r)
            for (int c = 0; c < 64 * hw.pe_cols; ++c) f(t, s, n, r, c);
  }
};

/// n draws of probability p: count lies within five standard deviations.
void check_binomial(std::int64_t count, std::int64_t n, double p) {
  INFO(count << " of " << n << ", expected " << p);
  CHECK(std::abs(static_cast<double>(count) - static_cast<double>(n) * p) <= 5 * std::sqrt(static_cast<double>(n) * p * (1 - p)) + 1e-9);
}

}  // namespace

TEST_CASE("device: everything off is a core and its images of before, byte for byte", "[device]") {
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(EPIM_SOURCE_DIR) / "configs/named")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    const Whole plain = whole(entry.path().string(), {});
    if (!plain.ideal) continue;
    const Whole with_keys = whole(entry.path().string(), off());
    CHECK(with_keys.hash == plain.hash);
    CHECK(with_keys.top == plain.top);
    CHECK(with_keys.images == plain.images);
    CHECK(with_keys.y == plain.y);
    CHECK(with_keys.events == plain.events);
    CHECK(plain.top.find(".FractionBits(0)") != std::string::npos);
    CHECK(plain.top.find(".AdcTrims(1'b0)") != std::string::npos);
    CHECK(plain.images.count("trims000.hex") == 0);
    ++compared;
  }
  CHECK(compared > 60);
}

TEST_CASE("device: ideal cells in finer words with ideal ADCs compute what plain ones do", "[device]") {
  for (const char* name : {"xb32", "adc3", "dac2-signed", "rows-skip", "cell1-w9", "cell4-w6"}) {
    INFO(name);
    const std::string path = fmt::format("{}/configs/named/{}.toml", EPIM_SOURCE_DIR, name);
    const Whole plain = whole(path, {});
    const Whole fine = whole(path, {"hardware.fraction_bits=3", "hardware.adc_trims=true", "hardware.read_noise=true"});
    CHECK(fine.hash != plain.hash);
    CHECK(fine.y == plain.y);
    CHECK(fine.events == plain.events);
  }
}

TEST_CASE("device: the fast evaluator equals the reference, on every instruction set", "[device][fast]") {
  int noisy = 0, wide = 0, grouped = 0;
  property("converted == reference", [&] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Case c = epim::testing::random_case(seed, {.slopes = true});
    std::mt19937 rng(seed ^ 0xdefe7u);
    const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
    c.hw.fraction_bits = pick(0, std::min(6, 8 - c.hw.cell_bits));
    c.hw.adc_trims = pick(0, 2) > 0;
    c.hw.read_noise = c.hw.adc_trims && pick(0, 1) == 1;
    c.hw.adc_step = pick(0, 3) == 0 ? pick(1, 4) : 0;
    DeviceModel d;
    d.seed = seed;
    d.on_off_ratio = pick(0, 1) * 15;
    d.program_sigma = pick(0, 30) / 100.0;
    d.program_lognormal = pick(0, 1) == 1;
    d.stuck = pick(0, 1) * 0.1;
    if (c.hw.adc_trims) d.offset_sigma = pick(0, 1) == 0 ? 1 : pick(0, 300);
    if (c.hw.adc_trims) d.gain_sigma = pick(0, 3) / 10.0;
    if (c.hw.read_noise) d.read_noise = pick(1, 40) / 20.0;
    if (pick(0, 4) > 0) c.data.analog = program_cells(d, c.hw, c.layer, c.data);
    RC_LOG() << "seed " << seed << ": " << epim::testing::describe(c) << "\n";
    const GoldenLayer golden(c.hw, c.layer, c.data);
    const std::int64_t frame = pick(0, 1) * pick(1, 1000);
    EventCounts events, again;
    const IntTensor y = golden.run(c.x, events, 1, frame);
    RC_ASSERT(golden.run(c.x, again, 3, frame) == y);
    for (const fast::Kernels* k : fast::usable_kernels()) {
      RC_LOG() << k->name << "\n";
      std::int64_t clipped = 0;
      RC_ASSERT(ConvertedLayer(c.hw, c.layer, c.data, *k).run(c.x, 2, &clipped, frame) == y);
      RC_ASSERT(clipped == events.adc_saturated);
    }
    if (!c.hw.analog() && !c.hw.sequenced_reads()) {  // stuck cells alone
      EventCounts fast;
      RC_ASSERT(FastLayer(c.hw, c.layer, c.data, true).run(c.x, &fast) == y);
      fast.idle_cycles = events.idle_cycles;
      RC_ASSERT(fast == events);
    }
    noisy += c.hw.read_noise;
    wide += d.offset_sigma > 100;
    grouped += c.hw.row_groups() > 1;
  });
  CHECK(noisy > 0);
  CHECK(wide > 0);
  CHECK(grouped > 0);
}

TEST_CASE("device: accumulators of any cells and ADCs stay inside the bound", "[device]") {
  property("within bound", [] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Case c = epim::testing::random_case(seed);
    c.hw.fraction_bits = seed % 3 == 0 ? 0 : 2;
    c.hw.adc_trims = seed % 2 == 0;
    DeviceModel d;
    d.stuck_on_positive = seed % 5 < 2 ? 1 : 0.5;
    d.stuck_on_negative = seed % 5 < 3 ? 0 : 0.5;
    if (c.hw.adc_trims) d.offset_sigma = 500;
    c.data.analog = program_cells(d, c.hw, c.layer, c.data);
    const AccumulatorBound bound = accumulator_bound(c.hw, c.layer, c.data);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    RoundTrace trace;
    EventCounts events;
    golden.run_round(c.x, 0, 0, trace, events);
    for (const auto& range : trace.acc)
      for (const std::int64_t acc : range) RC_ASSERT(acc >= bound.lowest && acc <= bound.highest);
  });
}

TEST_CASE("device: stuck cells come at the rates asked for, cell by cell, of each kind and polarity", "[device]") {
  const Filled f;
  DeviceModel d;
  d.seed = 5;
  d.stuck_on_positive = 0.01;
  d.stuck_off_positive = 0.03;
  d.stuck_on_negative = 0.02;
  d.stuck_off_negative = 0.05;
  const auto cells = f.programmed(d);
  std::int64_t below[2] = {}, above[2] = {}, could_rise[2] = {}, could_fall[2] = {};
  std::set<std::pair<int, int>> places_of_one_level;
  f.each([&](int t, int s, int n, int r, int c) {
    const int level = f.level(t, s, n, r, c), g = cells->cells[AnalogData::place(f.hw, t, s, n, r, c)];
    could_rise[n] += level < 3;
    could_fall[n] += level > 0;
    above[n] += g > level;
    below[n] += g < level;
    if (g != level) CHECK((g == 3 || g == 0));
    if (level == 2 && g == 3) places_of_one_level.insert({r, c});
  });
  check_binomial(above[0], could_rise[0], 0.01);
  check_binomial(below[0], could_fall[0], 0.03);
  check_binomial(above[1], could_rise[1], 0.02);
  check_binomial(below[1], could_fall[1], 0.05);
  CHECK(places_of_one_level.size() > 100);  // cells, not states

  DeviceModel all;
  all.stuck_off_positive = all.stuck_off_negative = 1;
  for (const std::uint16_t g : f.programmed(all)->cells) CHECK(g == 0);
  DeviceModel both;
  both.stuck = 0.1;
  std::int64_t on = 0, off = 0, low = 0, high = 0;
  const auto cells_of_both = f.programmed(both);
  f.each([&](int t, int s, int n, int r, int c) {
    const int level = f.level(t, s, n, r, c), g = cells_of_both->cells[AnalogData::place(f.hw, t, s, n, r, c)];
    low += level < 3;
    high += level > 0;
    on += g > level;
    off += g < level;
  });
  check_binomial(on, low, 0.05);
  check_binomial(off, high, 0.05);
}

TEST_CASE("device: programming errors have the moments asked for and differ from cell to cell", "[device]") {
  Filled f;
  f.hw.fraction_bits = 6;
  const auto moments = [&](const DeviceModel& d, int wanted_level) {
    const auto cells = f.programmed(d);
    double sum = 0, squares = 0, n = 0;
    std::set<std::uint16_t> values;
    f.each([&](int t, int s, int pol, int r, int c) {
      if (f.level(t, s, pol, r, c) != wanted_level) return;
      const std::uint16_t g = cells->cells[AnalogData::place(f.hw, t, s, pol, r, c)];
      const double v = g / 64.0;
      sum += v;
      squares += v * v;
      n += 1;
      values.insert(g);
    });
    CHECK(values.size() > 20);
    const double mean = sum / n;
    return std::pair(mean, std::sqrt(squares / n - mean * mean));
  };
  DeviceModel d;
  d.program_sigma = 0.1;
  auto [mean, sigma] = moments(d, 2);
  CHECK(std::abs(mean - 2) < 0.01);
  CHECK(std::abs(sigma - 0.3) < 0.01);  // of the highest level, 3
  d.program_proportional = true;
  std::tie(mean, sigma) = moments(d, 2);
  CHECK(std::abs(mean - 2) < 0.01);
  CHECK(std::abs(sigma - 0.2) < 0.01);
  d.program_lognormal = true;
  std::tie(mean, sigma) = moments(d, 1);
  CHECK(std::abs(mean - std::exp(0.005)) < 0.01);
  CHECK(std::abs(sigma - 0.1005) < 0.01);
  DeviceModel drift;
  drift.drift_time = 1000;
  drift.drift_exponent = 0.05;
  drift.drift_exponent_sigma = 0.02;
  std::tie(mean, sigma) = moments(drift, 2);
  const double log_t = std::log(1000.0);
  CHECK(std::abs(mean - 2 * std::exp(-0.05 * log_t + 0.02 * 0.02 * log_t * log_t / 2)) < 0.02);
}

TEST_CASE("device: one effect after the other, by hand", "[device]") {
  Filled f(1, 1);
  f.hw.fraction_bits = 4;
  const auto word = [&](const DeviceModel& d, int level, int row = -1) {
    const auto cells = f.programmed(d);
    int found = -1;
    f.each([&](int t, int s, int n, int r, int c) {
      if (found < 0 && f.level(t, s, n, r, c) == level && (row < 0 || r == row)) found = cells->cells[AnalogData::place(f.hw, t, s, n, r, c)];
    });
    return found;
  };
  DeviceModel d;
  d.on_off_ratio = 6;
  CHECK(word(d, 0) == 8);    // 3/6 levels of 16
  CHECK(word(d, 1) == 21);   // 1 + 2/6 = 1.333 -> 21.33
  CHECK(word(d, 3) == 48);
  d.drift_time = 16;
  d.drift_exponent = 0.25;   // 16^-0.25 = 1/2
  CHECK(word(d, 0) == 4);
  CHECK(word(d, 3) == 24);
  d.attenuation = {64, 1, std::vector<double>(64, 1.0)};
  d.attenuation.factors[7] = 0.5;
  CHECK(word(d, 3, 6) == 24);
  CHECK(word(d, 3, 7) == 12);
  d.stuck_on_positive = d.stuck_on_negative = 1;  // as they are stuck, whatever else
  CHECK(word(d, 3, 7) == 48);
  DeviceModel one;
  one.faults = {{0, 0, 0, false, 1, 5, 9, true}, {1, 0, 0, false, 1, 6, 9, true}};
  const auto cells = f.programmed(one);
  int changed = 0;
  f.each([&](int t, int s, int n, int r, int c) { changed += cells->cells[AnalogData::place(f.hw, t, s, n, r, c)] != f.level(t, s, n, r, c) << 4; });
  CHECK(cells->cells[AnalogData::place(f.hw, 0, 1, 0, 5, 9)] == 48);
  CHECK(changed == (f.level(0, 1, 0, 5, 9) == 3 ? 0 : 1));  // the other one is of another layer
}

TEST_CASE("device: draws depend on the place alone", "[device]") {
  DeviceModel d;
  d.program_sigma = 0.2;
  Filled small(1, 1), large(2, 2);
  small.hw.fraction_bits = large.hw.fraction_bits = 4;
  small.data.epitome.data.assign(small.data.epitome.data.size(), 85);
  large.data.epitome.data.assign(large.data.epitome.data.size(), 85);
  const auto a = small.programmed(d), b = large.programmed(d), c = large.programmed(d);
  CHECK(*b == *c);
  bool equal = true, others = false, negative = false;
  small.each([&](int, int s, int n, int r, int column) {
    const std::uint16_t g = a->cells[AnalogData::place(small.hw, 0, s, n, r, column)];
    equal = equal && g == b->cells[AnalogData::place(large.hw, 0, s, n, r, column)];
    others = others || (n == 0 && g != b->cells[AnalogData::place(large.hw, 1, s, n, r, column + 64)]);
    negative = negative || g != a->cells[AnalogData::place(small.hw, 0, (s + 1) % 4, n, r, column)];
  });
  CHECK(equal);
  CHECK(others);
  CHECK(negative);
  DeviceModel other = d;
  other.seed = 2;
  CHECK(*small.programmed(other) != *a);
  CHECK(*program_cells(d, small.hw, small.layer, small.data, 1) != *a);
}

TEST_CASE("device: the normal distribution's quantiles and moments", "[device]") {
  CHECK(std::abs(DrawKey::inverse_normal(0.5)) < 1e-9);
  CHECK(std::abs(DrawKey::inverse_normal(0.975) - 1.9599640) < 1e-5);
  CHECK(std::abs(DrawKey::inverse_normal(1e-10) + 6.3613409) < 1e-5);
  double sum = 0, squares = 0;
  constexpr int n = 100000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double z = DrawKey(3).with(i).normal();
    sum += z;
    squares += z * z;
  }
  CHECK(std::abs(sum / n) < 5 / std::sqrt(1.0 * n));
  CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2.0 / n));
}

TEST_CASE("device: an ADC of b bits gives 2^b codes and not one more", "[device]") {
  for (const int bits : {1, 3, 5})
    for (const int step : {0, 2}) {
      INFO(bits << " bits, step " << step);
      Case c;
      c.hw.weight_bits = 2;
      c.hw.cell_bits = 1;
      c.hw.act_bits = 1;
      c.hw.adc_bits = bits;
      c.hw.adc_trims = true;
      c.hw.adc_step = step;
      c.hw.out_bits = 16;
      c.hw.lanes = 8;
      c.layer.cin = c.layer.epitome.e_in = 64;
      c.layer.cout = c.layer.epitome.e_out = 1;
      c.layer.w = 65 * 3;
      c.layer.patches = {{0, 0, 0, 0, 64, 1, 0, 0}};
      c.layer.clamp_hi = 65535;
      c.data.epitome = IntTensor({1, 64, 1, 1}, 1);
      c.data.crossbar_scale = IntTensor({1, 1}, 1);
      c.data.zero_point = IntTensor({1, 1}, 0);
      c.data.channel_scale = IntTensor({1}, 1);
      c.data.channel_bias = IntTensor({1}, 0);
      c.x = IntTensor({64, 1, c.layer.w}, 0);
      for (int n = 0; n <= 64; ++n)
        for (int r = 0; r < n; ++r) c.x(r, 0, n) = 1;
      EventCounts events;
      const IntTensor y = GoldenLayer(c.hw, c.layer, c.data).run(c.x, events);
      std::set<std::int64_t> codes;
      for (const std::int64_t v : y.data) codes.insert(v >> step);
      CHECK(*codes.begin() == 0);
      CHECK(*codes.rbegin() == std::min((1 << bits) - 1, 64 >> step));
      CHECK(static_cast<int>(codes.size()) == std::min(1 << bits, (64 >> step) + 1));
    }
}

TEST_CASE("device: read noise has the deviation asked for, and a frame does not depend on those before it", "[device]") {
  std::uint32_t x = noise_start(12345, 3);
  std::int64_t sum = 0, squares = 0;
  constexpr int n = 200000;
  for (int i = 0; i < n; ++i) {
    x = noise_step(x);
    sum += noise_fields(x);
    squares += std::int64_t{noise_fields(x)} * noise_fields(x);
  }
  CHECK(NoiseJump(n)(noise_start(12345, 3)) == x);
  CHECK(NoiseJump(0)(77) == 77);
  CHECK(std::abs(static_cast<double>(sum) / n + 2) < 5 * noise_fields_sigma / std::sqrt(1.0 * n));  // bytes are centred on -1/2
  CHECK(std::abs(std::sqrt(static_cast<double>(squares) / n) / noise_fields_sigma - 1) < 0.01);

  SyntheticLayer s = prepare_layer(load_config(std::string(EPIM_SOURCE_DIR) + "/configs/named/device-adc.toml"));
  const GoldenLayer golden(s.core.hw, s.layer, s.data);
  EventCounts events;
  const IntTensor third = golden.run(s.input, events, 1, 2);
  golden.run(s.input, events, 1, 0);
  golden.run(s.input, events, 2, 1);
  CHECK(golden.run(s.input, events, 2, 2) == third);
  CHECK(golden.run(s.input, events, 1, 3) != third);
}

TEST_CASE("device: what a core has no hardware for, and files that do not fit, are refused", "[device]") {
  const std::string path = std::string(EPIM_SOURCE_DIR) + "/configs/named/xb32.toml";
  REQUIRE_RULE(load_config(path, {"device.offset_sigma=1"}), "device-not-built");
  REQUIRE_RULE(load_config(path, {"device.read_noise=1", "hardware.adc_trims=true"}), "device-not-built");
  REQUIRE_RULE(load_config(path, {"hardware.read_noise=true"}), "read-noise-trims");
  REQUIRE_RULE(load_config(path, {"device.stuck=0.6", "device.stuck_on_negative=0.5"}), "device-stuck");
  REQUIRE_RULE(load_config(path, {"device.stuck=1.5"}), "value-out-of-range");
  REQUIRE_RULE(load_config(path, {"device.stuck=yes"}), "wrong-type");
  REQUIRE_RULE(load_config(path, {"device.faults=/no/such/file"}), "unreadable-file");
  const fs::path folder = fs::temp_directory_path() / "epim-test-device";
  fs::create_directories(folder);
  const auto list = [&](const std::string& text) {
    std::ofstream(folder / "faults.csv") << text;
    return "device.faults=" + (folder / "faults.csv").string();
  };
  REQUIRE_RULE(load_config(path, {list("0,0,0,positive,0,1\n")}), "device-fault");
  REQUIRE_RULE(load_config(path, {list("0,0,0,positive,0,1,x,on\n")}), "device-fault");
  REQUIRE_RULE(load_config(path, {list("# one\n0,0,0,positive,0,1,2,open\n")}), "device-fault");
  REQUIRE_RULE(load_config(path, {list("0,0,0,positive,0,99,2,on\n")}), "device-fault");
  CHECK(load_config(path, {list("# one\n\n0,0,0,negative,0,1,2,off\n")}).device.faults.size() == 1);
  fs::remove_all(folder);
}
