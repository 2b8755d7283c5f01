// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/functional_bins.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "gen/core/program.hpp"
#include "gen/core/register_map.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

const char* const situations[] = {
    // Patches in the epitome: elements that several patches read, the same element of another output range only, none.
    "overlap.none", "overlap.within_range", "overlap.across_ranges", "overlap.unread_elements",
    // Edges of the map that windows cross.
    "padding.none", "padding.top", "padding.left", "padding.bottom", "padding.right", "padding.all_edges",
    "padding.asymmetric", "padding.window_row_outside",
    // The streams.
    "stalls.none", "stalls.input_gap", "stalls.output_wait", "stalls.buffer_full", "stalls.both", "frames.one",
    "frames.back_to_back",
    // Output channel wrapping.
    "wrap.off", "wrap.copies", "wrap.stored_once", "wrap.consumer_modulo",
    // Word lines.
    "lines.zero_drive", "lines.unnamed", "lines.partial_lane_block", "lines.several_pe_rows", "lines.zero_conversion",
    // Saturation.
    "saturation.adc", "saturation.adc_never", "saturation.clamp_low", "saturation.clamp_high", "saturation.clamp_never",
    // Ring of input rows.
    "ring.holds_map", "ring.wraps", "ring.wraps_between_frames", "ring.refilled_while_firing",
    // Ranges.
    "range.one_patch", "range.added", "range.concatenated", "range.several_pe_columns", "range.column_step_skipped",
    "range.odd_last_group",
    // Output words.
    "output.partial_word", "output.full_words", "output.ranges_share_a_word", "output.negative",
    // Arithmetic.
    "input.unsigned_dac1", "input.unsigned_dac2", "input.signed_dac1", "input.signed_dac2", "input.narrow_step",
    "input.one_step", "cells.1_bit", "cells.2_bits", "cells.4_bits", "cells.partial_slice", "zero_point.off",
    "zero_point.on", "zero_point.negative", "pool.whole_error", "pool.half_error", "pool.quarter_error", "pool.eighth_error", "pool.several_taps",
    "pool.partial_block", "pool.partial_tile", "pool.error_across_pe_rows", "pool.permuted", "scale.per_crossbar",
    "slope.none", "slope.unused", "slope.negative_value", "slope.one", "slope.below_zero", "slope.above_one", "slope.serial",
    // Geometry and structure.
    "kernel.1x1", "kernel.square", "kernel.not_square", "stride.1", "stride.2", "stride.above_kernel",
    "stride.not_square", "dilation.rows", "dilation.columns", "groups.several", "format.fewer_bits", "format.unsigned_on_signed",
    "format.one_step", "reads.row_groups", "reads.group_skipped", "reads.group_in_word", "reads.group_across_words", "reads.latency",
    "reads.interval", "reads.joint_waits", "reads.hold_free", "load.stream", "load.hidden", "load.longer_than_run", "tables.parity", "cells.fraction", "cells.not_their_codes", "adc.trims", "adc.read_noise", "adc.noise_of_later_frame",
    "adc.step", "padding.not_zero", "map.one_output_position", "period.steps", "period.joint", "storage.flat", "storage.ram", "tables.writable",
    "tables.rom",
};

/// Whether some window has a position outside the map on each side.
Padding crossed(const Layer& l) {
  const int last_y = l.row(l.out_h() - 1, l.kh - 1), last_x = l.column(l.out_w() - 1, l.kw - 1);
  return {l.pad.top > 0, l.pad.left > 0, last_y >= l.h, last_x >= l.w};
}

}  // namespace

FunctionalBins::FunctionalBins() {
  for (const char* s : situations) counts_[s] = 0;
}

void FunctionalBins::hit(const std::string& bin, bool yes) {
  const auto at = counts_.find(bin);
  if (at == counts_.end()) throw std::logic_error("unknown functional bin " + bin);
  at->second += yes;
}

void FunctionalBins::add(const FunctionalBins& other) {
  for (const auto& [bin, n] : other.counts_) counts_[bin] += n;
}

