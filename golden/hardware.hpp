// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The parameters of one accelerator core and what follows from them.
#pragma once
#include <cstdint>

namespace epim {

/// Largest value of a signed field.
constexpr std::int64_t signed_max(int bits) { return (std::int64_t{1} << (bits - 1)) - 1; }

/// Bits of a slope A above its fraction, the sign included.
inline constexpr int slope_integer_bits = 4;
/// Legal widths of A where slopes are built.
inline constexpr int slope_bits_least = 8, slope_bits_most = 18;

/// Bits of an ADC's gain K below 1.
inline constexpr int adc_gain_fraction = 12;

/// What a configuration always says about a core. Widths in bits, sizes in elements.
struct FixedHardware {
  int xb_rows = 64;        ///< word lines of a crossbar; multiple of `lanes`
  int xb_cols = 64;        ///< bit lines (weight columns) of a crossbar; multiple of `cols_per_adc`
  int cell_bits = 2;       ///< bits per cell: 1, 2 or 4
  int weight_bits = 9;     ///< sign + magnitude: 2..9; codes are -(2^(w-1)-1) .. 2^(w-1)-1
  int act_bits = 9;        ///< 1..9 (signed: 2..9)
  bool act_signed = false; ///< two's complement activations: the sign bit is an input step of its own
  int dac_bits = 1;        ///< activation bits per input step: 1 or 2
  int cols_per_adc = 8;    ///< columns scanned by one ADC
  int lanes = 8;           ///< channels per word of the input buffer, input and output stream
  int out_bits = 9;        ///< bits per channel of the output stream
  int scale_bits = 8;      ///< width of M, unsigned
  bool zero_point = false; ///< build the zero-point path (Z != 0 legal)
  int channel_scale_bits = 16;  ///< width of G, signed
  int channel_bias_bits = 32;   ///< width of B, signed
  bool serial_multiply = false; ///< scale, zero point and requantiser multiply one bit per cycle
  bool input_shift = false;     ///< input register as shift registers instead of selected bit planes; dac_bits = 1
  int adc_stages = 1;           ///< registers behind an ADC: 1 or 2
  int rows_per_read = 0;        ///< word lines of a read, a divisor of `xb_rows`; 0: all
  int adc_latency = 1;          ///< cycles from a read to its codes
  int adc_interval = 1;         ///< cycles from a read to the next one
  bool hold_free = false;       ///< an activation waits before its dispatch for what it will need: the array is never held
  int fraction_bits = 0;        ///< F: bits of a cell below a level
  bool adc_trims = false;       ///< every ADC has a gain and an offset
  bool read_noise = false;      ///< every conversion has a noise; only with `adc_trims`
  int dim_bits = 16;            ///< bits of a row, column or frame count
  bool geometry_readback = true;  ///< the host can read the geometry registers
  bool load_stream = false;       ///< programs come through a load port as well
  bool parity = false;            ///< a parity bit beside every table entry and word of cells
  int program_banks = 1;          ///< programs that a core holds: with 2 the next one is loaded while one runs

  bool operator==(const FixedHardware&) const = default;

