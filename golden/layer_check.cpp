// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/layer_check.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/diagnostic.hpp"
#include "golden/pool.hpp"
#include "golden/sampler.hpp"

namespace epim {
namespace {

void check_hardware(const Hardware& hw) {
  const auto range = [](int value, int lo, int hi, const char* what) {
    if (value < lo || value > hi) fail("bit-width", fmt::format("{} = {}; legal: {}..{}", what, value, lo, hi));
  };
  range(hw.weight_bits, 2, 9, "weight_bits");
  range(hw.act_bits, hw.act_signed ? 2 : 1, 9, "act_bits");
  range(hw.dac_bits, 1, 2, "dac_bits");
  range(hw.adc_bits, 1, 24, "adc_bits");
  range(hw.scale_bits, 1, 16, "scale_bits");
  range(hw.out_bits, 1, 32, "out_bits");
  range(hw.channel_scale_bits, 2, 32, "channel_scale_bits");
  range(hw.channel_bias_bits, 2, 62, "channel_bias_bits");
  if (hw.slope_bits != 0) range(hw.slope_bits, slope_bits_least, slope_bits_most, "slope_bits");
  if (hw.cell_bits != 1 && hw.cell_bits != 2 && hw.cell_bits != 4)
    fail("bit-width", fmt::format("cell_bits = {}; legal: 1, 2, 4", hw.cell_bits));
  if (hw.lanes < 1 || hw.xb_rows < 1 || hw.xb_cols < 1 || hw.cols_per_adc < 1 || hw.pe_rows < 1 || hw.pe_cols < 1)
    fail("crossbar-shape", "lanes, xb_rows, xb_cols, cols_per_adc, pe_rows and pe_cols must be at least 1");
  if (hw.xb_rows % hw.lanes != 0)
    fail("crossbar-shape", fmt::format("xb_rows = {} is not a multiple of lanes = {}", hw.xb_rows, hw.lanes));
  if (hw.xb_cols % hw.cols_per_adc != 0)
    fail("crossbar-shape", fmt::format("xb_cols = {} is not a multiple of cols_per_adc = {}", hw.xb_cols,
                                       hw.cols_per_adc));
  if (hw.rows_per_read < 0 || hw.xb_rows % hw.read_rows() != 0)
    fail("crossbar-shape", fmt::format("rows_per_read = {} does not divide xb_rows = {}", hw.rows_per_read, hw.xb_rows));
  if (hw.adc_latency < 1 || hw.adc_interval < 1)
    fail("crossbar-shape", "adc_latency and adc_interval must be at least 1");
  range(hw.fraction_bits, 0, 6, "fraction_bits");
  range(hw.adc_step, 0, 12, "adc_step");
  if (hw.read_noise && !hw.adc_trims) fail("bit-width", "read_noise without adc_trims; legal: with them");
  if (hw.xb_rows > 8192 || hw.xb_cols > 8192)
    fail("crossbar-shape", fmt::format("crossbar {}x{}; legal: up to 8192x8192", hw.xb_rows, hw.xb_cols));
}

void check_tensor(const IntTensor& tensor, const std::vector<int>& shape, const char* what, std::int64_t lo,
                  std::int64_t hi) {
  if (tensor.shape != shape || tensor.data.size() != IntTensor::size_of(shape))
    fail("layer-data-shape", fmt::format("{} has shape [{}]; it must be [{}]", what, fmt::join(tensor.shape, "]["),
                                         fmt::join(shape, "][")));
  for (std::size_t i = 0; i < tensor.data.size(); ++i)
    if (tensor.data[i] < lo || tensor.data[i] > hi)
      fail("layer-data-range", fmt::format("{} element {} is {}; legal: {}..{}", what, i, tensor.data[i], lo, hi));
}

void check_analog(const Hardware& hw, const AnalogData& analog) {
  const std::size_t cells = at(hw.pe_rows) * at(hw.slices()) * 2 * at(hw.xb_rows) * at(hw.pe_cols * hw.xb_cols);
  const std::size_t adcs = at(hw.pe_rows * hw.pe_cols * hw.adcs()) * at(hw.slices()) * 2;
  if (analog.cells.size() != cells)
    fail("layer-data-shape", fmt::format("{} cells; legal for these crossbars: {}", analog.cells.size(), cells));
  if (!analog.trims.empty() && (!hw.adc_trims || analog.trims.size() != adcs))
    fail("layer-data-shape", fmt::format("{} trims; legal for these ADCs: {}", analog.trims.size(), hw.adc_trims ? adcs : 0));
  for (const std::uint16_t g : analog.cells)
    if (g >> hw.word_bits() != 0) fail("layer-data-range", fmt::format("a cell is {}; legal: 0..{}", g, (1 << hw.word_bits()) - 1));
  for (const AdcTrim& a : analog.trims)
    if (a.gain >> AdcTrim::gain_bits != 0 || a.noise >> AdcTrim::noise_bits != 0 || (a.noise != 0 && !hw.read_noise) ||
        a.offset > signed_max(AdcTrim::offset_bits) || a.offset < -signed_max(AdcTrim::offset_bits) - 1)
      fail("layer-data-range", fmt::format("an ADC has gain {}, offset {}, noise {}; legal: {} bits, {} bits signed, {} bits{}", a.gain, a.offset, a.noise,
                                           AdcTrim::gain_bits, AdcTrim::offset_bits, AdcTrim::noise_bits, hw.read_noise ? "" : ", 0 without read_noise"));
}

void check_data(const Hardware& hw, const Layer& layer, const LayerData& data) {
  const EpitomeShape& e = layer.epitome;
  check_tensor(data.epitome, {e.e_out, e.e_in, e.p, e.q}, "epitome", -hw.weight_max(), hw.weight_max());
  check_tensor(data.crossbar_scale, {hw.pe_rows, hw.pe_cols}, "crossbar_scale M", 0,
               (std::int64_t{1} << hw.scale_bits) - 1);
  const std::int64_t z = (std::int64_t{1} << hw.weight_bits) - 1;
  check_tensor(data.zero_point, {hw.pe_rows, hw.pe_cols}, "zero_point Z", -z, z);
  if (!hw.zero_point)
    for (std::int64_t value : data.zero_point.data)
      if (value != 0) fail("zero-point-not-built", "Z is not zero, but zero_point = false leaves its path out");
  check_tensor(data.channel_scale, {layer.cout}, "channel_scale G", -signed_max(hw.channel_scale_bits) - 1,
               signed_max(hw.channel_scale_bits));
  check_tensor(data.channel_bias, {layer.cout}, "channel_bias B", -signed_max(hw.channel_bias_bits) - 1,
               signed_max(hw.channel_bias_bits));
  if (layer.slopes) {
    if (hw.slope_bits == 0)
      fail("slope-not-built", fmt::format("layer {} has slopes, the core has slope_bits = 0; legal: {}..{}", layer.name,
                                          slope_bits_least, slope_bits_most));
    check_tensor(data.channel_slope, {layer.cout}, "channel_slope A", -signed_max(hw.slope_bits) - 1, signed_max(hw.slope_bits));
  } else if (!data.channel_slope.data.empty()) {
    fail("layer-data-shape", fmt::format("channel_slope A has {} elements; legal for layer {}, which has no slopes: none",
                                         data.channel_slope.size(), layer.name));
  }
  if (layer.pool) check_pool_data(layer, data, hw.lanes);
  else if (!data.permutation.data.empty())
    fail("layer-data-shape", fmt::format("permutation has {} elements; legal for layer {}, which has no pool: none", data.permutation.size(), layer.name));
  if (data.analog) check_analog(hw, *data.analog);
  if (layer.shift < 0 || layer.shift > 62) fail("bit-width", fmt::format("shift = {}; legal: 0..62", layer.shift));
  const std::int64_t top = (std::int64_t{1} << hw.out_bits) - 1;
  const bool is_signed = layer.clamp_lo < 0;
  const std::int64_t hi = is_signed ? top / 2 : top, lo = is_signed ? -top / 2 - 1 : 0;
  constexpr std::int64_t register_max = 0x7FFFFFFF;  // a lower limit is a signed number of 32 bits
  if (layer.clamp_lo > layer.clamp_hi || layer.clamp_lo < lo || layer.clamp_hi > hi || layer.clamp_lo > register_max)
    fail("clamp-range", fmt::format("clamp {}..{}; legal with out_bits = {}: inside {}..{}, lowest first",
                                    layer.clamp_lo, layer.clamp_hi, hw.out_bits, lo, hi));
}

}  // namespace

void check_format(const FixedHardware& core, const Layer& layer) {
  if (!layer.act) return;
  const ActFormat& act = *layer.act;
  if (core.input_shift && act.bits != core.act_bits)
    fail("activation-format", fmt::format("layer {}: activations of {} bits; legal with input_shift: those of the core, {}", layer.name,
                                          act.bits, core.act_bits));
  if (act.bits > core.act_bits || (act.is_signed && !core.act_signed))
    fail("activation-format", fmt::format("layer {}: {} activations of {} bits; legal on this core: {}, up to {} bits", layer.name,
                                          act.is_signed ? "signed" : "unsigned", act.bits,
                                          core.act_signed ? "signed or unsigned" : "unsigned", core.act_bits));
}

FiringPlan check_layer(const Hardware& core, const Layer& layer, const LayerData& data) {
  check_hardware(core);
  check_format(core, layer);
  const Hardware hw = hardware_for(core, layer);
  validate_patches(layer, hw.lanes);
  const PeArray needed = pe_array_for(hw, layer.epitome);
  if (needed.rows > hw.pe_rows || needed.cols > hw.pe_cols)
    fail("pe-array-too-small", fmt::format("layer {}: the epitome takes {} PE rows and {} PE columns, the array has {} "
                                           "and {}", layer.name, needed.rows, needed.cols, hw.pe_rows, hw.pe_cols));
  if (layer.pool) check_pool_core(core, layer);
  check_data(hw, layer, data);
  FiringPlan plan = plan_firings(layer);
  if (layer.wrap == Wrap::stored_once)
    for (int ch = plan.stored_cout; ch < layer.cout; ++ch)
      if (data.channel_scale(ch) != data.channel_scale(ch - plan.stored_cout) ||
          data.channel_bias(ch) != data.channel_bias(ch - plan.stored_cout) ||
          (layer.slopes && data.channel_slope(ch) != data.channel_slope(ch - plan.stored_cout)))
        fail("wrap-not-periodic", fmt::format("layer {}: G, B or A of channel {} differs from channel {}, so that the "
                                              "result cannot be stored once; use wrap = copies", layer.name, ch,
                                              ch - plan.stored_cout));
  return plan;
}

void check_layer_input(const Hardware& core, const Layer& layer, const IntTensor& x) {
  const Hardware hw = hardware_for(core, layer);
  const std::vector<int> shape{layer.stored_cin(), layer.h, layer.w};
  if (x.shape != shape || x.data.size() != IntTensor::size_of(shape))
    fail("tensor-shape", fmt::format("input of layer {} has shape [{}]; it must be [{}]", layer.name,
                                     fmt::join(x.shape, "]["), fmt::join(shape, "][")));
  for (std::size_t i = 0; i < x.data.size(); ++i)
    if (x.data[i] < hw.act_min() || x.data[i] > hw.act_max())
      fail("activation-range", fmt::format("input of layer {}: element {} is {}; legal: {}..{}", layer.name, i,
                                           x.data[i], hw.act_min(), hw.act_max()));
}

}  // namespace epim
