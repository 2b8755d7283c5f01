// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/mnsim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace epim {
namespace {

double ceil_ratio(double a, double b) { return std::ceil(a / b); }
int levels(int n) { return n > 1 ? static_cast<int>(std::ceil(std::log2(n))) : 0; }

/// 1 + the number of times `ways` can be divided by 8 down to 0: select levels of a 1:8 tree.
int select_levels(int ways) {
  int m = 1;
  for (; ways > 0; ways /= 8) ++m;
  return m;
}

/// A buffer with its port: ns per access, mW while reading and while writing, um2.
struct Buffer {
  double cycle = 0, read_power = 0, write_power = 0, area = 0;
  int width = 0;
  double latency(double bytes) const { return std::ceil(bytes * 8 / width) * cycle; }
};

Buffer make_buffer(const MnsimData& d, double fixed_kb, double default_kb) {
  const double size = fixed_kb > 0 ? fixed_kb : default_kb;
  Buffer b;
  b.cycle = d.constants.buffer_cycle;
  b.width = d.config.buffer_bitwidth > 0 ? d.config.buffer_bitwidth : 256;
  if (size <= 0) return b;
  const int node = d.config.buffer_technology > 0 ? d.config.buffer_technology : 65;
  const SramTable* table = nullptr;  // the largest node that is not larger, else the smallest
  for (const SramTable& t : d.sram)
    if (!table || (t.node <= node && (table->node > node || t.node > table->node)) ||
        (table->node > node && t.node < table->node))
      table = &t;
  const SramRow* row = nullptr;
  double row_size = 0;
  int row_width = 0;
  for (const SramRow& r : table->rows) row_size = std::max(row_size, double(r.size));
  for (const SramRow& r : table->rows)
    if (r.size >= size) row_size = std::min(row_size, double(r.size));
  for (const int w : {64, 128, 256, 512})
    if (row_width < b.width) row_width = w;
  for (const SramRow& r : table->rows)
    if (r.size == row_size && r.width == row_width) row = &r;
  if (!row)
    throw InputError({}, "mnsim-buffer",
                     fmt::format("no SRAM of {} KB with {} bits at {} nm in the data file", row_size, row_width,
                                 table->node));
  b.read_power = row->read / b.cycle * 1e3 + row->leakage;
  b.write_power = row->write / b.cycle * 1e3 + row->leakage;
  b.area = row->area * 1e6;
  return b;
}

/// A converter with the choice -1 values filled in.
ConverterRow converter(const std::vector<ConverterRow>& rows, const char* what, int choice, int bits, double area,
                       double power, double rate) {
  ConverterRow r{choice, bits, area, power, power, rate, false};
  if (choice == -1) {
    if (bits < 1 || rate <= 0)
      throw InputError({}, "mnsim-converter",
                       fmt::format("{0}_Choice -1 needs {0}_Precision and {0}_Sample_Rate above 0", what));
    return r;
  }
  for (const ConverterRow& row : rows)
    if (row.choice == choice) return row;
  throw InputError({}, "mnsim-converter", fmt::format("{}_Choice {} is not in the data file", what, choice));
}

/// Transistors of a select tree: 8, 24, 72, ... for up to 2, 4, 8, ..., 64 ways.
double select_transistors(int ways) {
  double n = 8;
  for (int w = 2; w < std::min(ways, 64); w *= 2) n *= 3;
  return n;
}

/// A value of the 65 nm tables at another node, unless the configuration fixes it.
double scaled(double fixed, double value, double node) {
  return fixed > 0 ? fixed : value * node * node / (65.0 * 65.0);
}
double node_or_65(int node) { return node > 0 ? node : 65; }

/// Everything that is the same for all layers.
struct Chip {
  const MnsimData& d;
  const MnsimQuirks& q;
  ConverterRow adc, dac;
  double subarrays = 1, adcs = 0, dacs = 0;  // converters per subarray row block, per group
  int output_mux = 1, input_demux = 1, crossbars_per_weight = 1;
  double period = 0, xbar_area = 0, xbar_latency = 0, cell_power = 0, adc_latency = 0, dac_latency = 0;
  double decoder_latency = 0, mux_latency = 0, demux_power = 0, mux_power = 0;
  double adder_bit_power = 0, adder_bit_area = 0, shift_power = 0, reg_power = 0, joint_power = 0;
  double pooling_power = 0;
  int pooling_units = 64, pooling_window = 9, groups = 1, pes_per_tile = 1;
  Buffer input, output, global;

