// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/core_parameters.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/core/tables.hpp"
#include "golden/diagnostic.hpp"

namespace epim {

int num_width(int n) {
  int bits = 1;
  while (bits < 31 && (std::int64_t{1} << bits) <= n) ++bits;
  return bits;
}
int idx_width(int n) { return num_width(n - 1); }

int CoreParameters::window_width() const { return num_width(max_window); }
int CoreParameters::block_width() const { return idx_width(max_blocks); }
int CoreParameters::channel_width() const { return num_width(max_channels); }
int CoreParameters::ifrt_addr_width() const { return idx_width(ifrt_depth); }
int CoreParameters::group_width() const { return idx_width(hw.joint_groups()); }
int CoreParameters::lane_width() const { return idx_width(hw.joint_lanes); }
int CoreParameters::cstep_width() const { return idx_width(hw.column_steps()); }
int CoreParameters::pe_col_width() const { return idx_width(hw.pe_cols); }
int CoreParameters::pe_row_width() const { return idx_width(hw.pe_rows); }
int CoreParameters::line_width() const { return idx_width(hw.xb_rows / hw.lanes); }
int CoreParameters::psum_width() const { 
  const int column = hw.analog() ? num_width(hw.row_groups()) + hw.adc_bits + hw.adc_step : num_width(hw.xb_rows);
  return 1 + column + hw.slices() * hw.cell_bits + hw.act_bits;
}

CoreParameters core_parameters(const Hardware& hw, const std::vector<Layer>& layers) {
  CoreParameters p;
  p.hw = hw;
  for (const Layer& layer : layers) {
    const LayerTables t = build_tables(hw, layer);
    std::size_t entries = 0;
    for (const auto& sequence : t.ifrt) entries += sequence.size();
    p.max_patches = std::max(p.max_patches, static_cast<int>(t.ifat.size()));
    p.ifrt_depth = std::max(p.ifrt_depth, static_cast<int>(entries));
    p.param_depth = std::max(p.param_depth, static_cast<int>(t.drain.size()));
    for (const IfatEntry& e : t.ifat) p.max_window = std::max(p.max_window, e.stop);
    p.max_blocks = std::max(p.max_blocks, (layer.stored_cin() + hw.lanes - 1) / hw.lanes);
    p.max_channels = std::max(p.max_channels, layer.cout);
  }
  const int opt = hw.pool ? p.opt_width() : 0;
  const int ifat = 2 * p.window_width() + p.block_width() + p.ifrt_addr_width();
  const int ofat = 2 * p.channel_width() + 2 * p.column_width();
  const int channel = hw.channel_scale_bits + hw.channel_bias_bits;
  for (const auto& [name, bits] : {std::pair{"IFAT", ifat}, {"OFAT", ofat}, {"OPT", opt}, {"channel parameter", channel}})
    if (bits > 64)
      throw InputError({}, "table-entry-too-wide",
                       fmt::format("a {} entry needs {} bits; the program port takes at most 64", name, bits));
  return p;
}

}  // namespace epim
