// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The arithmetic of the crossbars, bit for bit, and the events it causes.
///
/// For each output range, each patch j of it, each PE row t and each column c that j selects (u = c / XB_COLS):
///   psum[t][c] = sum_b sgn(b)*2^first(b) * sum_g sum_s 2^(s*CELL_BITS) * (ADC(sum_{r in g} x[r,b]*Gpos[t][r][c][s])
///                                                                       - ADC(sum_{r in g} x[r,b]*Gneg[t][r][c][s]))
/// A weight pool's first PE row reads its columns in the order of the patch (golden/pool.hpp): G[0][r][pi(c)][s] in place of G[0][r][c][s].
///   acc[c]    += M[t,u] * (psum[t][c] + Z[t,u] * sum_{r in t} x[r])
///   v          = acc[c]*G[ch] + B[ch]
///   out[ch]    = clamp(((v < 0 ? (v*A[ch]) >> F : v) + half) >> SH, lo, hi),  half = 2^(SH-1), 0 when SH = 0
/// With fraction_bits F, adc_trims or adc_step a conversion is (docs/device.md; KF = 12 with adc_trims, else K = 1, O = 0, KF = 0)
///   ADC(sum) = clamp((sum*K + O + n + half) >> (F + KF + adc_step), 0, 2^ADC_BITS - 1) * 2^adc_step,
/// the cells in units of 2^-F levels, K, O and n of this ADC, n the noise of this conversion (golden/read_noise.hpp).
/// b runs over the input steps, g over the row groups that j reads, s over the weight slices; ADC() clips at 2^ADC_BITS - 1.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/events.hpp"
#include "golden/firing_plan.hpp"
#include "golden/layer.hpp"
#include "golden/layer_check.hpp"
#include "golden/patch_words.hpp"

namespace epim {

/// What negative values are multiplied by: a / 2^f.
struct NegativeSlope {
  std::int64_t a = 1;
  int f = 0;
};

/// v = acc*g + b; clamp(((v < 0 ? (v*a) >> f : v) + half) >> shift, lo, hi), half = 2^(shift-1) or 0; >> rounds towards
/// minus infinity.
std::int64_t requantise(std::int64_t acc, std::int64_t g, std::int64_t b, int shift, std::int64_t lo,
                        std::int64_t hi, NegativeSlope slope = {});

/// When a conversion happens: what read noise depends on.
struct Moment {
  std::int64_t position = 0;  ///< output position oy*out_w + ox
  std::int64_t frame = 0;     ///< of the run
};

/// How often ADCs convert in one output position: which conversion a sample of read noise belongs to.
struct RoundConversions {
  std::vector<std::int64_t> total;                ///< by Hardware::adc_of
  std::vector<std::vector<std::int64_t>> before;  ///< [firing][column of its patch]: of its ADC before the firing
};
RoundConversions round_conversions(const Hardware& layer_hardware, const Layer& layer, const FiringPlan& plan);
/// An ADC without gain error, offset and noise.
AdcTrim ideal_trim(const Hardware& hardware);

struct ConversionSums;

/// What one firing saw and gave.
struct FiringTrace {
  std::vector<std::int32_t> rows;   ///< [pe_rows*xb_rows] word-line values, zero where the patch uses none
  std::vector<std::int64_t> psum;   ///< [pe_rows][beta2]
  std::vector<std::int64_t> sum_x;  ///< [pe_rows]
};

/// Every stage of one output position.
struct RoundTrace {
  std::vector<FiringTrace> firings;             ///< one per firing of the plan
  std::vector<std::vector<std::int64_t>> acc;   ///< [range][columns] finished accumulators
  std::vector<std::int64_t> out;                ///< [stored_cout]
};

/// A layer loaded into a core. All methods are const and may run in several threads at once.
class GoldenLayer {
 public:
  /// Throws InputError from validate_patches and plan_firings, and
  /// `pe-array-too-small`, `crossbar-shape`, `bit-width`, `layer-data-shape`, `layer-data-range`,
  /// `zero-point-not-built`, `activation-format`, `wrap-not-periodic` (stored_once with G or B not of period c), `clamp-range`.
  GoldenLayer(const Hardware& hardware, const Layer& layer, const LayerData& data);