  Chip(const MnsimData& data, const MnsimQuirks& quirks, const MnsimMapping& m) : d(data), q(quirks) {
    const MnsimConfig& c = d.config;
    const MnsimConstants& k = d.constants;
    adc = converter(d.adc, "ADC", c.adc_choice, c.adc_precision, c.adc_area, c.adc_power, c.adc_sample_rate);
    dac = converter(d.dac, "DAC", c.dac_choice, c.dac_precision, c.dac_area, c.dac_power, c.dac_sample_rate);
    const double rows = c.xbar_size[0], columns = c.xbar_size[1];
    if (c.xbar_size[0] % c.subarray_size != 0)
      throw InputError({}, "value-out-of-range",
                       fmt::format("Subarray_Size {} must divide the {} rows of Xbar_Size", c.subarray_size, rows));
    subarrays = rows / c.subarray_size;
    groups = std::max(1, c.group_num);
    crossbars_per_weight = c.xbar_polarity;
    xbar_area = rows * columns * c.device_area + k.row_driver_area * rows;
    const int sub = c.xbar_polarity == 2 ? c.sub_position : 0;
    adcs = c.adc_num;
    if (c.adc_num == 0)
      adcs = std::min((sub + 1) * std::ceil(std::sqrt(xbar_area) * crossbars_per_weight / std::sqrt(adc.area)),
                      columns);
    dacs = c.dac_num;
    output_mux = static_cast<int>(std::ceil(columns / adcs * (sub + 1)));
    input_demux = static_cast<int>(ceil_ratio(c.subarray_size, dacs));
    period = 1 / c.digital_frequency * 1e3;
    const double kb = rows * columns / 1024 / 8;
    xbar_latency = c.read_latency + (k.wire_quadratic * kb * kb + k.wire_linear * kb + k.wire_constant);
    const auto [v0, v1] = c.read_voltage;
    const auto [r0, r1] = c.device_resistance;
    cell_power = (0.9 * v0 * v0 + 0.1 * v1 * v1) / (r0 * r1 / (0.67 * r1 + 0.33 * r0));
    adc_latency = (adc.bits == 1 ? 1.0 : adc.ramp ? std::exp2(adc.bits) : adc.bits + 2.0) / adc.rate;
    dac_latency = (dac.bits + 2) / dac.rate;
    decoder_latency = select_levels(static_cast<int>(ceil_ratio(c.subarray_size, dacs))) * k.decoder_latency;
    mux_latency = select_levels(static_cast<int>(ceil_ratio(columns, adcs))) * k.mux_latency;
    demux_power = select_transistors(input_demux) * k.transistor_power;
    mux_power = select_transistors(output_mux) * k.transistor_power;
    const AdderRow* adder = &d.adder.back();
    for (auto it = d.adder.rbegin(); it != d.adder.rend(); ++it)
      if (it->node >= c.adder_tech) adder = &*it;
    adder_bit_power = adder->power;
    adder_bit_area = adder->area;
    shift_power = scaled(c.shiftreg_power, k.shift_register_power, node_or_65(c.shiftreg_tech));
    reg_power = scaled(c.reg_power, k.register_power, node_or_65(c.reg_tech));
    joint_power = scaled(c.joint_power, k.joint_power, node_or_65(c.joint_tech));
    pooling_units = c.pooling_unit_num > 0 ? c.pooling_unit_num : 64;
    pooling_window = c.pooling_shape[0] * c.pooling_shape[1] > 0 ? c.pooling_shape[0] * c.pooling_shape[1] : 9;
    const int pooling_node = c.pooling_tech > 0 ? c.pooling_tech : 65;
    pooling_power = scaled(0, k.pooling_power, pooling_node);
    if (!q.pooling_power_table) pooling_power *= pooling_units / 64.0;
    else if (pooling_node == 65 && pooling_window != 9) pooling_power = 0;
    pes_per_tile = c.pe_num[0] == 0 ? 16 : c.pe_num[0] * c.pe_num[1];
    input = make_buffer(d, c.pe_inbuf_size, m.input_buffer_kb);
    output = make_buffer(d, c.tile_outbuf_size, m.output_buffer_kb);
    global = make_buffer(d, c.pe_inbuf_size, m.global_buffer_kb);
  }
  double adder_power(int bits) const {
    return d.config.adder_power > 0 ? d.config.adder_power : adder_bit_power * bits;
  }
  double adder_area(int bits) const { return d.config.adder_area > 0 ? d.config.adder_area : adder_bit_area * bits; }
  double dac_power() const { return q.dac8_power_in_watts ? dac.compat_power : dac.power; }
};

/// ns spent per output position, by module whose power differs. Buffers of a conv: input read/write vary by position.
struct Step {
  double crossbar = 0, adc = 0, dac = 0;
  double input_reg = 0, shift = 0, demux = 0, mux = 0, adder = 0, output_reg = 0, joint = 0;
  double pooling = 0, fixed = 0;       ///< fixed: transfers and waits without power
  double links = 0;                    ///< the part of fixed that grows with the distance between tiles
  double read_fixed = 0, write_fixed = 0;  ///< buffer accesses that every position has
  double constant() const {
    return crossbar + adc + dac + input_reg + shift + demux + mux + adder + output_reg + joint + pooling + fixed +
           read_fixed + write_fixed;
  }
};

/// Buffer time of the four kinds of output position: first, first of a row, first row, inner.
struct Positions {
  double write[4] = {0, 0, 0, 0}, read[4] = {0, 0, 0, 0};
};

/// Input buffer accesses of a window layer: new data is written column by column, the first position of a row refills.
Positions window_positions(const Chip& chip, const MnsimLayer& l, double channels, double full_read, double bits) {
  const double kh = l.kh, s = l.stride;
  const double py = std::max(l.kh - l.pad_y, 0), px = std::max(l.kw - l.pad_x, 0);
  const double scale = channels * bits / 8;
  Positions p;
  p.write[0] = chip.input.latency(py * px * scale);
  p.write[1] = chip.input.latency(s * px * scale);
  p.write[2] = chip.input.latency(s * (l.kind == MnsimKind::pooling ? s : kh) * scale);
  p.write[3] = chip.input.latency(s * s * scale);
  p.read[0] = p.read[1] = chip.input.latency(full_read * bits / 8);
  p.read[2] = p.read[3] = chip.input.latency(s * kh * scale);
  return p;
}

/// Time per position of a conv or fc layer, all activations but one factor.
Step weight_step(const Chip& chip, const MnsimLayer& l, int act_bits) {
  const MnsimConfig& c = chip.d.config;
  const double row_rounds = ceil_ratio(l.max_row, chip.dacs * chip.subarrays);
  const double column_rounds = ceil_ratio(l.max_column, chip.adcs);
  const double n = ceil_ratio(act_bits, chip.dac.bits) * row_rounds * column_rounds;
  Step t;
  t.crossbar = n * chip.xbar_latency;
  t.dac = n * chip.dac_latency;
  t.adc = n * chip.adc_latency;
  t.input_reg = row_rounds * column_rounds * chip.period + n * chip.period;
  t.shift = n * chip.period;
  t.demux = n * chip.decoder_latency;
  t.mux = n * chip.mux_latency;
  t.adder = column_rounds * levels(chip.groups) * chip.period;
  t.output_reg = column_rounds * chip.period;
  const int merge = levels(l.pes_per_tile), depth = levels(chip.pes_per_tile);
  t.joint = merge * chip.period;
  const double tile_columns = double(l.max_column) * l.pes_per_tile;
  t.write_fixed = chip.output.latency((chip.adc.bits + merge) * tile_columns / 8);
  t.read_fixed = chip.output.latency(tile_columns * act_bits / 8);
  t.links = l.merge_distance * (chip.period + tile_columns * act_bits / c.inter_tile_bandwidth) +
            l.transfer_distance * (double(l.cout) * act_bits / c.inter_tile_bandwidth);
  t.fixed = (depth * (chip.adc.bits + merge) - merge * (merge + 1) / 2.0) * l.max_column / c.intra_tile_bandwidth + t.links;
  return t;
}

/// Traffic::partial_sums: replaces what `whole_position` moves per output position, in ns of all activations together
/// divided by their number, so that everything else stays as it is.
void move_partial_sums(const Chip& chip, const MnsimLayer& l, int act_bits, Step& t, Positions& p) {
  const double rows = double(l.cin) * l.kh * l.kw / l.row_blocks;
  const double outputs = chip.output.latency(double(l.cout) * act_bits / 8);
  for (int k = 0; k < 4; ++k) p.write[k] = p.read[k] = chip.input.latency(rows * act_bits / 8);
  t.read_fixed = outputs * l.input_activations / l.activations;
  t.write_fixed = outputs / l.activations;
}

/// nJ of a conv or fc layer: power of all its tiles times the summed time of each module.
MnsimEnergy weight_energy(const Chip& chip, const MnsimLayer& l, const Step& t, double steps, double read,
                          double write) {
  const double pes = double(l.pes_per_tile) * l.tiles;
  const double columns = ceil_ratio(l.max_column, chip.output_mux), rows = ceil_ratio(l.max_row, chip.input_demux);
  const double g = l.groups;
  MnsimEnergy e;
  e.crossbar = pes * g * chip.crossbars_per_weight * l.max_row * l.max_column * chip.cell_power / chip.input_demux /
               chip.output_mux * t.crossbar * steps;
  e.adc = pes * g * columns * chip.adc.power * t.adc * steps;
  e.dac = pes * g * rows * chip.dac_power() * t.dac * steps;
  e.digital = pes * g *
              (rows * chip.demux_power * t.demux + rows * chip.reg_power * t.input_reg +
               columns * chip.mux_power * t.mux + columns * chip.shift_power * t.shift +
               columns * chip.reg_power * t.output_reg) *
              steps;
  e.digital += l.tiles * (l.pes_per_tile - 1) * columns * chip.joint_power * t.joint * steps;
  if (!chip.q.no_adder_tree_energy) e.digital += pes * (g - 1) * columns * chip.adder_power(8) * t.adder * steps;
  e.buffer = 1e-3 * l.tiles *
             ((l.pes_per_tile * chip.input.read_power + chip.output.read_power) * read +
              (l.pes_per_tile * chip.input.write_power + chip.output.write_power) * write);
  return e;
}

/// Index of the last position of a producer's map that output position (y, x) needs.
std::size_t needed(const MnsimLayer& l, int y, int x) {
  if (l.kind == MnsimKind::element_sum) return static_cast<std::size_t>(y) * static_cast<std::size_t>(l.in_w) + x;
  int last_y = std::min(y * l.stride, l.in_h - 1), last_x = std::min(x * l.stride, l.in_w - 1);
  if (l.kind == MnsimKind::pooling || l.kh > 1 || l.kw > 1) {
    last_y = std::min(std::max(l.kh - l.pad_y, 1) + y * l.stride, l.in_h) - 1;
    last_x = std::min(std::max(l.kw - l.pad_x, 1) + x * l.stride, l.in_w) - 1;
  }
  return static_cast<std::size_t>(last_y) * static_cast<std::size_t>(l.in_w) + static_cast<std::size_t>(last_x);
}

MnsimArea tile_area(const Chip& chip) {
  const MnsimConfig& c = chip.d.config;
  const MnsimConstants& k = chip.d.constants;
  const double adcs = chip.groups * chip.adcs * chip.subarrays, dacs = chip.groups * chip.dacs * chip.subarrays;
  const double transistor = k.transistor_area * c.transistor_tech * c.transistor_tech / 1e6;
  const double reg = scaled(c.reg_area, k.register_area, node_or_65(c.reg_tech));
  double pe_adders = 0, joints = 0;
  for (int n = chip.groups; n > 1; n = n / 2 + n % 2) pe_adders += n / 2 * chip.subarrays;
  for (int n = chip.pes_per_tile; n > 1; n /= 2) joints += n / 2 + n % 2;
  const double pes = chip.pes_per_tile;
  MnsimArea a;
  a.crossbar = pes * chip.groups * chip.crossbars_per_weight * chip.xbar_area;
  a.adc = pes * chip.adc.area * adcs;
  a.dac = pes * chip.dac.area * dacs;
  a.digital = pes * (chip.adcs * chip.subarrays * pe_adders * chip.adder_area(8) +
                     adcs * scaled(c.shiftreg_area, k.shift_register_area, node_or_65(c.shiftreg_tech)) +
                     (adcs + dacs) * reg + select_transistors(chip.input_demux) * transistor * dacs +
                     select_transistors(chip.output_mux) * transistor * adcs) +
              joints * adcs * scaled(c.joint_area, k.joint_area, node_or_65(c.joint_tech));
  a.buffer = pes * chip.input.area + chip.output.area;
  a.pooling = scaled(0, k.pooling_area, node_or_65(c.pooling_tech)) * chip.pooling_units / 64.0;
  return a;
}

}  // namespace

