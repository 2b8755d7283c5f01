// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Bit lines that take the place of faulty ones, and the range of ADCs from calibration images.
#include "tb/unit/catch.hpp"
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "gen/network/adc_calibration.hpp"
#include "gen/network/golden_network.hpp"
#include "gen/network/walk.hpp"
#include "golden/device/spare_columns.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;

namespace {

/// The least sum of D over all ways to move `columns` columns up by 0..spares places in order, all of them tried.
double least_damage(const Case& c, const DeviceModel& d, int first, int columns, int spares) {
  const Hardware& hw = c.hw;
  const EpitomeShape& e = c.layer.epitome;
  const auto stuck = stuck_cells(d, hw, 0);
  const auto damage = [&](int l, int place) {
    double sum = 0;
    for (int i = 0; i < e.e_in; ++i)
      for (int p = 0; p < e.p; ++p)
        for (int q = 0; q < e.q; ++q) {
          const int line = physical_row(e, hw.lanes, i, p, q), t = line / hw.xb_rows;
          const std::int64_t code = c.data.epitome(first + l, i, p, q);
          double weight = 0;  // what the place makes of it
          for (int s = 0; s < hw.slices(); ++s)
            for (int n = 0; n < 2; ++n) {
              const int state = stuck[AnalogData::place(hw, t, s, n, line % hw.xb_rows, first + place)];
              const std::int64_t level = (code < 0) == (n == 1) ? std::llabs(code) >> (s * hw.cell_bits) & ((1 << hw.cell_bits) - 1) : 0;
              const double g = state > 0 ? (1 << hw.cell_bits) - 1 : state < 0 ? 0 : static_cast<double>(level);
              weight += (n == 1 ? -g : g) * (1 << (s * hw.cell_bits));
            }
          const double error = static_cast<double>(c.data.crossbar_scale(t, first / hw.xb_cols)) * (weight - static_cast<double>(code));
          sum += error * error;
        }
    return sum;
  };
  std::function<double(int, int)> best = [&](int l, int up) {
    if (l == columns) return 0.0;
    double least = std::numeric_limits<double>::infinity();
    for (int k = up; k <= spares; ++k) {
      if (c.layer.wrap != Wrap::off && l > 0 && k > up) break;
      least = std::min(least, damage(l, l + k) + best(l + 1, k));
    }
    return least;
  };
  return best(0, 0);
}

}  // namespace

TEST_CASE("spare columns: the columns move, the layer stays, and no way to move them does less harm", "[device][spare]") {
  int moved = 0, split = 0, wrapped = 0;
  property("spare columns", [&] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Case c = epim::testing::random_case(seed);
    DeviceModel d;
    d.seed = seed;
    d.stuck = seed % 3 == 0 ? 0.02 : 0.2;
    d.spare_columns = 1 + seed / 3 % 3;
    RC_LOG() << "seed " << seed << ": " << epim::testing::describe(c) << "\n";
    const int first = (c.layer.epitome.e_out - 1) / c.hw.xb_cols * c.hw.xb_cols, columns = c.layer.epitome.e_out - first;
    const int spares = c.layer.wrap != Wrap::off && first > 0 ? 0 : std::min(static_cast<int>(d.spare_columns), c.hw.xb_cols - columns);
    const auto s = use_spare_columns(d, c.hw, c.layer, c.data);
    const double least = least_damage(c, d, first, columns, spares);
    if (!s) {
      DeviceModel none = d;
      none.spare_columns = 0;
      RC_ASSERT(least_damage(c, none, first, columns, 0) <= least * (1 + 1e-12));
      return;
    }
    RC_ASSERT(s->after < s->before);
    RC_ASSERT(std::abs(s->after - least) <= 1e-9 * (1 + least));
    for (int o = 0; o < c.layer.epitome.e_out; ++o) {
      const int place = s->place[static_cast<std::size_t>(o)];
      RC_ASSERT(place / c.hw.xb_cols == o / c.hw.xb_cols);
      RC_ASSERT(o == 0 || place > s->place[static_cast<std::size_t>(o) - 1]);
    }
    validate_patches(s->layer, c.hw.lanes);
    LayerData data = c.data;
    data.epitome = s->epitome;
    EventCounts events;
    RC_ASSERT(GoldenLayer(c.hw, s->layer, data).run(c.x, events) == GoldenLayer(c.hw, c.layer, c.data).run(c.x, events));
    ++moved;
    split += s->layer.patches.size() > c.layer.patches.size();
    wrapped += c.layer.wrap != Wrap::off;
  });
  CHECK(moved > 10);
  CHECK(split > 0);
  CHECK(wrapped > 0);
}