  const Hardware& hardware() const { return core_; }
  /// The same with activations in the layer's own format: the input steps that it fires.
  const Hardware& layer_hardware() const { return hw_; }
  const Layer& layer() const { return layer_; }
  const LayerData& data() const { return data_; }
  const std::vector<Firing>& firings() const { return plan_.firings; }
  const std::vector<OutputRange>& ranges() const { return plan_.ranges; }
  /// Channels emitted per output position: Cout, or c with Wrap::stored_once.
  int stored_cout() const { return plan_.stored_cout; }
  /// Word lines of the PE array: pe_rows*xb_rows.
  int total_rows() const { return hw_.pe_rows * hw_.xb_rows; }
  /// Row groups that a firing reads, ascending.
  const std::vector<int>& row_groups(int firing) const { return row_groups_[static_cast<std::size_t>(firing)]; }
  /// CSTEPS of a firing.
  int column_steps(int firing) const { return csteps_[static_cast<std::size_t>(firing)]; }
  /// Words that a firing loads: channel blocks of its input range times Kh*Kw.
  int words(int firing) const;
  /// Words of it that are not padding at output position (oy, ox).
  int words_read(int firing, int oy, int ox) const;

  /// Throws InputError `tensor-shape` or `activation-range` where x is not [stored_cin][H][W] of legal activations.
  void check_input(const IntTensor& x) const;
  /// rows[pe_rows*xb_rows] = the activation on each physical word line, zero on lines the patch does not use.
  void gather(const IntTensor& x, int oy, int ox, int firing, std::vector<std::int32_t>& rows) const;
  /// psum[t*beta2 + (c - c_out)] of the equation above. Adds cell_reads, adc_conversions, adc_zero, adc_saturated,
  /// shift_adds, word_line_drives, fire_cycles.
  void psums(const std::vector<std::int32_t>& rows, int firing, std::int64_t* psum, EventCounts& events,
             Moment moment = {}) const;
  /// sum_x[t] = sum of rows of PE row t.
  void row_sums(const std::vector<std::int32_t>& rows, std::int64_t* sum_x) const;
  /// out[ch] from an accumulator, with the channel's own G, B and A.
  std::int64_t requantise_channel(std::int64_t acc, int channel) const;

  /// One output position, every stage kept. x is not checked again (see check_input). Adds all events but
  /// idle_cycles and input_buffer_writes, which do not belong to a round.
  void run_round(const IntTensor& x, int oy, int ox, RoundTrace& trace, EventCounts& events,
                 std::int64_t frame = 0) const;
  /// A whole frame: y[stored_cout][out_h][out_w]. Adds all events but idle_cycles, which the timing model counts.
  /// Output rows are dealt to `threads` threads; the result does not depend on their number.
  IntTensor run(const IntTensor& x, EventCounts& events, int threads = 1, std::int64_t frame = 0) const;

 private:
  void load();
  void load_analog();
  void convert_analog(int t, int sp, int firing, int shift, bool negative, const std::uint64_t* sums, const std::int32_t* noise,
                      std::int64_t* psum, ConversionSums& counted) const;
  std::vector<std::int32_t> noise_of(int t, int firing, Moment moment) const;
  const AdcTrim& trim(int t, int column, int sp) const {
    return trims_[static_cast<std::size_t>((t * hw_.pe_cols * hw_.adcs() + hw_.adc_of(column)) * hw_.slices() * 2 + sp)];
  }
  Hardware core_, hw_;
  Layer layer_;
  LayerData data_;
  FiringPlan plan_;
  std::vector<int> csteps_;
  std::vector<std::vector<int>> row_groups_;   ///< per firing
  std::vector<std::vector<int>> converting_;   ///< per firing: PE rows whose ADCs convert
  std::vector<std::vector<PatchWord>> patch_words_;  ///< per firing
  int words64_ = 0;     ///< 64-bit words per column of one crossbar
  int columns_ = 0;     ///< pe_cols*xb_cols
  std::vector<AdcTrim> trims_;         ///< AnalogData::trims
  RoundConversions conversions_;       ///< with read noise
  std::vector<std::uint64_t> planes_;  ///< [t][slice][polarity][bit of the cell's word][word][column], row r in bit r%64 of word r/64
};

}  // namespace epim
