// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Integer bundles: what is written is read back, runs alike on the golden model, and is refused where it does not fit.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "gen/network/compile.hpp"
#include "golden/files/integer_bundle.hpp"
#include "sim/network_run.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;

namespace {

struct Made {
  Case c;
  QuantisedEpitome quantised;
  LayerData data;
  NpzFile bundle;
};

/// A random layer, quantised and put through the bytes of a bundle.
Made made(std::uint32_t seed, const QuantiseOptions& options) {
  Made m;
  m.c = epim::testing::random_case(seed);
  Layer& l = m.c.layer;
  m.c.hw.channel_bias_bits = 48;
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.01f, 0.2f);
  FloatTensor e({l.epitome.e_out, l.epitome.e_in, l.epitome.p, l.epitome.q});
  for (float& v : e.data) v = normal(rng);
  m.quantised = quantise(m.c.hw, l, e, options);
  LayerScales scales;
  scales.bn_scale.assign(static_cast<std::size_t>(l.cout), 0.5f);
  scales.bn_bias.assign(static_cast<std::size_t>(l.cout), -0.25f);
  const IntegerLayer integers = to_integer(m.c.hw, l, m.quantised, scales);
  l.shift = integers.shift;
  m.data = integers.data;
  const auto arrays = integer_bundle(m.c.hw, {{&l, m.c.hw.weight_bits, &m.data, &m.quantised}});
  m.bundle = parse_npz(npz_bytes(arrays, true), "b.npz");
  return m;
}

Made plain() { return made(7, {}); }

/// The bundle without array `name`, or with another one in its place.
NpzFile with(const NpzFile& bundle, const std::string& name, const NpyArray* array) {
  NpzFile out = bundle;
  const auto at = std::find_if(out.arrays.begin(), out.arrays.end(), [&](const auto& a) { return a.first == name; });
  REQUIRE(at != out.arrays.end());
  if (array == nullptr) out.arrays.erase(at);
  else at->second = *array;
  return out;
}

NpyArray number(std::int64_t v) {
  IntTensor t({1});
  t.data[0] = v;
  return NpyArray::from(t, DType::i64);
}

Config digits(const std::string& more) {
  return parse_config("schema = 1\nname = \"d\"\n[hardware]\ncrossbar = \"64x64\"\nact_bits = 8\nout_bits = 16\nweight_bits = 5\nzero_point = true\n"
                      "[network]\nfile = \"" EPIM_SOURCE_DIR "/models/digits/network.json\"\nimages = \"" EPIM_SOURCE_DIR
                      "/models/digits/test_images.npy\"\n" + more, "digits");
}

}  // namespace

TEST_CASE("an integer bundle gives back what was written", "[bundle]") {
  property("round trip", [] {
    QuantiseOptions options;
    options.mode = *rc::gen::element(RangeMode::naive, RangeMode::per_crossbar, RangeMode::overlap);
    options.affine = *rc::gen::arbitrary<bool>();
    const Made m = made(*rc::gen::arbitrary<std::uint32_t>(), options);
    Layer back = m.c.layer;
    back.shift = 1;
    back.clamp_lo = back.clamp_hi = 0;
    check_integer_bundle(m.bundle, m.c.hw);
    const LayerData data = read_integer_layer(m.bundle, m.c.hw, back);
    RC_ASSERT(data.epitome == m.data.epitome);
    RC_ASSERT(data.crossbar_scale == m.data.crossbar_scale);
    RC_ASSERT(data.zero_point == m.data.zero_point);
    RC_ASSERT(data.channel_scale == m.data.channel_scale);
    RC_ASSERT(data.channel_bias == m.data.channel_bias);
    RC_ASSERT(back.shift == m.c.layer.shift && back.clamp_lo == m.c.layer.clamp_lo && back.clamp_hi == m.c.layer.clamp_hi);
    EventCounts a, b;
    RC_ASSERT(GoldenLayer(m.c.hw, back, data).run(m.c.x, a) == GoldenLayer(m.c.hw, m.c.layer, m.data).run(m.c.x, b));
  });
}

TEST_CASE("an integer bundle keeps the slopes of a layer", "[bundle]") {
  Made m = plain();
  m.c.hw.slope_bits = 12;
  m.c.layer.slopes = true;
  m.data.channel_slope = IntTensor({m.c.layer.cout});
  for (int ch = 0; ch < m.c.layer.cout; ++ch) m.data.channel_slope(ch) = ch % 2 == 0 ? -2048 : slope_code(m.c.hw, 0.25);
  CHECK(m.data.channel_slope(1) == 64);
  const std::string name = m.c.layer.name + "/channel_slope";
  CHECK(m.bundle.find(name) == nullptr);  // of a layer without slopes
  const NpzFile bundle =
      parse_npz(npz_bytes(integer_bundle(m.c.hw, {{&m.c.layer, m.c.hw.weight_bits, &m.data, &m.quantised}}), true), "b.npz");
  Layer back = m.c.layer;
  back.slopes = false;  // the bundle says so
  CHECK(read_integer_layer(bundle, m.c.hw, back).channel_slope == m.data.channel_slope);
  CHECK(back.slopes);
  REQUIRE_RULE(read_integer_layer(with(bundle, name, nullptr), m.c.hw, back), "missing-array");
  const NpyArray wrong = number(1);
  REQUIRE_RULE(read_integer_layer(with(bundle, name, &wrong), m.c.hw, back), "bundle-shape");
  REQUIRE_RULE(slope_code(m.c.hw, 8), "slope-range");
  CHECK(slope_code(m.c.hw, -8) == -2048);
}

