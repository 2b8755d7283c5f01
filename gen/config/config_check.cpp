// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rules on hardware, and on hardware together with the layers it must hold.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "gen/config/config.hpp"
#include "gen/config/config_keys.hpp"
#include "golden/evaluate.hpp"

namespace epim {

namespace {

int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// `legal` multiples of `unit` around `value` within [unit, top]: "48 or 64".
std::string nearest_multiples(int value, int unit, int top) {
  const int below = value / unit * unit, above = below + unit;
  std::string text;
  if (below >= unit) text = std::to_string(below);
  if (above <= top) text += (text.empty() ? "" : " or ") + std::to_string(above);
  return text;
}

void check_stored_blocks(const Hardware& hw, const Layer& layer, const Position& where) {
  constexpr int most = 32768;  // of the geometry register
  const int blocks = ceil_div(layer.stored_cin(), hw.lanes);
  if (blocks > most)
    throw InputError(where, "channel-blocks",
                     fmt::format("layer {}: {} stored channels are {} blocks of {} lanes, legal: at most {} blocks", layer.name,
                                 layer.stored_cin(), blocks, hw.lanes, most));
}

}  // namespace

void validate_hardware(const Hardware& hw, const Locator& locate) {
  const auto at = [&](const std::string& key) { return locate ? locate("hardware." + key) : Position{}; };
  const auto fail = [&](const std::string& key, const std::string& rule, const std::string& text) {
    throw InputError(at(key), rule, text);
  };
  for (const auto& key : config_keys()) {
    if (key.number == nullptr) continue;
    check_range(key, hw.*key.number, at(key.leaf()));
  }
  const ConfigKey& crossbar = *find_key("hardware.crossbar");
  check_range(crossbar, hw.xb_rows, at("crossbar"));
  check_range(crossbar, hw.xb_cols, at("crossbar"));
  const int side = static_cast<int>(crossbar.hi);
  if (hw.cell_bits == 3) fail("cell_bits", "cell-bits", "hardware.cell_bits is 3, legal: 1, 2 or 4");
  if (hw.input_shift && hw.dac_bits != 1)
    fail("input_shift", "input-shift", fmt::format("hardware.input_shift with dac_bits = {}, legal: dac_bits = 1", hw.dac_bits));
  if (hw.read_noise && !hw.adc_trims)
    fail("read_noise", "read-noise-trims", "hardware.read_noise without adc_trims, legal: adc_trims = true");
  if (hw.act_signed && hw.act_bits < 2)
    fail("act_bits", "signed-activation-bits",
         "hardware.act_bits is 1 with act_signed = true, legal: at least 2 (sign and one magnitude bit)");
  if (hw.lanes > hw.xb_rows)
    fail("lanes", "crossbar-rows-lanes",
         fmt::format("hardware.lanes is {}, more than the crossbar's {} rows, legal: a divisor of {}", hw.lanes,
                     hw.xb_rows, hw.xb_rows));
  if (hw.xb_rows % hw.lanes != 0)
    fail("crossbar", "crossbar-rows-lanes",
         fmt::format("crossbar rows {} are not a multiple of lanes = {}, nearest legal: {}", hw.xb_rows, hw.lanes,
                     nearest_multiples(hw.xb_rows, hw.lanes, side)));
  if (hw.cols_per_adc > hw.xb_cols)
    fail("cols_per_adc", "crossbar-columns-adc",
         fmt::format("hardware.cols_per_adc is {}, more than the crossbar's {} columns, legal: a divisor of {}",
                     hw.cols_per_adc, hw.xb_cols, hw.xb_cols));
  if (hw.xb_cols % hw.cols_per_adc != 0)
    fail("crossbar", "crossbar-columns-adc",
         fmt::format("crossbar columns {} are not a multiple of cols_per_adc = {}, nearest legal: {}", hw.xb_cols,
                     hw.cols_per_adc, nearest_multiples(hw.xb_cols, hw.cols_per_adc, side)));
  if (hw.rows_per_read > 0 && hw.xb_rows % hw.rows_per_read != 0) {
    int below = hw.rows_per_read, above = hw.rows_per_read;
    while (hw.xb_rows % below != 0) --below;
    while (above < hw.xb_rows && hw.xb_rows % above != 0) ++above;
    fail("rows_per_read", "rows-per-read",
         fmt::format("hardware.rows_per_read is {}, legal: a divisor of the crossbar's {} rows, nearest {}{}, or 0 = all", hw.rows_per_read,
                     hw.xb_rows, below, above > hw.xb_rows ? std::string() : fmt::format(" or {}", above)));
  }
  if (hw.slope_bits != 0 && hw.slope_bits < slope_bits_least)
    fail("slope_bits", "slope-bits", fmt::format("hardware.slope_bits is {}, legal: {}", hw.slope_bits, find_key("hardware.slope_bits")->legal()));
  const int most = std::min(hw.lanes, hw.adcs());
  if (hw.joint_lanes > most)
    fail("joint_lanes", "joint-lanes",
         fmt::format("hardware.joint_lanes is {}, legal: 1..{} (at most lanes = {} and the {} ADCs of a PE)",
                     hw.joint_lanes, most, hw.lanes, hw.adcs()));
}

int automatic_joint_lanes(const FixedHardware& hw) {
  if (hw.cols_per_adc < 1 || hw.dac_bits < 1) return 1;  // refused by validate_hardware
  const int needed = ceil_div(hw.adcs() * hw.group_cycles(), std::max(1, hw.steps() * hw.adc_interval - 1));
  return std::max(1, std::min({hw.lanes, hw.adcs(), needed}));
}

void check_clamp(const FixedHardware& hw, const Layer& layer, const Position& where) {
  const std::int64_t lo = layer.clamp_lo, hi = layer.clamp_hi;
  const std::int64_t full = std::int64_t{1} << hw.out_bits, half = full / 2;
  const bool fits = lo <= hi && (lo >= 0 ? hi < full : lo >= -half && hi < half);
  // The registers have 32 bits, and lo's highest is its sign.
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (fits && lo > most)
    throw InputError(where, "clamp-range",
                     fmt::format("layer {}: the lower clamp is {}, legal: at most {}", layer.name, lo, most));
  if (!fits)
    throw InputError(where, "clamp-range",
                     fmt::format("layer {}: clamp [{}, {}] does not fit out_bits = {}, legal: within [0, {}] or "
                                 "[{}, {}]",
                                 layer.name, lo, hi, hw.out_bits, full - 1, -half, half - 1));
}

CoreSpec resolve(const CoreRequest& request, const std::vector<Layer>& layers, const Locator& locate) {
  const auto at = [&](const std::string& key) { return locate ? locate(key) : Position{}; };
  const HardwareRequest& asked = request.hw;
  constexpr int automatic_slope_bits = 16;
  int rows = 1, cols = 1;
  std::int64_t words = 1;
  for (const auto& layer : layers) {
    const PeArray array = pe_array_for(asked, layer.epitome);
    rows = std::max(rows, array.rows);
    cols = std::max(cols, array.cols);
    words = std::max(words, (layer.window_h() + layer.stride.y) * layer.row_words(asked.lanes));
  }
  const ConfigKey& depth = *find_key("hardware.buffer_words");
  if (!asked.buffer_words && words > depth.hi)
    throw InputError(at("layer.width"), "buffer-too-large",
                     fmt::format("the input buffer would need {} words, legal: at most {}; use more lanes or a "
                                 "narrower map",
                                 words, depth.hi));
  CoreSpec core{"", {}, request.tables, request.event_counters, request.storage};
  Hardware& hw = core.hw;
  static_cast<FixedHardware&>(hw) = asked;
  hw.adc_bits = asked.adc_bits.value_or(asked.lossless_adc_bits());
  hw.adc_step = asked.adc_step.value_or(std::max(0, asked.lossless_adc_bits() - hw.adc_bits));
  hw.joint_lanes = asked.joint_lanes.value_or(automatic_joint_lanes(asked));
  hw.pe_rows = asked.pe_rows.value_or(rows);
  hw.pe_cols = asked.pe_cols.value_or(cols);
  hw.buffer_words = asked.buffer_words.value_or(static_cast<int>(words));
  if (asked.acc_bits) hw.acc_bits = *asked.acc_bits;
  const auto slopes = [](const Layer& layer) { return layer.slopes; };
  const auto pools = static_cast<std::size_t>(std::count_if(layers.begin(), layers.end(), [](const Layer& layer) { return layer.pool.has_value(); }));
  hw.pool = asked.pool.value_or(pools > 0 ? 1 : 0);
  hw.slope_bits = asked.slope_bits.value_or(std::any_of(layers.begin(), layers.end(), slopes) ? automatic_slope_bits : 0);
  validate_hardware(hw, locate);
  if (hw.load_stream && core.tables == Tables::rom)
    throw InputError(at("hardware.load_stream"), "load-stream",
                     "hardware.load_stream with tables = \"rom\": nothing can be loaded, legal: tables = \"writable\"");
  if (hw.parity && core.tables == Tables::rom)
    throw InputError(at("hardware.parity"), "parity", "hardware.parity with tables = \"rom\": images have no parity bits, legal: tables = \"writable\"");
  if (hw.program_banks > 1 && !hw.load_stream)
    throw InputError(at("hardware.program_banks"), "program-banks",
                     "hardware.program_banks = 2 without a load port: nothing is loaded beside a run, legal: load_stream = true");
  if (hw.program_banks > 1 && hw.adc_trims)
    throw InputError(at("hardware.program_banks"), "program-banks",
                     "hardware.program_banks = 2 with adc_trims: gains and offsets belong to the ADCs, which both programs share, legal: one of the two");
  if (hw.program_banks > 1 && hw.pool)
    throw InputError(at("hardware.program_banks"), "program-banks", "hardware.program_banks = 2 with a weight pool is not built, legal: one of the two");
  if (pools != (hw.pool ? layers.size() : 0))
    throw InputError(at("hardware.pool"), "pool-core",
                     fmt::format("{} of {} layers read a weight pool and hardware.pool is {}, legal: all with 1, none with 0", pools, layers.size(), hw.pool));
  if (hw.pool && hw.analog())
    throw InputError(at("hardware.pool"), "pool-device", "a weight pool with cells or ADCs that are not ideal is not built, legal: one of the two");
  for (const auto& layer : layers) {
    const auto [need_rows, need_cols] = pe_array_for(hw, layer.epitome);
    if (need_rows > hw.pe_rows)
      throw InputError(at("hardware.pe_rows"), "pe-array-too-small",
                       fmt::format("layer {}: its epitome takes {} rows, legal: pe_rows >= {} (is {})", layer.name,
                                   physical_rows(layer.epitome, hw.lanes), need_rows, hw.pe_rows));
    if (need_cols > hw.pe_cols)
      throw InputError(at("hardware.pe_cols"), "pe-array-too-small",
                       fmt::format("layer {}: its epitome takes {} columns, legal: pe_cols >= {} (is {})", layer.name,
                                   layer.epitome.e_out, need_cols, hw.pe_cols));
    const std::int64_t need = layer.rows_needed() * layer.row_words(hw.lanes);
    if (need > hw.buffer_words)
      throw InputError(at("hardware.buffer_words"), "buffer-too-small",
                       fmt::format("layer {}: {} kernel rows of the input take {} words, legal: buffer_words >= {} "
                                   "(is {})",
                                   layer.name, layer.rows_needed(), need, need, hw.buffer_words));
    const int rows_end = layer.h + layer.pad.top + layer.pad.bottom + layer.stride.y;
    const int cols_end = layer.w + layer.pad.left + layer.pad.right + layer.stride.x;
    if (std::max(rows_end, cols_end) > hw.dim_max() + 1)
      throw InputError(at("hardware.dim_bits"), "dimension-bits",
                       fmt::format("layer {}: map, padding and stride add up to {} positions, legal: at most {} with "
                                   "dim_bits = {}",
                                   layer.name, std::max(rows_end, cols_end), hw.dim_max() + 1, hw.dim_bits));
    check_clamp(hw, layer, at("layer.clamp"));
    check_stored_blocks(hw, layer, at("layer.cin"));
    if (layer.slopes && hw.slope_bits == 0)
      throw InputError(at("hardware.slope_bits"), "slope-not-built",
                       fmt::format("layer {} has slopes and hardware.slope_bits is 0, legal: {}..{} or \"auto\"", layer.name,
                                   slope_bits_least, slope_bits_most));
  }
  return core;
}

CoreSpec resolve(const Config& config, const std::vector<Layer>& layers) {
  if (config.core.tables == Tables::rom && layers.size() > 1)
    throw InputError(config.locate("hardware.tables"), "rom-single-layer",
                     fmt::format("hardware.tables is \"rom\" with {} layers on one core, legal: \"writable\"",
                                 layers.size()));
  CoreSpec core = resolve(config.core, layers, [&](const std::string& key) { return config.locate(key); });
  core.name = config.name;
  return core;
}

CoreSpec with_accumulators(const HardwareRequest& request, CoreSpec core, int bits) {
  if (!request.acc_bits) core.hw.acc_bits = bits;
  return core;
}

CoreRequest request_of(const CoreSpec& core) {
  CoreRequest request{{}, core.tables, core.event_counters, core.storage};
  static_cast<FixedHardware&>(request.hw) = core.hw;
  for (const auto& key : config_keys())
    if (key.automatic != nullptr) request.hw.*key.automatic = core.hw.*key.number;
  return request;
}

}  // namespace epim
