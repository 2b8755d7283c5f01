// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/dump.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/output_folder.hpp"
#include "golden/files/npz.hpp"

namespace epim {
namespace {

/// Channel c of a map stored with period n is stored channel c mod n.
IntTensor expand(const IntTensor& y, int channels) {
  IntTensor full({channels, y.shape[1], y.shape[2]});
  const std::size_t plane = static_cast<std::size_t>(y.shape[1]) * static_cast<std::size_t>(y.shape[2]);
  for (int c = 0; c < channels; ++c)
    std::copy_n(y.data.begin() + static_cast<std::ptrdiff_t>(plane) * (c % y.shape[0]), plane,
                full.data.begin() + static_cast<std::ptrdiff_t>(plane) * c);
  return full;
}

/// A number where both axes have the same one.
nlohmann::ordered_json axes(const Axes& a) {
  if (a.y == a.x) return a.y;
  return {a.y, a.x};
}

}  // namespace

std::string npy_text(const IntTensor& t) {
  const std::vector<std::uint8_t> bytes = npy_bytes(NpyArray::from(t));
  return {bytes.begin(), bytes.end()};
}

void dump_layer(const std::string& dir, const Hardware& hw, const Layer& layer, const LayerData& data, const IntTensor& input,
                const LayerRun& run) {
  const GoldenLayer golden(hw, layer, data);
  EventCounts events;
  const IntTensor y_golden = golden.run(input, events);
  static const char* const wraps[] = {"off", "stored_once", "copies"};
  nlohmann::ordered_json j = {{"name", layer.name}, {"cin", layer.cin}, {"cout", layer.cout}, {"kh", layer.kh}, {"kw", layer.kw},
                              {"stride", axes(layer.stride)}, {"dilation", axes(layer.dilation)}, {"groups", layer.groups}};
  const Padding& p = layer.pad;
  if (p.top == p.left && p.top == p.bottom && p.top == p.right) j["pad"] = p.top;
  else j["pad"] = {p.top, p.left, p.bottom, p.right};
  j["h"] = layer.h;
  j["w"] = layer.w;
  j["in_period"] = layer.stored_cin();
  const Hardware& format = golden.layer_hardware();
  j["act_bits"] = format.act_bits;
  j["act_signed"] = format.act_signed;
  j["pad_value"] = layer.pad_value();
  j["weight_bits"] = hw.weight_bits;
  j["cell_bits"] = hw.cell_bits;
  j["dac_bits"] = hw.dac_bits;
  j["adc_bits"] = golden.hardware().adc_bits;
  if (hw.row_groups() > 1) j["rows_per_read"] = hw.read_rows();
  j["cols_per_adc"] = hw.cols_per_adc;
  j["xb_rows"] = hw.xb_rows;
  j["xb_cols"] = hw.xb_cols;
  j["pe_rows"] = hw.pe_rows;
  j["pe_cols"] = hw.pe_cols;
  j["lanes"] = hw.lanes;
  j["joint_lanes"] = hw.joint_lanes;
  j["buffer_words"] = hw.buffer_words;
  j["out_bits"] = hw.out_bits;
  j["epitome"] = {{"e_out", layer.epitome.e_out}, {"e_in", layer.epitome.e_in}, {"p", layer.epitome.p}, {"q", layer.epitome.q}};
  for (const Patch& t : layer.patches) {
    nlohmann::ordered_json patch = {{"p", t.p}, {"q", t.q}, {"c_in", t.c_in}, {"c_out", t.c_out}, {"w", layer.kh}, {"h", layer.kw},
                                    {"beta1", t.beta1}, {"beta2", t.beta2}, {"dst_in", t.dst_in}, {"dst_out", t.dst_out}};
    if (layer.pool) patch.update({{"ky", t.ky}, {"kx", t.kx}});
    j["patches"].push_back(patch);
  }
  j["operator"] = name_of(operator_of(layer));
  if (layer.pool)
    j["pool"] = {{"vector", layer.pool->vector}, {"group", layer.pool->group}, {"kept_one_in", layer.pool->kept_one_in}, {"kept_first", layer.pool->kept_first}};
  j["wrap"] = wraps[static_cast<int>(layer.wrap)];
  j["shift"] = layer.shift;
  if (layer.slopes) j["slope_fraction_bits"] = hw.slope_fraction_bits();
  j["clamp_lo"] = layer.clamp_lo;
  j["clamp_hi"] = layer.clamp_hi;
  std::string beats = "cycle,index,golden_cycle\n";
  for (std::size_t i = 0; i < run.beats.size() && i < run.predicted.beats.size(); ++i)
    beats += fmt::format("{},{},{}\n", run.beats[i], i, run.predicted.beats[i]);
  EventCounts counted = run.golden;
  FileSet files = {
      {kMarkerFile, "{\"tool\": \"epim\", \"kind\": \"dump\"}\n"},
      {"layer.json", j.dump(2) + "\n"},
      {"x.npy", npy_text(expand(input, layer.cin))},
      {"epitome.npy", npy_text(data.epitome)},
      {"crossbar_scale.npy", npy_text(data.crossbar_scale)},
      {"zero_point.npy", npy_text(data.zero_point)},
      {"channel_scale.npy", npy_text(data.channel_scale)},
      {"channel_bias.npy", npy_text(data.channel_bias)},
      {"y_golden.npy", npy_text(expand(y_golden, layer.cout))},
      {"y_rtl.npy", npy_text(expand(run.outputs.at(0), layer.cout))},
      {"events_golden.json", to_json(counted).dump(2) + "\n"},
      {"events_rtl.json", to_json(run.rtl).dump(2) + "\n"},
      {"beats.csv", beats},
  };
  if (layer.pool) files["permutation.npy"] = npy_text(data.permutation);
  if (layer.slopes) files["channel_slope.npy"] = npy_text(data.channel_slope);
  write_output_folder(dir + "/" + layer.name, files);
}

}  // namespace epim
