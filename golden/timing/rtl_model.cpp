// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/rtl_model.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

/// Per kernel tap the output positions of an axis from which it lies inside the map.
std::vector<std::int64_t> places_inside(int outputs, int kernel, int stride, int dilation, int pad, int size) {
  std::vector<std::int64_t> places;
  for (int k = 0; k < kernel; ++k) {
    // Output positions o with 0 <= o*stride + k*dilation - pad < size.
    const int offset = k * dilation - pad;
    const int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const int last = size - 1 - offset < 0 ? -1 : (size - 1 - offset) / stride;
    places.push_back(std::max(0, std::min(last, outputs - 1) - first + 1));
  }
  return places;
}

int distance(const ActivityRow& row, const FixedHardware& hw) {
  return std::abs(row.weight_bits - hw.weight_bits) + std::abs(row.act_bits - hw.act_bits) +
         std::abs(row.cell_bits - hw.cell_bits) + std::abs(row.dac_bits - hw.dac_bits);
}

}  // namespace

std::vector<ActivityRow> load_activity(const std::string& path) {
  const std::string text = read_text(path);
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    throw InputError({path, static_cast<int>(e.source().begin.line), static_cast<int>(e.source().begin.column)},
                     "toml-syntax", std::string(e.description()));
  }
  const toml::array* list = root["run"].as_array();
  if (!list || list->empty()) throw InputError({path, 1, 1}, "activity-table", "the file has no [[run]]");
  std::vector<ActivityRow> rows;
  for (const toml::node& node : *list) {
    const Position at{path, static_cast<int>(node.source().begin.line), static_cast<int>(node.source().begin.column)};
    if (!node.is_table()) throw InputError(at, "wrong-type", "run must be an array of tables");
    const toml::table& t = *node.as_table();
    const auto number = [&](const char* key, double lo, double hi) {
      const auto v = t[key].value<double>();
      if (!t.contains(key)) throw InputError(at, "missing-key", fmt::format("key \"{}\" is missing", key));
      if (!v) throw InputError(at, "wrong-type", fmt::format("{} must be a number", key));
      if (!(*v >= lo && *v <= hi))
        throw InputError(at, "value-out-of-range", fmt::format("{} = {}, must be {}..{}", key, *v, lo, hi));
      return *v;
    };
    ActivityRow r;
    r.weight_bits = static_cast<int>(number("weight_bits", 2, 9));
    r.act_bits = static_cast<int>(number("act_bits", 1, 9));
    r.cell_bits = static_cast<int>(number("cell_bits", 1, 4));
    r.dac_bits = static_cast<int>(number("dac_bits", 1, 2));
    r.activity = {number("driven", 0, 1), number("cell_level", 0, 45), number("zero", 0, 1), number("saturated", 0, 1)};
    r.source = t["source"].value_or(std::string());
    if (r.source.empty()) throw InputError(at, "missing-key", "key \"source\" is missing");
    rows.push_back(std::move(r));
  }
  return rows;
}

const ActivityRow& activity_for(const std::vector<ActivityRow>& rows, const FixedHardware& hw) {
  const ActivityRow* best = &rows.at(0);
  for (const ActivityRow& row : rows)
    if (distance(row, hw) < distance(*best, hw)) best = &row;
  return *best;
}

bool measured_for(const ActivityRow& row, const FixedHardware& hw) { return distance(row, hw) == 0; }

bool depends_on_data(std::size_t event) {
  for (const char* name : {"word_line_drives", "cell_reads", "adc_zero", "adc_saturated"})
    if (std::strcmp(event_list[event].name, name) == 0) return true;
  return false;
}

RtlEstimate estimate_rtl(const Hardware& core, const Layer& layer, const Activity& activity, int frames) {
  const Hardware hw = hardware_for(core, layer);
  RtlEstimate r;
  r.timing = fast_timing(hw, layer, frames);
  const FiringPlan plan = plan_firings(layer);
  const std::int64_t positions = std::int64_t{layer.out_h()} * layer.out_w() * frames;
  const std::vector<std::int64_t> rows_inside = places_inside(layer.out_h(), layer.kh, layer.stride.y, layer.dilation.y, layer.pad.top, layer.h),
                                  columns_inside = places_inside(layer.out_w(), layer.kw, layer.stride.x, layer.dilation.x, layer.pad.left, layer.w);
  const int slices = hw.slices(), steps = hw.steps();
  EventCounts& e = r.events;
  double lines = 0, reads = 0;
  for (const Firing& f : plan.firings) {
    const Patch& p = layer.patches[static_cast<std::size_t>(f.patch)];
    const std::int64_t words = patch_words_count(layer, p, hw.lanes);
    const int csteps = column_steps_of(hw, p);
    const auto groups = static_cast<int>(row_groups_of(hw, layer, p).size());
    const auto converting = static_cast<std::int64_t>(converting_rows_of(hw, layer, p).size());
    const std::int64_t conversions = std::int64_t{slices} * p.beta2 * steps * groups * converting;  // per polarity
    e.activations += positions;
    e.fire_cycles += positions * hw.column_firing(groups) * csteps;
    e.adc_conversions += 2 * conversions * positions;
    e.shift_adds += conversions * positions;
    e.input_register_writes += words * positions;
    e.ifrt_reads += words * positions;
    e.scale_multiplies += converting * p.beta2 * positions;
    if (!f.opens) e.joint_adds += p.beta2 * positions;
    for (const PatchWord& word : patch_words(layer, p, hw.lanes)) {
      const std::int64_t inside = rows_inside[static_cast<std::size_t>(word.ky)] * columns_inside[static_cast<std::size_t>(word.kx)] * frames;
      e.input_buffer_reads += inside;
      // Padding drives word lines where it is not zero.
      const double used = static_cast<double>(word.channels * (word.rows[1] < 0 ? 1 : 2)) * static_cast<double>(layer.pad_value() == 0 ? inside : positions);
      lines += used * csteps;
      reads += used * p.beta2;
    }
  }
  e.ifat_reads = e.ofat_reads = e.activations;
  e.input_buffer_writes = layer.row_words(hw.lanes) * layer.h * frames;
  e.requantisations = plan.stored_cout * positions;
  e.output_buffer_writes = (plan.stored_cout + hw.lanes - 1) / hw.lanes * positions;
  e.idle_cycles = r.timing.idle_cycles();
  r.line_steps = lines * steps * hw.pe_cols;
  r.cell_steps = reads * steps * slices;
  e.word_line_drives = std::llround(activity.driven * r.line_steps);
  e.cell_reads = std::llround(activity.cell_level * r.cell_steps);
  e.adc_zero = std::llround(activity.zero * static_cast<double>(e.adc_conversions));
  e.adc_saturated = std::llround(activity.saturated * static_cast<double>(e.adc_conversions));
  return r;
}

}  // namespace epim
