// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "tb/unit/catch.hpp"
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include <unistd.h>

#include "gen/config/config.hpp"
#include "gen/config/config_keys.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/evaluate.hpp"
#include "tb/unit/files.hpp"

using namespace epim;
namespace fs = std::filesystem;

namespace {

/// Markdown code; double ticks where the text holds a tick.
std::string code(const std::string& text) {
  return text.find('`') == std::string::npos ? "`" + text + "`" : "`` " + text + " ``";
}

bool update_docs() { return std::getenv("EPIM_UPDATE_DOCS") != nullptr; }

const char* kBase =
    "schema = 1\n"
    "name = \"base\"\n"
    "[hardware]\n"
    "crossbar = \"32x32\"\n"
    "[layer]\n"
    "cin = 16\n"
    "cout = 16\n"
    "kernel = 3\n"
    "padding = 1\n"
    "height = 6\n"
    "width = 6\n"
    "[layer.epitome]\n"
    "e_out = 16\n"
    "e_in = 8\n"
    "p = 4\n"
    "q = 4\n";

/// The base configuration with `from` replaced by `to`.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = kBase;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

struct Bad {
  const char* from;  ///< replaced in the base configuration ("" = nothing) ...
  const char* to;    ///< ... by this
  std::vector<std::string> overrides;
  const char* message;  ///< everything the user sees
};

/// Every rule of configurations, with the message it gives. docs/rejected-inputs.md shows the same list.
const std::vector<Bad>& bad_configurations() {
  static const std::vector<Bad> cases = {
#include "tb/unit/rejected_configurations.inc"
  };
  return cases;
}

std::string message_of(const Bad& bad) {
  try {
    Config c = parse_config(*bad.from ? changed(bad.from, bad.to) : kBase, "bad.toml", bad.overrides);
    prepare_layer(c);
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

std::vector<fs::path> named_configurations() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(kRoot) / "configs/named"))
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

TEST_CASE("configuration: values, defaults and automatic values", "[config]") {
  const Config c = parse_config(kBase, "some/base.toml");
  CHECK(c.name == "base");
  CHECK(c.core.hw.xb_rows == 32);
  CHECK(c.core.hw.weight_bits == 9);      // default
  CHECK_FALSE(c.core.hw.adc_bits);
  CHECK_FALSE(c.core.hw.pe_rows);
  CHECK(c.core.tables == Tables::writable);
  REQUIRE(c.layer);
  CHECK(c.layer->pad == Padding{1, 1, 1, 1});
  CHECK(c.layer->kh == 3);
  CHECK(c.layer->kw == 3);
  CHECK(c.layer->epitome->shape == EpitomeShape{16, 8, 4, 4});
  CHECK(c.locate("layer.cin").line == 6);
  CHECK(c.locate("layer.cin").column == 7);
  CHECK(c.locate("layer.stride").line == 5);  // not written: its section

  const Layer layer = make_layer(*c.layer, c.core.hw);
  const CoreSpec r = resolve(c, {layer});
  CHECK(r.name == "base");
  CHECK(r.hw.adc_bits == 7);              // 32 * 3 * 1 = 96 < 2^7
  CHECK(r.hw.joint_lanes == 1);           // 4 ADCs, 9 steps
  CHECK(r.hw.pe_rows == 4);               // 8*4*4 = 128 rows
  CHECK(r.hw.pe_cols == 1);
  CHECK(r.hw.buffer_words == 4 * 6 * 2);  // (3 + 1) rows of 6 words, 2 blocks of 8 lanes
  CHECK(r.hw.acc_bits == 64);             // until the weights are known
  CHECK(layer.clamp_hi == 511);
  CHECK(layer.patches.size() == 2);
}

TEST_CASE("configuration: automatic joint lanes", "[config]") {
  Hardware hw;
  hw.xb_cols = 256, hw.cols_per_adc = 8, hw.act_bits = 9, hw.lanes = 16;
  CHECK(automatic_joint_lanes(hw) == 4);   // ceil(32 / 8)
  hw.act_bits = 1;
  CHECK(automatic_joint_lanes(hw) == 16);  // 32 ADCs, one step: bounded by lanes
}

TEST_CASE("configuration: arrays, words, explicit automatic values", "[config]") {
  const auto pads = parse_config(changed("padding = 1", "padding = [0, 1, 2, 1]"), "b.toml").layer->pad;
  CHECK(pads == Padding{0, 1, 2, 1});
  const std::string text = changed("kernel = 3", "kernel = [3, 1]\nclamp = [-8, 7]\nshift = 5");
  const auto layer = *parse_config(text, "b.toml").layer;
  CHECK(layer.kh == 3);
  CHECK(layer.kw == 1);
  CHECK(layer.clamp == std::pair<std::int64_t, std::int64_t>(-8, 7));
  CHECK(layer.shift == 5);
  CHECK(parse_config(changed("32x32\"", "32x32\"\nadc_bits = 5"), "b.toml").core.hw.adc_bits == 5);
}

TEST_CASE("configuration: overrides", "[config]") {
  const Config c = parse_config(kBase, "dir/base.toml",
                                {"hardware.crossbar=64x48", "hardware.cell_bits=1", "hardware.cell_bits=4",
                                 "layer.kernel=[3, 3]", "name=3x3", "hardware.adc_bits=lossless",
                                 "layer.data.input=x.npy", "hardware.tables=\"rom\""});
  CHECK(c.core.hw.xb_rows == 64);
  CHECK(c.core.hw.xb_cols == 48);
  CHECK(c.core.hw.cell_bits == 4);  // the last one wins
  CHECK(c.name == "3x3");
  CHECK(c.core.tables == Tables::rom);
  CHECK(c.layer->input == "x.npy");  // relative to the current folder, not to dir/
  CHECK(parse_config(std::string(kBase) + "[layer.data]\ninput = \"x.npy\"\n", "dir/base.toml").layer->input ==
        "dir/x.npy");
}

TEST_CASE("configuration: rejected inputs give the documented message", "[config]") {
  for (const auto& bad : bad_configurations()) {
    INFO(bad.from << " -> " << bad.to << (bad.overrides.empty() ? "" : ", --set " + bad.overrides.front()));
    CHECK(message_of(bad) == bad.message);
  }
}

TEST_CASE("configuration: patch files", "[config]") {
  const fs::path path = fs::temp_directory_path() / ("epim-patches-" + std::to_string(::getpid()) + ".json");
  const auto message = [&](const std::string& json) -> std::string {
    std::ofstream(path) << json;
    try {
      Config c = parse_config(std::string(kBase) + "patches = \"" + path.string() + "\"\n", "bad.toml");
      prepare_layer(c);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const std::string a = "{\"p\":0,\"q\":1,\"c_in\":0,\"c_out\":0,\"w\":3,\"h\":3,\"beta1\":8,\"beta2\":16,"
                        "\"dst_in\":0,\"dst_out\":0}";
  std::string b = a;
  b.replace(b.find("\"dst_in\":0"), 10, "\"dst_in\":8");
  const std::string start = path.string() + ":", list = "bad.toml:17:11: ";
  CHECK(message("[" + a + ",\n" + b + "]") == "accepted");
  CHECK_THAT(message("[" + a + ",\n  3]"), Catch::StartsWith(start + "2:3: wrong-type:"));
  CHECK_THAT(message("[" + a), Catch::StartsWith(start + "1:") && Catch::Contains("json-syntax"));
  CHECK_THAT(message("[" + a + "]"), Catch::StartsWith(list + "patch-hole:"));
  CHECK_THAT(message("[" + a + "," + a + "]"), Catch::StartsWith(list + "patch-"));
  std::string wide = a;
  wide.replace(wide.find("\"w\":3"), 5, "\"w\":4");
  CHECK_THAT(message("[" + wide + "]"), Catch::Contains("patch-file: patch 0: w is 4, legal: the kernel's 3"));
  fs::remove(path);
}

TEST_CASE("configuration: unreadable file", "[config]") {
  CHECK_THROWS_WITH(load_config("/nonexistent.toml"), Catch::StartsWith("/nonexistent.toml: unreadable-file:"));
  CHECK_THROWS_WITH(load_config("/"), Catch::StartsWith("/: unreadable-file:"));
}

TEST_CASE("configuration: every key can be set, and reaches the dump", "[config]") {
  // A value other than the default for every key that the dump of a layer shows.
  for (const auto& key : config_keys()) {
    if (key.type == KeyType::Text || key.section() == "network" || key.path == "schema") continue;
    if (key.path == "layer.groups" || key.path == "layer.dilation") continue;
    const bool pool = key.section() == "layer.pool";
    std::string value;
    switch (key.type) {
      case KeyType::Boolean: value = key.fallback == "true" ? "false" : "true"; break;
      case KeyType::Choice: value = "\"" + key.words.substr(key.words.find_last_of('|') + 1) + "\""; break;
      case KeyType::Size: value = "\"96x128\""; break;
      case KeyType::OneOrTwo: value = "[2, 4]"; break;
      case KeyType::OneOrFour: value = "[1, 2, 3, 4]"; break;
      case KeyType::Range: value = "[3, 12]"; break;
      default: value = std::to_string(key.fallback == std::to_string(key.lo) || key.path == "hardware.joint_lanes"
                                          ? std::min(key.hi, key.lo + 1)
                                          : key.lo);
    }
    if (key.path == "hardware.joint_lanes") value = "2";
    INFO(key.path << " = " << value);
    std::vector<std::string> set = {key.path + "=" + value};
    if (key.section() == "device" || key.path == "hardware.read_noise") {  // which need hardware
      set.push_back("hardware.adc_trims=true");
      if (key.section() == "device") set.push_back("hardware.read_noise=true");
    }
    if (key.path == "hardware.program_banks") set.push_back("hardware.load_stream=true");
    const Config c = parse_config(pool ? std::string(kBase, std::strstr(kBase, "[layer.epitome]")) : kBase, "b.toml", set);
    const std::string dump = resolved_toml(c, c.core, {});
    CHECK(dump.find("\n" + key.leaf() + " = " + value + "\n") != std::string::npos);
    const Config again = parse_config(dump, "b.toml");
    CHECK(resolved_toml(again, again.core, {}) == dump);
  }
}

TEST_CASE("configuration: the resolved dump is a fixed point and the hashes tell structure from the rest", "[config]") {
  const Config a = parse_config(kBase, "a.toml");
  const SyntheticLayer sa = prepare_layer(a);
  const auto dump_of = [](const Config& c, const SyntheticLayer& s) { return resolved_toml(c, request_of(s.core), {s.layer}); };
  const std::string dump = dump_of(a, sa);
  CHECK(dump.find("\"auto\"") == std::string::npos);  // nothing is left open
  const Config b = parse_config(dump, "b.toml");
  const SyntheticLayer sb = prepare_layer(b);
  CHECK(dump_of(b, sb) == dump);
  CHECK(sb.core == sa.core);
  CHECK(hardware_hash(sa.core) == hardware_hash(sb.core));
  CHECK(sa.data.epitome == sb.data.epitome);

  const Config seed = parse_config(kBase, "a.toml", {"layer.data.seed=2", "hardware.acc_bits=" + std::to_string(sa.core.hw.acc_bits + 4)});
  const SyntheticLayer ss = prepare_layer(seed);
  const Config wide = parse_config(kBase, "a.toml", {"hardware.acc_bits=" + std::to_string(sa.core.hw.acc_bits + 4)});
  CHECK(hardware_hash(ss.core) == hardware_hash(prepare_layer(wide).core));
  CHECK(dump_of(seed, ss) != dump_of(wide, prepare_layer(wide)));
  for (const char* change : {"hardware.cell_bits=1", "hardware.tables=rom", "hardware.event_counters=false",
                             "hardware.storage=ram", "hardware.crossbar=32x64"}) {
    INFO(change);
    CHECK(hardware_hash(prepare_layer(parse_config(kBase, "a.toml", {change})).core) != hardware_hash(sa.core));
  }
}

TEST_CASE("hash: FNV-1a reference values", "[config]") {
  CHECK(hash_text(fnv1a("")) == "cbf29ce484222325");
  CHECK(hash_text(fnv1a("foobar")) == "85944171f73967e8");
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
}

TEST_CASE("resolve: several layers share one core", "[config]") {
  const Config c = parse_config(kBase, "b.toml");
  Layer small = make_layer(*c.layer, c.core.hw), large = small;
  large.epitome = {40, 16, 4, 4};
  large.w = 9, large.stride = 2;
  const Hardware hw = resolve(c.core, {small, large}).hw;
  CHECK(hw.pe_rows == 8);
  CHECK(hw.pe_cols == 2);
  CHECK(hw.buffer_words == (3 + 2) * 9 * 2);
  Config rom = parse_config(kBase, "b.toml", {"hardware.tables=rom"});
  CHECK_THROWS_WITH(resolve(rom, {small, large}), Catch::StartsWith("--set hardware.tables=rom: rom-single-layer:"));
}

TEST_CASE("resolve: slopes are built where a layer has them, or where they were asked for", "[config]") {
  const auto core = [](const std::vector<std::string>& overrides) { return prepare_layer(parse_config(kBase, "s.toml", overrides)).core; };
  CHECK(core({}).hw.slope_bits == 0);
  CHECK(core({"layer.slopes=true"}).hw.slope_bits == 16);
  CHECK(core({"layer.slopes=true", "hardware.slope_bits=9"}).hw.slope_bits == 9);
  CHECK(core({"hardware.slope_bits=9"}).hw.slope_bits == 9);
  // Of several layers one is enough.
  const Config c = parse_config(kBase, "s.toml");
  Layer with = make_layer(*c.layer, c.core.hw), without = with;
  with.slopes = true;
  CHECK(resolve(c.core, {without, with}).hw.slope_bits == 16);
  CoreRequest none = c.core;
  none.hw.slope_bits = 0;
  CHECK_THROWS_WITH(resolve(none, {without, with}), Catch::Contains("slope-not-built: layer layer has slopes"));
  // Slopes are structure; a core without them has the hash of before.
  CHECK(hardware_hash(core({"hardware.slope_bits=16"})) != hardware_hash(core({})));
  CHECK(hardware_hash(core({"hardware.slope_bits=16"})) != hardware_hash(core({"hardware.slope_bits=15"})));
  CHECK(hardware_hash(core({"hardware.slope_bits=0"})) == hardware_hash(core({})));
  CHECK(hash_text(hardware_hash(core({}))) == "8362577a5103eea7");
}

TEST_CASE("slopes: seeded ones are of every kind, with the period of the wrapping", "[config]") {
  const SyntheticLayer s = prepare_layer(parse_config(
      "schema = 1\nname = \"s\"\n[hardware]\nslope_bits = 12\n[layer]\ncin = 8\ncout = 400\nslopes = true\nwrap = \"stored_once\"\n"
      "[layer.epitome]\ne_out = 200\ne_in = 8\np = 1\nq = 1\n", "s.toml"));
  const std::vector<std::int64_t>& a = s.data.channel_slope.data;
  REQUIRE(a.size() == 400);
  for (std::size_t ch = 200; ch < 400; ++ch) CHECK(a[ch] == a[ch - 200]);
  for (const std::int64_t value : {3, 64, 256, 0, 2047, -2048}) {  // 0.01, 0.25, 1, 0 and the borders
    CAPTURE(value);
    CHECK(std::count(a.begin(), a.end(), value) > 0);
  }
  CHECK(std::count_if(a.begin(), a.end(), [](auto v) { return v < 0; }) > 20);
  CHECK(std::count_if(a.begin(), a.end(), [](auto v) { return v > 256; }) > 20);
}

TEST_CASE("resolve: what is asked for is given, what is not follows from the layers", "[config]") {
  const Config c = parse_config(kBase, "b.toml");
  const Layer layer = make_layer(*c.layer, c.core.hw);
  const CoreSpec least = resolve(c, {layer});
  std::mt19937 rng(7);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    CoreRequest request = c.core;
    Hardware want = least.hw;
    const auto maybe = [&](std::optional<int> HardwareRequest::*asked, int Hardware::*member, int more) {
      if (rng() % 2) return;
      want.*member += static_cast<int>(rng() % static_cast<unsigned>(more + 1));
      request.hw.*asked = want.*member;
    };
    maybe(&HardwareRequest::adc_bits, &Hardware::adc_bits, 10);
    maybe(&HardwareRequest::joint_lanes, &Hardware::joint_lanes, 3);
    maybe(&HardwareRequest::pe_rows, &Hardware::pe_rows, 20);
    maybe(&HardwareRequest::pe_cols, &Hardware::pe_cols, 20);
    maybe(&HardwareRequest::slope_bits, &Hardware::slope_bits, 0);
    maybe(&HardwareRequest::buffer_words, &Hardware::buffer_words, 500);
    want.acc_bits = 64;
    if (rng() % 2) request.hw.acc_bits = want.acc_bits = 20 + static_cast<int>(rng() % 40);
    const CoreSpec core = resolve(request, {layer});
    CHECK(core.hw == want);
    // It asks for itself, whatever the layers.
    CHECK(resolve(request_of(core), {layer}) == core);
    CHECK(resolve(request_of(core), {}) == core);
    CHECK(hardware_hash(request_of(core)) == hardware_hash(core));
    // The weights say how wide accumulators are only where nobody asked.
    CHECK(with_accumulators(request.hw, core, 33).hw.acc_bits == request.hw.acc_bits.value_or(33));
  }
  CHECK_THROWS_WITH(resolve([&] { CoreRequest r = c.core; r.hw.pe_rows = 3; return r; }(), {layer}), Catch::Contains("pe-array-too-small"));
}

TEST_CASE("a request without a file: the defaults of the table, errors where they come from", "[config]") {
  const char* empty = "schema = 1\nname = \"d\"\n[layer]\ncin = 1\ncout = 1\n";
  CHECK(parse_config(empty, "d.toml").core == CoreRequest{});
  Config options;
  options.positions = {{"", {"options", 0, 0}}, {"hardware.lanes", {"--lanes", 0, 0}}};
  options.core.hw.lanes = 12;
  CHECK_THROWS_WITH(with_overrides(options, {}), Catch::StartsWith("options: crossbar-rows-lanes"));
  options.core.hw.lanes = 128;
  CHECK_THROWS_WITH(with_overrides(options, {}), Catch::StartsWith("--lanes: value-out-of-range"));
  options.core.hw.lanes = 16;
  CHECK_THROWS_WITH(with_overrides(options, {"hardware.lanes=5"}), Catch::Contains("crossbar-rows-lanes"));
  CHECK_THROWS_WITH(with_overrides(options, {"layer.cin=3"}), Catch::StartsWith("--set layer.cin=3: layer-or-network"));
  // The same as from a file, key by key.
  for (const auto& key : config_keys()) {
    if (key.section() != "hardware" || key.fixed == nullptr || key.path == "hardware.lanes") continue;
    const std::string set = key.path + "=" + std::to_string(key.path == "hardware.cols_per_adc" ? 4 : key.lo);
    INFO(set);
    CHECK(with_overrides(Config{}, {set}).core == parse_config(empty, "d.toml", {set}).core);
  }
  const Config words = with_overrides(with_overrides(Config{}, {"hardware.adc_bits=4", "hardware.acc_bits=30"}), {"hardware.adc_bits=lossless"});
  CHECK_FALSE(words.core.hw.adc_bits);
  CHECK(words.core.hw.acc_bits == 30);
}

TEST_CASE("random: reference values and range", "[config]") {
  Random r(0);  // splitmix64(0) seeds xoshiro256**
  CHECK(r.next() == 0x99ec5f36cb75f2b4ull);
  CHECK(r.next() == 0xbf6e1f784956452aull);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 400; ++i) seen.insert(r.uniform(-3, 4));
  CHECK(*seen.begin() == -3);
  CHECK(*seen.rbegin() == 4);
  CHECK(seen.size() == 8);
}

TEST_CASE("named configurations: all load, run, and their outputs are neither dead nor saturated", "[config]") {
  std::set<std::string> names;
  for (const auto& path : named_configurations()) {
    INFO(path.string());
    Config c = load_config(path.string());
    CHECK(c.name == path.stem().string());
    CHECK(names.insert(c.name).second);
    const SyntheticLayer s = prepare_layer(c);
    const Hardware& hw = s.core.hw;
    const GoldenLayer golden(hw, s.layer, s.data);
    EventCounts events;
    const IntTensor y = golden.run(s.input, events);
    const std::set<std::int64_t> values(y.data.begin(), y.data.end());
    CHECK(values.size() >= std::min<std::size_t>(8, y.size() / 2));
    const auto clipped = std::count(y.data.begin(), y.data.end(), s.layer.clamp_hi);
    CHECK(clipped * 8 < static_cast<std::ptrdiff_t>(y.size()));
    CHECK(s.layer.h <= 10);
    CHECK(s.layer.w <= 10);
    // The synthetic data fill their ranges.
    const auto [lo, hi] = std::minmax_element(s.data.epitome.data.begin(), s.data.epitome.data.end());
    CHECK(*hi <= hw.weight_max());
    CHECK(*lo >= -hw.weight_max());
    CHECK(*hi - *lo > hw.weight_max());
    const auto [x_lo, x_hi] = std::minmax_element(s.input.data.begin(), s.input.data.end());
    const Hardware format = hardware_for(hw, s.layer);
    CHECK(*x_hi <= format.act_max());
    CHECK(*x_lo >= format.act_min());
    CHECK((*x_hi - *x_lo) * 8 >= (format.act_max() - format.act_min()) * 7);
    const bool no_zero_point = std::all_of(s.data.zero_point.data.begin(), s.data.zero_point.data.end(),
                                           [](auto z) { return z == 0; });
    CHECK(no_zero_point == !hw.zero_point);
  }
}

TEST_CASE("named configurations: cover the parameter space", "[config]") {
  std::set<int> squares, weights, unsigned_acts, signed_acts, cells, dacs, kernels, strides, pads;
  bool power_free = false, wide = false, high = false, lossless = false, saturating = false, plain = false,
       connected = false, small_buffer = false, zero_point = false, rows = false, columns = false, ragged = false,
       asymmetric = false, other_kernel = false;
  std::set<std::pair<Wrap, int>> wraps;
  for (const auto& path : named_configurations()) {
    Config c = load_config(path.string());
    const SyntheticLayer s = prepare_layer(c);
    const Hardware& hw = s.core.hw;
    const Layer& l = s.layer;
    if (hw.xb_rows == hw.xb_cols) squares.insert(hw.xb_rows);
    power_free |= (hw.xb_rows & (hw.xb_rows - 1)) != 0;
    wide |= hw.xb_cols > hw.xb_rows;
    high |= hw.xb_cols < hw.xb_rows;
    weights.insert(hw.weight_bits);
    (hw.act_signed ? signed_acts : unsigned_acts).insert(hw.act_bits);
    cells.insert(hw.cell_bits);
    dacs.insert(hw.dac_bits);
    (hw.adc_bits < hw.lossless_adc_bits() ? saturating : lossless) = true;
    if (l.kh == l.kw) kernels.insert(l.kh);
    other_kernel |= l.kh != l.kw;
    strides.insert(l.stride.y);
    pads.insert(l.pad.top);
    asymmetric |= l.pad.top != l.pad.bottom;
    ragged |= l.cin % hw.lanes != 0 && l.cout % hw.lanes != 0;
    rows |= hw.pe_rows > 1;
    columns |= hw.pe_cols > 1;
    plain |= !c.layer->epitome && l.kh > 1;
    connected |= l.h == 1 && l.w == 1;
    small_buffer |= hw.buffer_words < l.h * l.row_words(hw.lanes) && c.given.count("hardware.buffer_words") != 0;
    zero_point |= hw.zero_point;
    wraps.insert({l.wrap, plan_firings(l).ranges.front().copies});
    if (l.wrap == Wrap::stored_once) wraps.insert({l.wrap, l.cout / plan_firings(l).stored_cout});
  }
  for (int side : {16, 32, 64, 128, 256}) CHECK(squares.count(side) == 1);
  for (int bits = 2; bits <= 9; ++bits) CHECK(weights.count(bits) == 1);
  for (int bits = 1; bits <= 9; ++bits) CHECK(unsigned_acts.count(bits) == 1);
  for (int bits = 2; bits <= 9; ++bits) CHECK(signed_acts.count(bits) == 1);
  CHECK(cells == std::set<int>{1, 2, 4});
  CHECK(dacs == std::set<int>{1, 2});
  for (int k : {1, 3, 5, 7}) CHECK(kernels.count(k) == 1);
  for (int k : {1, 2, 3}) CHECK(strides.count(k) == 1);
  for (int k : {0, 1, 2, 3}) CHECK(pads.count(k) == 1);
  for (Wrap w : {Wrap::stored_once, Wrap::copies})
    for (int r : {2, 4}) CHECK(wraps.count({w, r}) == 1);
  CHECK((power_free && wide && high && lossless && saturating && plain && connected));
  CHECK((small_buffer && zero_point && rows && columns && ragged && asymmetric && other_kernel));
}

TEST_CASE("configurations of the commands load", "[config]") {
  const Config layer3 = load_config((fs::path(kRoot) / "configs/layer3.toml").string());
  CHECK(layer3.core.hw.adcs() == 32);
  const Layer layer = make_layer(*layer3.layer, layer3.core.hw);
  const CoreSpec core = resolve(layer3, {layer});
  CHECK(core.hw.pe_rows == 4);
  CHECK(core.hw.pe_cols == 1);
  CHECK(layer.patches.size() == 4);
  const Config digits = load_config((fs::path(kRoot) / "configs/digits.toml").string());
  REQUIRE(digits.network);
  CHECK(fs::path(digits.network->file).lexically_normal() == (fs::path(kRoot) / "models/digits/network.json"));
}

TEST_CASE("docs: configuration.md is made from the key table", "[config][docs]") {
  const fs::path path = fs::path(kRoot) / "docs/configuration.md";
  if (update_docs()) write_file_atomically(path.string(), configuration_markdown());
  INFO("to update: EPIM_UPDATE_DOCS=1 epim_unit \"[docs]\"");
  CHECK(read_file(path) == configuration_markdown());
}

TEST_CASE("docs: rejected-inputs.md shows the messages of bad configurations", "[config][docs]") {
  const fs::path path = fs::path(kRoot) / "docs/rejected-inputs.md";
  const std::string begin = "<!-- configurations: begin -->\n", end = "<!-- configurations: end -->\n";
  std::string block = "| changed in a correct configuration | message |\n|---|---|\n";
  for (const auto& bad : bad_configurations()) {
    std::string change = bad.overrides.empty() ? bad.to : "--set " + bad.overrides.front();
    std::replace(change.begin(), change.end(), '\n', ';');
    std::replace(change.begin(), change.end(), '|', '/');
    block += "| " + (change.empty() ? "(text removed)" : code(change)) + " | " + code(bad.message) + " |\n";
  }
  std::string text = read_file(path);
  const auto from = text.find(begin), to = text.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  text = text.substr(0, from + begin.size()) + block + text.substr(to);
  if (update_docs()) write_file_atomically(path.string(), text);
  INFO("to update: EPIM_UPDATE_DOCS=1 epim_unit \"[docs]\"");
  CHECK(read_file(path) == text);
}