void FunctionalBins::sample(const CoreSpec& core, const CoreParameters& parameters, const Layer& layer,
                            const LayerData& data, const std::vector<IntTensor>& inputs, const LayerRun& run, bool stalled) {
  const Hardware& hw = parameters.hw;
  // Overlap: patches per epitome element, within one output range and over all of them.
  std::map<int, IntTensor> by_range;
  IntTensor all({layer.epitome.e_out, layer.epitome.e_in, layer.epitome.p, layer.epitome.q});
  for (const Patch& patch : layer.patches) {
    IntTensor& mine = by_range.try_emplace(patch.dst_out, all.shape).first->second;
    if (layer.pool) continue;  // all patches read the pool, each its own error
    for (int o = patch.c_out; o < patch.c_out + patch.beta2; ++o)
      for (int c = patch.c_in; c < patch.c_in + patch.beta1; ++c)
        for (int y = patch.p; y < patch.p + layer.kh; ++y)
          for (int x = patch.q; x < patch.q + layer.kw; ++x) {
            ++mine(o, c, y, x);
            ++all(o, c, y, x);
          }
  }
  std::int64_t within = 0;
  for (const auto& [start, mine] : by_range) within = std::max(within, *std::max_element(mine.data.begin(), mine.data.end()));
  const auto [least, most] = std::minmax_element(all.data.begin(), all.data.end());
  hit("overlap.none", *most <= 1);
  hit("overlap.within_range", within > 1);
  hit("overlap.across_ranges", *most > within);
  hit("overlap.unread_elements", *least == 0);

  const int kept = layer.pool ? layer.pool->kept_one_in : 0;
  hit("pool.whole_error", kept == 1);
  hit("pool.half_error", kept == 2);
  hit("pool.quarter_error", kept == 4);
  hit("pool.eighth_error", kept == 8);
  bool partial_block = false, partial_tile = false, across = false, permuted = false;
  for (std::size_t j = 0; layer.pool && j < layer.patches.size(); ++j) {
    const Patch& patch = layer.patches[j];
    partial_block = partial_block || patch.beta1 < layer.pool->vector;
    partial_tile = partial_tile || patch.beta2 < layer.pool->vector;
    int first = -1, last = -1;
    for (const PatchWord& word : patch_words(layer, patch, hw.lanes))
      if (word.rows[1] >= 0) {
        last = word.rows[1] / hw.xb_rows;
        if (first < 0) first = last;
      }
    across = across || first != last;
    for (int f = 0; f < layer.pool->vector; ++f) permuted = permuted || data.permutation(static_cast<int>(j), f) != f;
  }
  hit("pool.several_taps", layer.pool && layer.kh * layer.kw > 1);
  hit("pool.partial_block", partial_block);
  hit("pool.partial_tile", partial_tile);
  hit("pool.error_across_pe_rows", across);
  hit("pool.permuted", permuted);

  const Padding edge = crossed(layer);
  const int edges = edge.top + edge.left + edge.bottom + edge.right;
  hit("padding.none", edges == 0);
  hit("padding.top", edge.top);
  hit("padding.left", edge.left);
  hit("padding.bottom", edge.bottom);
  hit("padding.right", edge.right);
  hit("padding.all_edges", edges == 4);
  hit("padding.asymmetric", layer.pad.top != layer.pad.bottom || layer.pad.left != layer.pad.right);
  hit("padding.window_row_outside", layer.pad.top >= 2 || layer.pad.bottom >= 2);

  hit("stalls.none", !stalled);
  hit("stalls.input_gap", run.in_gaps > 0);
  hit("stalls.output_wait", run.out_waits > 0);
  hit("stalls.buffer_full", run.in_waits > 0);
  hit("stalls.both", run.in_gaps > 0 && run.out_waits > 0);
  hit("frames.one", inputs.size() == 1);
  hit("frames.back_to_back", inputs.size() > 1);

  hit("wrap.off", layer.wrap == Wrap::off);
  hit("wrap.copies", layer.wrap == Wrap::copies);
  hit("wrap.stored_once", layer.wrap == Wrap::stored_once);
  hit("wrap.consumer_modulo", layer.in_period > 0 && layer.in_period < layer.cin);

  const EventCounts& e = run.golden;
  const std::int64_t fired_lines = e.fire_cycles * hw.pe_rows * hw.pe_cols * hw.xb_rows * hw.dac_bits;
  hit("lines.zero_drive", e.word_line_drives < fired_lines);
  const PeArray array = pe_array_for(hw, layer.epitome);
  const int epitome_rows = physical_rows(layer.epitome, hw.lanes);
  bool unnamed = epitome_rows < hw.pe_rows * hw.xb_rows;
  for (const Patch& p : layer.patches) unnamed = unnamed || p.beta1 * layer.patch_taps() < epitome_rows;
  hit("lines.unnamed", unnamed);
  hit("lines.partial_lane_block", layer.stored_cin() % hw.lanes != 0);
  hit("lines.several_pe_rows", array.rows > 1);
  hit("lines.zero_conversion", e.adc_zero > 0);

  hit("saturation.adc", e.adc_saturated > 0);
  hit("saturation.adc_never", e.adc_saturated == 0);
  bool low = false, high = false, inside = false, negative = false;
  for (const IntTensor& out : run.outputs)
    for (std::int64_t v : out.data) {
      low = low || v == layer.clamp_lo;
      high = high || v == layer.clamp_hi;
      inside = inside || (v > layer.clamp_lo && v < layer.clamp_hi);
      negative = negative || v < 0;
    }
  hit("saturation.clamp_low", low);
  hit("saturation.clamp_high", high);
  hit("saturation.clamp_never", inside);

  const LayerProgram program = build_program(parameters, layer, data, static_cast<int>(inputs.size()));
  const int ring_rows = static_cast<int>(program.geometry[(reg::ring_rows - reg::last_patch) / 4]);
  hit("ring.holds_map", ring_rows >= layer.h);
  hit("ring.wraps", ring_rows < layer.h);
  hit("ring.wraps_between_frames", inputs.size() > 1 && ring_rows % layer.h != 0);
  hit("ring.refilled_while_firing", ring_rows < layer.h && run.in_waits > 0);

  const FiringPlan plan = plan_firings(layer);
  bool one = false, added = false, skipped = false;
  for (const OutputRange& r : plan.ranges) {
    one = one || r.firings == 1;
    added = added || r.firings > 1;
  }
  for (const Patch& p : layer.patches) skipped = skipped || column_steps_of(hw, p) < hw.column_steps();
  hit("range.one_patch", one);
  hit("range.added", added);
  hit("range.concatenated", plan.ranges.size() > 1);
  hit("range.several_pe_columns", array.cols > 1);
  hit("range.column_step_skipped", skipped);
  hit("range.odd_last_group", hw.adcs() % hw.joint_lanes != 0);

  hit("output.partial_word", plan.stored_cout % hw.lanes != 0);
  hit("output.full_words", plan.stored_cout % hw.lanes == 0);
  hit("output.ranges_share_a_word", std::any_of(plan.ranges.begin(), plan.ranges.end(),
                                                [&](const OutputRange& r) { return r.start % hw.lanes != 0; }));
  hit("output.negative", negative);

  const Hardware format = hardware_for(hw, layer);
  hit("input.unsigned_dac1", !format.act_signed && hw.dac_bits == 1);
  hit("input.unsigned_dac2", !format.act_signed && hw.dac_bits == 2);
  hit("input.signed_dac1", format.act_signed && hw.dac_bits == 1);
  hit("input.signed_dac2", format.act_signed && hw.dac_bits == 2);
  hit("input.narrow_step", (format.act_bits - format.act_signed) % hw.dac_bits != 0);
  hit("input.one_step", format.steps() == 1);
  hit("cells.1_bit", hw.cell_bits == 1);
  hit("cells.2_bits", hw.cell_bits == 2);
  hit("cells.4_bits", hw.cell_bits == 4);
  hit("cells.partial_slice", (hw.weight_bits - 1) % hw.cell_bits != 0);
  hit("zero_point.off", !hw.zero_point);
  hit("zero_point.on", hw.zero_point);
  hit("zero_point.negative", hw.zero_point && *std::min_element(data.zero_point.data.begin(), data.zero_point.data.end()) < 0);
  hit("scale.per_crossbar", std::set<std::int64_t>(data.crossbar_scale.data.begin(), data.crossbar_scale.data.end()).size() > 1);

  const auto some_slope = [&](auto fits) {
    return layer.slopes && std::any_of(data.channel_slope.data.begin(), data.channel_slope.data.end(), fits);
  };
  hit("slope.none", hw.slope_bits == 0);
  hit("slope.unused", hw.slope_bits > 0 && !layer.slopes);
  hit("slope.negative_value", layer.slopes && negative);
  hit("slope.one", some_slope([&](std::int64_t a) { return a == hw.slope_one(); }));
  hit("slope.below_zero", some_slope([](std::int64_t a) { return a < 0; }));
  hit("slope.above_one", some_slope([&](std::int64_t a) { return a > hw.slope_one(); }));
  hit("slope.serial", layer.slopes && hw.serial_multiply);

  hit("kernel.1x1", layer.kh == 1 && layer.kw == 1);
  hit("kernel.square", layer.kh == layer.kw && layer.kh > 1);
  hit("kernel.not_square", layer.kh != layer.kw);
  hit("stride.1", layer.stride == 1);
  hit("stride.2", layer.stride == 2);
  hit("stride.above_kernel", layer.stride.y > layer.window_h() || layer.stride.x > layer.window_w());
  hit("stride.not_square", layer.stride.y != layer.stride.x);
  hit("dilation.rows", layer.dilation.y > 1 && layer.kh > 1);
  hit("dilation.columns", layer.dilation.x > 1 && layer.kw > 1);
  hit("groups.several", layer.groups > 1);
  hit("format.fewer_bits", format.act_bits < hw.act_bits);
  hit("format.unsigned_on_signed", hw.act_signed && !format.act_signed);
  hit("format.one_step", format.steps() == 1 && hw.steps() > 1);
  hit("reads.row_groups", hw.row_groups() > 1);
  bool group_skipped = false, joint_waits = false;
  for (const Firing& f : plan.firings) {
    const int groups = static_cast<int>(row_groups_of(hw, layer, layer.patches[static_cast<std::size_t>(f.patch)]).size());
    group_skipped = group_skipped || groups < hw.row_groups();
    joint_waits = joint_waits || (hw.sequenced_reads() && format.column_firing(groups) < hw.joint_cycles());
  }
  hit("reads.group_skipped", group_skipped);
  hit("reads.group_in_word", hw.row_groups() > 1 && hw.read_rows() < hw.lanes);
  hit("reads.group_across_words", hw.row_groups() > 1 && hw.read_rows() > hw.lanes && hw.read_rows() % hw.lanes != 0);
  hit("reads.latency", hw.adc_latency > 1);
  hit("reads.interval", hw.adc_interval > 1);
  hit("reads.joint_waits", joint_waits);
  hit("reads.hold_free", hw.hold_free);
  hit("load.stream", hw.load_stream);
  hit("tables.parity", hw.parity);
  hit("cells.fraction", hw.fraction_bits > 0);
  hit("cells.not_their_codes", data.analog != nullptr);
  hit("adc.trims", hw.adc_trims && data.analog != nullptr);
  hit("adc.read_noise", hw.read_noise && data.analog != nullptr);
  hit("adc.noise_of_later_frame", hw.read_noise && data.analog != nullptr && inputs.size() > 1);
  hit("adc.step", hw.adc_step > 0);
  hit("padding.not_zero", layer.pad_value() != 0 && edges > 0);
  hit("map.one_output_position", layer.out_h() * layer.out_w() == 1);
  hit("period.steps", format.column_period() == format.steps());
  hit("period.joint", format.column_period() > format.steps());
  hit("storage.flat", core.storage == Storage::flat);
  hit("storage.ram", core.storage == Storage::ram);
  hit("tables.writable", core.tables == Tables::writable);
  hit("tables.rom", core.tables == Tables::rom);
}

void FunctionalBins::sample_two_programs(bool hidden) {
  hit("load.hidden", hidden);
  hit("load.longer_than_run", !hidden);
}

}  // namespace epim