  /// S = ceil((WEIGHT_BITS-1)/CELL_BITS)
  int slices() const { return (weight_bits - 1 + cell_bits - 1) / cell_bits; }
  /// Crossbars of an array of rows x cols PEs: one per slice and polarity in each.
  int crossbars(int rows, int cols) const { return 2 * slices() * rows * cols; }
  /// Input steps that carry magnitude bits.
  int magnitude_steps() const {
    const int bits = act_signed ? act_bits - 1 : act_bits;
    return (bits + dac_bits - 1) / dac_bits;
  }
  /// STEPS: unsigned ceil(A/D); signed ceil((A-1)/D) + 1.
  int steps() const { return magnitude_steps() + (act_signed ? 1 : 0); }
  /// ADCs per PE and polarity-slice: column = step * adcs + lane.
  int adcs() const { return (xb_cols + cols_per_adc - 1) / cols_per_adc; }
  /// Which ADC of a polarity-slice converts a column of the PE array: pe column * adcs + lane.
  int adc_of(int column) const { return column / xb_cols * adcs() + column % xb_cols % adcs(); }
  /// R: word lines that a read drives at most.
  int read_rows() const { return rows_per_read > 0 ? rows_per_read : xb_rows; }
  /// Groups of R consecutive word lines of a crossbar.
  int row_groups() const { return xb_rows / read_rows(); }
  /// An input step is several reads, or takes several cycles: its reads are sequenced (docs/macro.md).
  bool sequenced_reads() const { return row_groups() > 1 || adc_interval > 1; }
  /// Bits of a cell's word: levels and what is below one.
  int word_bits() const { return cell_bits + fraction_bits; }
  /// Bits of an ADC's sum below a level: of the cells, and of its gain.
  int sum_fraction_bits() const { return fraction_bits + (adc_trims ? adc_gain_fraction : 0); }
  /// Column steps of a full column scan.
  int column_steps() const { return (xb_cols + adcs() - 1) / adcs(); }
  /// Input steps run from the most significant down: the sign step first (if any), then magnitude steps.
  /// First (least significant) activation bit of firing step b.
  int step_first_bit(int b) const {
    if (act_signed && b == 0) return act_bits - 1;
    return (steps() - 1 - b) * dac_bits;
  }
  /// Number of activation bits that firing step b drives (the top magnitude step may be narrower).
  int step_width(int b) const {
    if (act_signed && b == 0) return 1;
    const int top = act_signed ? act_bits - 1 : act_bits;
    const int first = step_first_bit(b);
    return first + dac_bits <= top ? dac_bits : top - first;
  }
  bool step_is_sign(int b) const { return act_signed && b == 0; }
  std::int64_t weight_max() const { return (std::int64_t{1} << (weight_bits - 1)) - 1; }
  std::int64_t act_min() const { return act_signed ? -(std::int64_t{1} << (act_bits - 1)) : 0; }
  std::int64_t act_max() const { return (std::int64_t{1} << (act_signed ? act_bits - 1 : act_bits)) - 1; }
  /// Smallest ADC that never saturates: ceil(log2(R*(2^CELL_BITS-1)*(2^DAC_BITS-1)+1)).
  int lossless_adc_bits() const {
    const std::int64_t top = std::int64_t{read_rows()} * ((1 << cell_bits) - 1) * ((1 << dac_bits) - 1);
    int bits = 1;
    while ((std::int64_t{1} << bits) < top + 1) ++bits;
    return bits;
  }
  /// Largest count of rows, columns or frames.
  int dim_max() const { return (1 << dim_bits) - 1; }
  /// Width of Z, signed.
  int zero_bits() const { return weight_bits + 1; }
  /// Cycles of one group in scale and zero point: one, or a load and a bit per cycle for each multiplication.
  int group_cycles() const {
    return serial_multiply ? scale_bits + 1 + (zero_point ? zero_bits() + 1 : 0) : 1;
  }
  /// Cycles from the last read of a column step to the accumulator write of its first group.
  int fire_to_write() const { return (serial_multiply ? 3 + group_cycles() : 5) + adc_stages + adc_latency - 1; }
  /// Cycles from taking a range to its first accumulator read.
  int take_to_read() const { return serial_multiply ? 3 : 1; }
};

/// Structure of a core: one PE array with its buffers.
struct Hardware : FixedHardware {
  int adc_bits = 16;       ///< resolution of an ADC; 16 never saturate in any legal crossbar
  int joint_lanes = 1;     ///< columns per cycle through scale, joint module and requantiser
  int pe_rows = 1, pe_cols = 1;  ///< PE array
  int buffer_words = 1024; ///< input buffer depth
  int acc_bits = 64;       ///< width of an accumulator, signed; 64 holds any sum
  int slope_bits = 0;      ///< width of A, signed: 8..18; 0: no slopes are built
  int pool = 0;            ///< 1: the PEs of the first row hold a weight pool, and every layer reads it (docs/pool.md)
  int adc_step = 0;        ///< an ADC's code counts 2^adc_step levels

  bool operator==(const Hardware&) const = default;

  /// Cells or ADCs are not ideal: a code is made of a sum in fractions of a level.
  bool analog() const { return fraction_bits > 0 || adc_trims || adc_step > 0; }
  /// Groups of `joint_lanes` columns that one column step takes through scale and joint.
  int joint_groups() const { return (adcs() + joint_lanes - 1) / joint_lanes; }
  /// Row slots of the input ring for rows of `row_words` words.
  std::int64_t ring_rows(std::int64_t row_words) const {
    const std::int64_t rows = buffer_words / row_words;
    return rows < dim_max() ? rows : dim_max();
  }
  /// F = SLOPE_BITS - 4: A stands for A/2^F in [-8, 8).
  int slope_fraction_bits() const { return slope_bits > 0 ? slope_bits - slope_integer_bits : 0; }
  /// The A of slope 1: 2^F.
  std::int64_t slope_one() const { return std::int64_t{1} << slope_fraction_bits(); }
  /// Cycles from one accumulator read of the drain to the next. Serially G and A multiply side by side, A one read behind.
  int read_cycles() const {
    if (!serial_multiply) return 1;
    return (slope_bits > channel_scale_bits ? slope_bits : channel_scale_bits) + 1;
  }
  /// Cycles from an accumulator read to the output packer.
  int read_to_pack() const {
    if (!serial_multiply) return slope_bits > 0 ? 4 : 3;
    return channel_scale_bits + 5 + (slope_bits > 0 ? slope_bits + 1 : 0);
  }
  /// Cycles in which the joint path takes the psums of one column step.
  int joint_cycles() const { return joint_groups() * group_cycles(); }
  /// Cycles in which a column step whose patch has word lines in `groups` row groups fires.
  int column_firing(int groups = 1) const { return steps() * groups * adc_interval; }
  /// Cycles of one column step: its firing, or longer where the joint path is narrower.
  int column_period(int groups = 1) const {
    return column_firing(groups) > joint_cycles() ? column_firing(groups) : joint_cycles();
  }
};

}  // namespace epim