TEST_CASE("spare columns: a dead bit line is left out, and its layer computes what it should", "[device][spare]") {
  Case c;
  c.hw.xb_rows = 16;
  c.hw.xb_cols = 8;
  c.hw.cols_per_adc = 2;
  c.hw.lanes = 8;
  c.hw.adc_bits = c.hw.lossless_adc_bits();
  c.layer.cin = c.layer.epitome.e_in = 16;
  c.layer.cout = c.layer.epitome.e_out = 6;
  c.layer.patches = {{0, 0, 0, 0, 16, 6, 0, 0}};
  c.layer.clamp_lo = -256;
  c.layer.clamp_hi = 255;
  c.layer.shift = 8;
  c.data.epitome = IntTensor({6, 16, 1, 1});
  for (std::size_t i = 0; i < c.data.epitome.size(); ++i) c.data.epitome.data[i] = static_cast<std::int64_t>(i * 37 % 201) - 100;
  c.data.crossbar_scale = IntTensor({1, 1}, 1);
  c.data.zero_point = IntTensor({1, 1}, 0);
  c.data.channel_scale = IntTensor({6}, 1);
  c.data.channel_bias = IntTensor({6}, 0);
  c.x = IntTensor({16, 1, 1}, 9);
  EventCounts events;
  const IntTensor ideal = GoldenLayer(c.hw, c.layer, c.data).run(c.x, events);
  DeviceModel d;
  for (int s = 0; s < c.hw.slices(); ++s)
    for (int r = 0; r < 16; ++r)
      for (const int column : {2, 4}) d.faults.push_back({0, 0, 0, false, s, r, column, true});
  const auto degraded = [&](int spares, int& patches) {
    Case chip = c;
    d.spare_columns = spares;
    program_layer(d, chip.hw, chip.layer, chip.data);
    patches = static_cast<int>(chip.layer.patches.size());
    return GoldenLayer(chip.hw, chip.layer, chip.data).run(chip.x, events);
  };
  int patches = 0;
  CHECK(degraded(0, patches) != ideal);
  CHECK(patches == 1);
  CHECK(degraded(1, patches) != ideal);  // two dead, one spare
  CHECK(degraded(2, patches) == ideal);
  CHECK(patches == 3);                   // columns 0 1 | 3 | 5 6 7
  CHECK(degraded(8, patches) == ideal);
}

TEST_CASE("spare columns: a network programmed for one chip after the other forgets the one before", "[device][spare]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/configs/digits.toml", {"device.stuck=0.02", "device.spare_columns=4"});
  const CompiledNetwork first = compile_network(config);
  CompiledNetwork again = first;
  DeviceModel other = config.device;
  other.seed = 2;
  program_network(again, other);
  CHECK(again.layers[1].layer.patches != first.layers[1].layer.patches);
  program_network(again, config.device);
  for (std::size_t l = 0; l < first.layers.size(); ++l) {
    CHECK(again.layers[l].layer.patches == first.layers[l].layer.patches);
    CHECK(again.layers[l].data.epitome == first.layers[l].data.epitome);
    CHECK(*again.layers[l].data.analog == *first.layers[l].data.analog);
  }
  DeviceModel plain = config.device;
  plain.spare_columns = 0;
  program_network(again, plain);
  for (const CompiledLayer& l : again.layers) CHECK(l.layer.spare_columns == 0);
}

TEST_CASE("calibrated range: the least step with which the calibration images are not clipped, whatever images come later", "[device]") {
  const std::string root = EPIM_SOURCE_DIR, images = root + "/models/digits/test_images.npy";
  const auto clipped = [&](const CompiledNetwork& net, const Config& config) {
    const GoldenNetwork golden(net, false);
    std::int64_t sum = 0;
    for (const IntTensor& x : load_images(config, net.network, adc_calibration_images).images) {
      GoldenNetwork::Counts counts;
      golden.run(x, 1, {}, &counts);
      for (const std::int64_t n : counts.clipped) sum += n;
    }
    return sum;
  };
  const Config config = load_config(root + "/configs/digits.toml", {"hardware.adc_bits=4", "network.adc_calibration=" + images});
  const CompiledNetwork net = compile_network(config);
  const int step = net.layers[0].hw.adc_step;
  CHECK(step == net.core->hw.adc_step);
  CHECK(step > 0);
  CHECK(step < load_config(root + "/configs/digits.toml").core.hw.lossless_adc_bits() - 4);  // less than the full range
  CHECK(clipped(net, config) == 0);
  const Config below = load_config(root + "/configs/digits.toml", {"hardware.adc_bits=4", fmt::format("hardware.adc_step={}", step - 1)});
  CHECK(clipped(compile_network(below), below) > 0);
  Config others = config;  // images that are classified choose nothing
  others.network->images.clear();
  CHECK(compile_network(others).layers[0].hw.adc_step == step);
  Config generous = config;
  generous.network->adc_calibration_clip = 1;
  CHECK(compile_network(generous).layers[0].hw.adc_step == 0);
  REQUIRE_RULE(load_config(root + "/configs/digits.toml", {"hardware.adc_step=1", "network.adc_calibration=" + images}), "contradictory-range");
  REQUIRE_RULE(load_config(root + "/configs/digits.toml", {"hardware.adc_step=full", "network.adc_calibration=" + images}), "contradictory-range");
}
