// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/chip_mnsim.hpp"

#include <algorithm>

namespace epim {

std::vector<MnsimStage> mnsim_stages(const Network& network, const FixedHardware& hw, const MnsimData& shipped, double clock_mhz) {
  MnsimData data = shipped;
  MnsimConfig& c = data.config;
  c.device_level = 1 << hw.cell_bits;
  set_mnsim_key(c, "Xbar_Size", {double(hw.xb_rows), double(hw.xb_cols)});
  c.adc_num = std::max(1, c.adc_num * hw.xb_cols / 256);
  c.dac_num = std::max(1, c.dac_num * hw.xb_rows / 256);
  MnsimWorkload work;
  work.weight_bits = hw.weight_bits;
  work.act_bits = hw.act_bits;
  for (const Node& node : network.nodes) work.node_weight_bits.push_back(node.weight_bits > 0 ? node.weight_bits : hw.weight_bits);

  std::vector<MnsimStage> stages;
  const auto evaluate = [&](const char* what) {
    const MnsimResult r = evaluate_mnsim(network, work, data);
    MnsimStage s;
    s.what = what;
    s.latency = r.latency;
    s.energy_mj = r.energy_mj();
    for (const MnsimLayerResult& l : r.layers)
      if (l.busy > s.interval) {
        s.interval = l.busy;
        s.slowest = l.layer.name;
      }
    stages.push_back(std::move(s));
  };
  constexpr double kUnlimited = 1e12;  // Gbit/s, MHz
  evaluate("as it is");
  c.inter_tile_bandwidth = c.intra_tile_bandwidth = kUnlimited;
  evaluate("links");
  data.constants.buffer_cycle = 0;
  evaluate("buffers");
  c.adc_num = (hw.xb_cols + hw.cols_per_adc - 1) / hw.cols_per_adc;
  c.dac_num = c.subarray_size = hw.xb_rows;
  evaluate("converters");
  // (bits + 2) / rate is a conversion's time; the rest of a step takes none.
  c.read_latency = 0;
  data.constants.wire_quadratic = data.constants.wire_linear = data.constants.wire_constant = 0;
  data.constants.decoder_latency = data.constants.mux_latency = 0;
  c.digital_frequency = kUnlimited;
  c.adc_choice = c.dac_choice = -1;
  c.adc_precision = std::max(1, c.adc_precision);
  c.adc_sample_rate = (c.adc_precision == 1 ? 1 : c.adc_precision + 2) * clock_mhz * 1e-3;
  c.dac_precision = hw.dac_bits;
  c.dac_sample_rate = kUnlimited;
  evaluate("clock");
  return stages;
}

}  // namespace epim
