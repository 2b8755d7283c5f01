// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/counted_events.hpp"

namespace epim::fast {
namespace {

/// What one value drives in all input steps together.
struct Driven {
  std::int64_t levels = 0;  ///< sum of the DAC levels
  std::int64_t lines = 0;   ///< steps with a level that is not zero
};

Driven driven(const Hardware& hw, std::int64_t value) {
  Driven d;
  for (int b = 0; b < hw.steps(); ++b) {
    const std::int64_t level = (value >> hw.step_first_bit(b)) & ((1 << hw.step_width(b)) - 1);
    d.levels += level;
    d.lines += level != 0 ? 1 : 0;
  }
  return d;
}

/// sums[channel][ky][kx] over all output positions of what the tap reads, padding included.
std::vector<Driven> sums_over_positions(const Hardware& hw, const Layer& layer, const IntTensor& x) {
  const int ho = layer.out_h(), wo = layer.out_w(), stored = layer.stored_cin();
  std::vector<Driven> of_value;
  for (std::int64_t v = hw.act_min(); v <= hw.act_max(); ++v) of_value.push_back(driven(hw, v));
  const auto of = [&](std::int64_t v) -> const Driven& { return of_value[static_cast<std::size_t>(v - hw.act_min())]; };
  const Driven padded = of(layer.pad_value());
  std::vector<Driven> sums(at(stored) * at(layer.kh) * at(layer.kw)), row(at(layer.h) * at(layer.kw));
  for (int c = 0; c < stored; ++c) {
    for (int iy = 0; iy < layer.h; ++iy) {
      const std::int64_t* const pixels = x.data.data() + (at(c) * at(layer.h) + at(iy)) * at(layer.w);
      for (int kx = 0; kx < layer.kw; ++kx) {
        Driven sum;
        for (int ox = 0; ox < wo; ++ox) {
          const int ix = layer.column(ox, kx);
          const Driven& d = ix >= 0 && ix < layer.w ? of(pixels[ix]) : padded;
          sum.levels += d.levels;
          sum.lines += d.lines;
        }
        row[at(iy) * at(layer.kw) + at(kx)] = sum;
      }
    }
    for (int ky = 0; ky < layer.kh; ++ky)
      for (int kx = 0; kx < layer.kw; ++kx) {
        Driven& sum = sums[(at(c) * at(layer.kh) + at(ky)) * at(layer.kw) + at(kx)];
        for (int oy = 0; oy < ho; ++oy) {
          const int iy = layer.row(oy, ky);
          const bool inside = iy >= 0 && iy < layer.h;
          sum.levels += inside ? row[at(iy) * at(layer.kw) + at(kx)].levels : padded.levels * wo;
          sum.lines += inside ? row[at(iy) * at(layer.kw) + at(kx)].lines : padded.lines * wo;
        }
      }
  }
  return sums;
}

}  // namespace

void count_events(const Hardware& hw, const Layer& layer, const FiringPlan& plan, const PackedLayer& packed, const IntTensor& x,
                  EventCounts& events) {
  const int ho = layer.out_h(), wo = layer.out_w();
  const std::int64_t positions = std::int64_t{ho} * wo;
  std::vector<std::int64_t> inside_rows(at(layer.kh)), inside_columns(at(layer.kw));  // output rows, columns, per tap
  for (int ky = 0; ky < layer.kh; ++ky)
    for (int oy = 0; oy < ho; ++oy) inside_rows[at(ky)] += layer.row(oy, ky) >= 0 && layer.row(oy, ky) < layer.h ? 1 : 0;
  for (int kx = 0; kx < layer.kw; ++kx)
    for (int ox = 0; ox < wo; ++ox) inside_columns[at(kx)] += layer.column(ox, kx) >= 0 && layer.column(ox, kx) < layer.w ? 1 : 0;

  const std::vector<Driven> sums = sums_over_positions(hw, layer, x);
  for (std::size_t f = 0; f < plan.firings.size(); ++f) {
    const Firing& firing = plan.firings[f];
    const Patch& p = layer.patches[at(firing.patch)];
    const std::int64_t words = patch_words_count(layer, p, hw.lanes), columns = p.beta2;
    const auto rows = static_cast<std::int64_t>(converting_rows_of(hw, layer, p).size());
    const std::int64_t shift_adds = std::int64_t{hw.slices()} * columns * hw.steps() * rows * positions;
    const std::int64_t steps = column_steps_of(hw, p);
    const PackedWindow& window = packed.windows[packed.firings[f].window];
    std::int64_t lines = 0;
    std::size_t line = 0;
    for (const PatchWord& word : patch_words(layer, p, hw.lanes)) {
      events.input_buffer_reads += inside_rows[at(word.ky)] * inside_columns[at(word.kx)];
      for (int lane = 0; lane < word.channels; ++lane) {
        const std::size_t channel = at((p.dst_in + word.channel + lane) % layer.stored_cin());
        const Driven& d = sums[(channel * at(layer.kh) + at(word.ky)) * at(layer.kw) + at(word.kx)];
        lines += d.lines * (word.rows[1] < 0 ? 1 : 2);
        events.cell_reads += d.levels * window.cell_levels[line++];
      }
    }
    events.activations += positions;
    events.ifat_reads += positions;
    events.ofat_reads += positions;
    events.ifrt_reads += words * positions;
    events.input_register_writes += words * positions;
    events.scale_multiplies += rows * columns * positions;
    if (!firing.opens) events.joint_adds += columns * positions;
    events.adc_conversions += 2 * shift_adds;
    events.shift_adds += shift_adds;
    events.word_line_drives += lines * steps * hw.pe_cols;
    events.fire_cycles += hw.steps() * steps * positions;
  }
  events.requantisations += plan.stored_cout * positions;
  events.output_buffer_writes += (plan.stored_cout + hw.lanes - 1) / hw.lanes * positions;
  events.input_buffer_writes += layer.row_words(hw.lanes) * layer.h;
}

}  // namespace epim::fast
