// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/firing_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"
#include "golden/patch_words.hpp"

namespace epim {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

int physical_row(const EpitomeShape& e, int lanes, int c, int p, int q) {
  return ((c / lanes) * e.p * e.q + p * e.q + q) * lanes + c % lanes;
}

int physical_rows(const EpitomeShape& e, int lanes) { return (e.e_in + lanes - 1) / lanes * e.p * e.q * lanes; }

PeArray pe_array_for(const FixedHardware& hw, const EpitomeShape& e) {
  return {(physical_rows(e, hw.lanes) + hw.xb_rows - 1) / hw.xb_rows, (e.e_out + hw.xb_cols - 1) / hw.xb_cols};
}

int column_steps_of(const Hardware& hw, const Patch& patch) {
  const int adcs = hw.adcs(), most = hw.column_steps();
  const int first = patch.c_out % hw.xb_cols, last = first + patch.beta2 - 1;  // may reach into further PE columns
  if (patch.beta2 >= hw.xb_cols) return most;
  if (last < hw.xb_cols) return last / adcs - first / adcs + 1;
  return std::min(most, (most - first / adcs) + (last - hw.xb_cols) / adcs + 1);
}

std::vector<int> row_groups_of(const FixedHardware& hw, const Layer& layer, const Patch& patch) {
  if (hw.row_groups() == 1) return {0};
  std::vector<bool> read(at(hw.row_groups()));
  for (const PatchWord& word : patch_words(layer, patch, hw.lanes))
    for (const int first : word.rows)
      for (int row = first; first >= 0 && row < first + hw.lanes; ++row) read[at(row % hw.xb_rows / hw.read_rows())] = true;
  std::vector<int> groups;
  for (int g = 0; g < hw.row_groups(); ++g)
    if (read[at(g)]) groups.push_back(g);
  return groups;
}

std::vector<int> converting_rows_of(const Hardware& hw, const Layer& layer, const Patch& patch) {
  std::vector<bool> converts(at(hw.pe_rows), !layer.pool);
  if (layer.pool)
    for (const PatchWord& word : patch_words(layer, patch, hw.lanes))
      for (const int first : word.rows)
        if (first >= 0) converts[at(first / hw.xb_rows)] = true;
  std::vector<int> rows;
  for (int t = 0; t < hw.pe_rows; ++t)
    if (converts[at(t)]) rows.push_back(t);
  return rows;
}

FiringPlan plan_firings(const Layer& layer) {
  struct Sampled {
    std::size_t first = 0, count = 0;
  };
  std::vector<Sampled> sampled;  // output ranges as the sampler lists them
  for (std::size_t j = 0; j < layer.patches.size(); ++j) {
    if (j == 0 || layer.patches[j].dst_out != layer.patches[j - 1].dst_out) sampled.push_back({j, 0});
    ++sampled.back().count;
  }
  const auto copies = [&](const Sampled& a, const Sampled& b) {
    if (a.count != b.count) return false;
    for (std::size_t k = 0; k < a.count; ++k) {
      Patch p = layer.patches[a.first + k];
      p.dst_out = layer.patches[b.first + k].dst_out;
      if (p != layer.patches[b.first + k]) return false;
    }
    return true;
  };
  FiringPlan plan;
  for (std::size_t i = 0; i < sampled.size();) {
    std::size_t n = 1;
    if (layer.wrap != Wrap::off)
      while (i + n < sampled.size() && copies(sampled[i], sampled[i + n])) ++n;
    if (layer.wrap == Wrap::stored_once && n < sampled.size()) {
      const Patch& differs = layer.patches[sampled[i + n < sampled.size() ? i + n : 0].first];
      fail("wrap-not-possible",
           fmt::format("layer {}: output channels {}..{} do not read the same inputs and epitome columns as the range "
                       "before them, so that the result cannot be stored once; use wrap = copies or off", layer.name,
                       differs.dst_out, differs.dst_out + differs.beta2));
    }
    const Patch& first = layer.patches[sampled[i].first];
    OutputRange range;
    range.start = first.dst_out;
    range.c_out = first.c_out;
    range.columns = first.beta2;
    range.copies = static_cast<int>(n);
    range.stop = first.dst_out + first.beta2 * (layer.wrap == Wrap::stored_once ? 1 : range.copies);
    range.first_firing = static_cast<int>(plan.firings.size());
    range.firings = static_cast<int>(sampled[i].count);
    for (std::size_t k = 0; k < sampled[i].count; ++k)
      plan.firings.push_back({static_cast<int>(sampled[i].first + k), static_cast<int>(plan.ranges.size()),
                              range.start, range.stop, k == 0, k + 1 == sampled[i].count});
    plan.stored_cout += range.stop - range.start;
    plan.ranges.push_back(range);
    i += n;
  }
  return plan;
}

}  // namespace epim