TEST_CASE("bundles that do not fit are refused", "[bundle]") {
  const Made m = plain();
  const std::string node = m.c.layer.name + "/";
  Layer l = m.c.layer;
  REQUIRE_RULE(check_integer_bundle(with(m.bundle, "format", nullptr), m.c.hw), "bundle-format");
  const NpyArray two = number(2);
  REQUIRE_RULE(check_integer_bundle(with(m.bundle, "format", &two), m.c.hw), "bundle-format");
  Hardware other = m.c.hw;
  other.xb_rows *= 2;
  REQUIRE_RULE(check_integer_bundle(m.bundle, other), "bundle-hardware");
  other = m.c.hw;
  other.act_signed = !other.act_signed;
  REQUIRE_RULE(check_integer_bundle(m.bundle, other), "bundle-hardware");
  REQUIRE_RULE(check_integer_bundle(with(m.bundle, "hardware/lanes", nullptr), m.c.hw), "missing-array");
  for (const char* key : {"weight_bits", "epitome", "crossbar_scale", "zero_point", "channel_scale", "channel_bias", "shift", "clamp"}) {
    INFO(key);
    REQUIRE_RULE(read_integer_layer(with(m.bundle, node + key, nullptr), m.c.hw, l), "missing-array");
    const NpyArray wrong = NpyArray::from(IntTensor({1, 1, 1, 1, 1}), DType::i16);
    REQUIRE_RULE(read_integer_layer(with(m.bundle, node + key, &wrong), m.c.hw, l), "bundle-shape");
  }
  const NpyArray floats = NpyArray::from(m.quantised.values);
  REQUIRE_RULE(read_integer_layer(with(m.bundle, node + "epitome", &floats), m.c.hw, l), "npy-type");
  const NpyArray narrow = number(2), wide = number(12), shift = number(63);
  REQUIRE(m.c.hw.weight_bits > 2);
  REQUIRE_RULE(read_integer_layer(with(m.bundle, node + "weight_bits", &narrow), m.c.hw, l), "bundle-range");
  REQUIRE_RULE(read_integer_layer(with(m.bundle, node + "weight_bits", &wide), m.c.hw, l), "bundle-range");
  REQUIRE_RULE(read_integer_layer(with(m.bundle, node + "shift", &shift), m.c.hw, l), "bundle-range");
  other = m.c.hw;
  other.weight_bits = 2;
  REQUIRE_RULE(read_integer_layer(m.bundle, other, l), "contradictory-bits");
}

TEST_CASE("the digits network classifies alike from weights and from its integer bundle", "[bundle]") {
  const std::string path = "/tmp/epim_unit_bundle_" + std::to_string(getpid()) + ".npz";
  for (const RangeMode mode : {RangeMode::naive, RangeMode::per_crossbar, RangeMode::overlap})
    for (const bool affine : {false, true}) {
      QuantiseOptions options;
      options.mode = mode;
      options.affine = affine;
      const Config config = digits("");
      CompiledNetwork net = lay_out_network(config);
      for (CompiledLayer& l : net.layers) l.weight_bits = l.layer.name == "conv3" ? 4 : 5;  // narrower codes on the same core
      quantise_network(config, net, options);
      std::vector<IntegerBundleLayer> layers;
      for (const CompiledLayer& l : net.layers) layers.push_back({&l.layer, l.weight_bits, &l.data, &l.quantised});
      write_npz(path, integer_bundle(net.core->hw, layers));
      const CompiledNetwork read = compile_network(digits("integers = \"" + path + "\"\n"));
      REQUIRE(read.core == net.core);
      std::vector<IntTensor> images;
      const IntTensor all = read_npy(config.network->images).ints();
      for (std::ptrdiff_t i = 0; i < 4; ++i) {
        images.emplace_back(std::vector<int>{1, 8, 8});
        std::copy_n(all.data.begin() + i * 64, 64, images.back().data.begin());
      }
      REQUIRE(run_network_golden(net, images, 1) == run_network_golden(read, images, 1));
    }
  std::remove(path.c_str());
  REQUIRE_RULE([&] { Config c = digits("weights = \"a.npz\"\nintegers = \"b.npz\"\n"); return compile_network(c).layers.size(); }(), "contradictory-weights");
}
