// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// The ADCs of a PE as they are in silicon, as a behavioural model.
///
/// ADC i converts what its bit line carries, sum[i] in levels of 2^-FractionBits, to
///   code[i] = clamp( (sum*K + O + n + half) >> (FractionBits + KF + AdcStep), 0, 2^AdcBits - 1 ),   half: one half of a code.
/// With `Trims` KF = 12, gain K and offset O are the ADC's own; without KF = 0, K = 1, O = 0. n = 0 without `ReadNoise`; with it
///   n = (b3 + b2 + b1 + b0) * N >> 6,   b3..b0 the signed bytes of the ADC's register,
/// which every conversion of this ADC steps before: x ^= x << 13; x ^= x >> 17; x ^= x << 5 (32 bits, period 2^32 - 1). Before the
/// first read of a frame it is seed + frame_offset, or 1 where that is 0.
/// Trims: 64 bits {O (28, signed), N (22), K (14)} at 2*i, the seed in the low 32 bits at 2*i + 1.
/// Latency: the registers step with `read_i`; codes of a sum in the cycle of the sum.
module epim_adc #(
  /// ADC lanes; ADCs of a lane.
  parameter int Adcs = 8,
  parameter int PerLane = 8,
  /// Bits of a sum.
  parameter int SumW = 12,
  /// Bits of a sum below a level: 0..6.
  parameter int FractionBits = 0,
  /// Bits of a code.
  parameter int AdcBits = 8,
  /// A code counts 2^AdcStep levels: 0..12.
  parameter int AdcStep = 0,
  /// Gain and offset per ADC; noise, only with them.
  parameter bit Trims = 1'b0,
  parameter bit ReadNoise = 1'b0,
  /// Program address bits.
  parameter int AddrW = 8,
  /// Image of the trims, `$readmemh`; empty: none.
  parameter InitFile = "",
  /// Derived parameter, do not overwrite.
  localparam int Count = Adcs * PerLane
) (
  /// Clock.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                     clk_i,
  /// A read begins, and the lanes that will convert.
  input  logic                     read_i,
  input  logic [Adcs-1:0]          sel_i,
  /// It is the first of a frame, whose number adds this to the seeds.
  input  logic                     frame_i,
  input  logic [31:0]              frame_offset_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Lanes that convert; the others give 0.
  input  logic [Adcs-1:0]          converts_i,
  /// Sums, ADC i at [i*SumW +: SumW].
  input  logic [Count*SumW-1:0]    sum_i,
  /// Codes; sums that were above the largest code.
  output logic [Count*AdcBits-1:0] code_o,
  output logic [Count-1:0]         over_o,
  /// Program a trim.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                     trim_we_i,
  input  logic [AddrW-1:0]         trim_addr_i,
  input  logic [63:0]              trim_data_i
  /* verilator lint_on UNUSEDSIGNAL */
);

  generate
    if (FractionBits < 0 || FractionBits > 6) begin : gen_rule1 epim_rule_fraction_bits_0_to_6 u_rule (); end
    if (ReadNoise && !Trims)                  begin : gen_rule2 epim_rule_read_noise_needs_trims u_rule (); end
    if (AdcStep < 0 || AdcStep > 12)          begin : gen_rule3 epim_rule_adc_step_0_to_12 u_rule (); end
  endgenerate

  localparam int GainBits = 14, NoiseBits = 22, OffsetBits = 28;
  localparam int Shift  = FractionBits + (Trims ? epim_pkg::AdcGainFraction : 0) + AdcStep;
  localparam int ValueW = 1 + epim_pkg::max2(Trims ? epim_pkg::max2(SumW + GainBits, OffsetBits) + 2 : SumW + 1, Shift + AdcBits);
  localparam logic signed [ValueW-1:0] Half = ValueW'((Shift > 0) ? (1 << Shift) >> 1 : 0);
  localparam logic signed [ValueW-1:0] Top  = ValueW'((1 << AdcBits) - 1);

  logic [Count*ValueW-1:0] values;
  generate
    for (genvar i = 0; i < Count; i++) begin : gen_code
      logic signed [ValueW-1:0] code;
      assign code = $signed(values[i*ValueW +: ValueW] + Half) >>> Shift;
      assign over_o[i] = converts_i[i / PerLane] && (code > Top);
      assign code_o[i*AdcBits +: AdcBits] = (!converts_i[i / PerLane] || code[ValueW-1]) ? '0 : ((code > Top) ? '1 : AdcBits'(code));
    end
    if (Trims) begin : gen_trims
      logic [63:0] trims_q [0:2*Count-1];
      if (InitFile != "") begin : gen_init
        initial $readmemh(InitFile, trims_q);
      end
      localparam int WordW = epim_pkg::idx_width(2 * Count);
      // `always`: what an `initial` writes may not be written by `always_ff` (IEEE 1800-2017, 9.2.2.4).
      always @(posedge clk_i) begin
        if (trim_we_i) trims_q[WordW'(trim_addr_i)] <= trim_data_i;
      end
      for (genvar i = 0; i < Count; i++) begin : gen_adc
        logic [63:0]              trim;
        logic signed [ValueW-1:0] noise;
        assign trim = trims_q[2*i];
        assign values[i*ValueW +: ValueW] = ValueW'(sum_i[i*SumW +: SumW]) * ValueW'(trim[GainBits-1:0])
                                            + ValueW'($signed(trim[63 -: OffsetBits])) + noise;
        if (ReadNoise) begin : gen_noise
          /* verilator lint_off UNUSEDSIGNAL */
          logic [63:0] seed;
          /* verilator lint_on UNUSEDSIGNAL */
          logic [31:0] state_q, first, base;
          assign seed   = trims_q[2*i+1];
          assign first  = seed[31:0] + frame_offset_i;
          assign base   = !frame_i ? state_q : ((first == 32'd0) ? 32'd1 : first);
          always_ff @(posedge clk_i) begin
            if (read_i && (sel_i[i / PerLane] || frame_i)) state_q <= sel_i[i / PerLane] ? epim_pkg::noise_step(base) : base;
          end
          logic signed [9:0]           fields;
          logic signed [10+NoiseBits:0] product;
          assign fields  = 10'($signed(state_q[31:24])) + 10'($signed(state_q[23:16])) + 10'($signed(state_q[15:8]))
                           + 10'($signed(state_q[7:0]));
          assign product = (11 + NoiseBits)'(fields) * $signed({11'd0, trim[GainBits +: NoiseBits]});
          assign noise   = ValueW'(product >>> 6);
        end else begin : gen_no_noise
          assign noise = '0;
        end
      end
    end else begin : gen_no_trims
      for (genvar i = 0; i < Count; i++) begin : gen_adc
        assign values[i*ValueW +: ValueW] = ValueW'(sum_i[i*SumW +: SumW]);
      end
    end
  endgenerate

endmodule