MnsimEnergy& MnsimEnergy::operator+=(const MnsimEnergy& o) {
  crossbar += o.crossbar;
  adc += o.adc;
  dac += o.dac;
  buffer += o.buffer;
  digital += o.digital;
  pooling += o.pooling;
  return *this;
}

const MnsimLayerResult& MnsimResult::layer(const std::string& name) const {
  for (const MnsimLayerResult& l : layers)
    if (l.layer.name == name) return l;
  throw InputError({}, "unknown-layer", name);
}

MnsimResult evaluate_mnsim(const Network& net, const MnsimWorkload& w, const MnsimData& data,
                           const MnsimQuirks& quirks) {
  MnsimMapping m = map_to_mnsim(net, w, data.config, quirks);
  const Chip chip(data, quirks, m);
  const MnsimArea per_tile = tile_area(chip);
  const double bits = w.act_bits;
  MnsimResult r;
  r.tiles = m.tiles;
  r.pes = m.pes;
  r.input_buffer_kb = m.input_buffer_kb;
  r.output_buffer_kb = m.output_buffer_kb;
  std::vector<std::vector<double>> finish(m.layers.size());
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const MnsimLayer& l = m.layers[i];
    Step t;
    Positions p;
    const double link = l.transfer_distance * (double(l.cout) * bits / data.config.inter_tile_bandwidth);
    switch (l.kind) {
      case MnsimKind::conv:
        t = weight_step(chip, l, w.act_bits);
        p = window_positions(chip, l, l.channels_per_pe, l.max_row, bits);
        if (w.traffic == Traffic::partial_sums && l.input_activations > 0) move_partial_sums(chip, l, w.act_bits, t, p);
        break;
      case MnsimKind::fc:
        t = weight_step(chip, l, w.act_bits);
        p.write[0] = p.read[0] = chip.input.latency(l.max_row * bits / 8);
        break;
      case MnsimKind::pooling:
        t.pooling = data.constants.pooling_latency * ceil_ratio(l.cin, chip.pooling_units) *
                    ceil_ratio(l.kh * l.kw, chip.pooling_window);
        t.write_fixed = chip.output.latency(l.cin * bits / 8);
        t.read_fixed = chip.output.latency(l.cout * bits / 8);
        t.links = link;
        t.fixed = link + (quirks.pooling_reads_output_twice ? t.read_fixed : 0.0);
        p = window_positions(chip, l, l.cin, double(l.cin) * l.kh * l.kw, bits);
        break;
      case MnsimKind::element_sum:
        t.read_fixed = t.write_fixed = chip.output.latency(double(l.inputs.size()) * l.cin * bits / 8);
        t.links = link;
        t.fixed = data.constants.element_sum + link;
        break;
    }
    double duration[4];
    for (int k = 0; k < 4; ++k) duration[k] = (t.constant() + p.write[k] + p.read[k]) * l.activations;

    // The recurrence.
    std::vector<const double*> producers;
    for (int in : l.inputs)
      if (in >= 0) producers.push_back(finish[static_cast<std::size_t>(in)].data());
    std::vector<double>& mine = finish[i];
    mine.resize(static_cast<std::size_t>(l.pixels()));
    MnsimLayerResult out;
    double now = 0;
    std::size_t at = 0;
    for (int y = 0; y < l.out_h; ++y) {
      for (int x = 0; x < l.out_w; ++x, ++at) {
        double start = now;
        if (!producers.empty()) {
          std::size_t last = 0;
          if (l.kind == MnsimKind::fc) last = static_cast<std::size_t>(l.in_h) * static_cast<std::size_t>(l.in_w) - 1;
          else last = needed(l, y, x);
          for (const double* f : producers) start = std::max(start, f[last]);
        }
        if (at == 0) out.begin = start;
        now = start + duration[x == 0 ? (y == 0 ? 0 : 1) : (y == 0 ? 2 : 3)];
        mine[at] = now;
      }
    }
    out.finish = now;
    r.latency = std::max(r.latency, now);

    // Energy: how often each kind of position occurs.
    const double count[4] = {1, l.out_h - 1.0, l.out_w - 1.0, (l.out_h - 1.0) * (l.out_w - 1.0)};
    const double steps = static_cast<double>(l.pixels()) * l.activations;
    double read = t.read_fixed * steps, write = t.write_fixed * steps;
    for (int k = 0; k < 4; ++k) {
      read += count[k] * p.read[k] * l.activations;
      write += count[k] * p.write[k] * l.activations;
      out.busy += count[k] * duration[k];
    }
    out.step = duration[l.pixels() > 1 ? 3 : 0];
    out.links = t.links * steps;
    if (l.kind == MnsimKind::conv || l.kind == MnsimKind::fc) {
      out.energy = weight_energy(chip, l, t, steps, read, write);
    } else if (l.kind == MnsimKind::pooling) {
      out.energy.pooling = chip.pooling_power * l.tiles * t.pooling * steps;
      out.energy.buffer = 1e-3 * l.tiles * (chip.output.read_power * read + chip.output.write_power * write);
    } else if (!quirks.no_accumulator_energy) {
      out.energy.buffer = 1e-3 * (chip.global.read_power * read + chip.global.write_power * write);
      out.energy.digital = chip.adder_power(std::max(8, w.act_bits)) * static_cast<double>(l.cout) *
                           static_cast<double>(l.inputs.size() / 2) * chip.period * steps;
    }
    out.layer = l;
    out.area = per_tile.total() * l.tiles;
    r.energy += out.energy;
    r.layers.push_back(std::move(out));
  }
  const double tiles = m.tiles;
  r.area = {per_tile.crossbar * tiles, per_tile.adc * tiles,    per_tile.dac * tiles,
            per_tile.digital * tiles,  per_tile.buffer * tiles, per_tile.pooling * tiles};
  if (!quirks.no_accumulator_energy) {
    r.area.digital += static_cast<double>(m.global_adders) * chip.adder_area(std::max(8, w.act_bits));
    r.area.buffer += chip.global.area;
  }
  return r;
}

}  // namespace epim
