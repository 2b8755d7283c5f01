// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Processing element: one crossbar macro, shift-add over slices and input steps, per-crossbar scale and zero point.
///
/// For every selected column c, most significant input step first:
///   psum[c] = sum over steps b and reads of sgn(b) * 2^first_bit(b) * sum over slices s of 2^(s*CellBits) * (pos - neg)
/// and per group of `JointLanes` columns
///   prod[c] = M * ( psum[c] + Z * sum of x )      (Z only with `ZeroPoint`).
/// Latency: codes (f+1+AdcStages) to finished psums one cycle; a group selected in cycle h is on `prod_o` from h+2. With
/// `SerialMultiply` Z and M are multiplied bit by bit: a group taken with `ser_load_i` in cycle h is on `prod_o` from
/// h+GroupCycles on, GroupCycles = ScaleBits+1, and ZeroBits+1 more with `ZeroPoint`.
module epim_pe #(
  /// Word lines.
  parameter int XbRows = 64,
  /// Bit lines.
  parameter int XbCols = 64,
  /// Bits of a cell.
  parameter int CellBits = 2,
  /// Magnitude slices.
  parameter int Slices = 4,
  /// Bits of an activation.
  parameter int ActBits = 8,
  /// Activation bits per input step.
  parameter int DacBits = 1,
  /// ADC resolution.
  parameter int AdcBits = 8,
  /// ADC lanes.
  parameter int Adcs = 8,
  /// Columns per cycle through the scale multiplier.
  parameter int JointLanes = 2,
  /// Bits of the scale M.
  parameter int ScaleBits = 8,
  /// Build the zero-point path.
  parameter bit ZeroPoint = 1'b0,
  /// Bits of the zero point Z, signed.
  parameter int ZeroBits = 10,
  /// Bits of a signed sum of activations.
  parameter int SumW = 16,
  /// Multiply serially, without a multiplier.
  parameter bit SerialMultiply = 1'b0,
  /// Imperfect cells and ADCs: epim_crossbar.
  parameter int FractionBits = 0,
  parameter bit Trims = 1'b0,
  parameter bit ReadNoise = 1'b0,
  parameter int AdcStep = 0,
  /// Crossbar cell memory as RAMs.
  parameter bit Ram = 1'b0,
  /// Every ADC lane has a column step of its own.
  parameter bit LaneSteps = 1'b0,
  /// The ADCs rest where `active_i` is low.
  parameter bit Rests = 1'b0,
  /// Count events.
  parameter bit Count = 1'b1,
  /// Cycles from a read to its codes, >= 1.
  parameter int AdcStages = 1,
  /// Word lines of a read: an input step is one read, or with fewer than `XbRows` several.
  parameter int RowsPerRead = XbRows,
  /// Words of cells have a parity bit.
  parameter bit Parity = 1'b0,
  /// Programs whose M and Z the PE holds. Cells of a second one are columns of the crossbar.
  parameter int Banks = 1,
  /// Cell image; empty: none.
  parameter InitFile = "",
  /// Image of the trims; empty: none.
  parameter TrimFile = "",
  /// M at reset.
  parameter int ScaleInit = 1,
  /// Z at reset.
  parameter int ZeroInit = 0,
  /// Derived parameter, do not overwrite.
  localparam int CStepW = epim_pkg::idx_width(epim_pkg::ceil_div(XbCols, Adcs)),
  /// Derived parameter, do not overwrite.
  localparam int GroupW = epim_pkg::idx_width(epim_pkg::ceil_div(Adcs, JointLanes)),
  /// Derived parameter, do not overwrite: crossbar program address bits.
  localparam int ProgW = CStepW + epim_pkg::idx_width(Adcs) + epim_pkg::idx_width(2 * Slices * (CellBits + FractionBits))
                         + epim_pkg::idx_width(epim_pkg::ceil_div(XbRows, 64)),
  /// Derived parameter, do not overwrite: bits of a signed psum.
  localparam int PsumW = (FractionBits > 0 || Trims || AdcStep > 0)
                         ? epim_pkg::analog_psum_width(XbRows / epim_pkg::max2(RowsPerRead, 1), AdcBits, AdcStep, Slices * CellBits, ActBits)
                         : epim_pkg::psum_width(XbRows, Slices * CellBits, ActBits),
  /// Derived parameter, do not overwrite: bits of psum + Z * sum.
  localparam int ZeroedW = ZeroPoint ? epim_pkg::max2(PsumW, ZeroBits + SumW) + 1 : PsumW,
  /// Derived parameter, do not overwrite: bits of a signed product.
  localparam int ProdW = ZeroedW + ScaleBits
) (
  /// Clock.
  input  logic                        clk_i,
  /// Reset, active low.
  input  logic                        rst_ni,
  /// The array pipeline advances.
  input  logic                        en_i,
  /// Crossbar controls in cycle f.
  input  logic                        fire_i,
  input  logic                        load_i,
  input  logic [(LaneSteps ? Adcs : 1)*CStepW-1:0] cstep_i,
  input  logic [Adcs-1:0]             sel_i,
  input  logic [DacBits*XbRows-1:0]   wl_i,
  /// The firing patch has a word line of this PE (read with `Rests` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                        active_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Sum of the word lines' activations of the firing patch.
  input  logic [SumW-1:0]             sum_i,
  /// Shift-add controls in cycle f+1+AdcStages.
  input  logic                        acc_valid_i,
  input  logic                        acc_first_i,
  /// First read of an input step.
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                        acc_step_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                        acc_sign_i,
  input  logic                        acc_narrow_i,
  input  logic                        acc_last_i,
  /// Group of finished psums to scale.
  input  logic [GroupW-1:0]           group_i,
  /// The group's psums are taken in this cycle (read with `SerialMultiply` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                        ser_load_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Scaled group, column i at [i*ProdW +: ProdW], signed.
  output logic [JointLanes*ProdW-1:0] prod_o,
  /// Finished psums of a column step, lane l at [l*PsumW +: PsumW], valid with `ser_valid` of group 0.
  output logic [Adcs*PsumW-1:0]       psum_o,
  /// Event counts of the conversions of the last cycle.
  output logic [31:0]                 cell_reads_o,
  output logic [15:0]                 adc_zero_o,
  output logic [15:0]                 adc_saturated_o,
  /// First read of a frame, and what its number adds to the seeds of the noise.
  input  logic                        frame_i,
  input  logic [31:0]                 frame_offset_i,
  /// Program the crossbar; its trims; `prog_scale_we_i` writes {Z, M}.
  input  logic                        prog_cell_we_i,
  input  logic                        prog_trim_we_i,
  input  logic [ProgW-1:0]            prog_addr_i,
  input  logic                        prog_scale_we_i,
  input  logic [63:0]                 prog_data_i,
  /// The program that runs; entries are stored beside it (read with two `Banks` only).
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic                        program_bank_i,
  /* verilator lint_on UNUSEDSIGNAL */
  /// Store the cells with a wrong bit; cells that are read are wrong (with `Parity`).
  input  logic                        prog_flip_i,
  output logic                        err_o
);

  logic [Adcs*Slices*2*AdcBits-1:0] code;

  epim_crossbar #(
    .XbRows(XbRows), .XbCols(XbCols), .CellBits(CellBits), .Slices(Slices), .DacBits(DacBits), .AdcBits(AdcBits),
    .Adcs(Adcs), .Ram(Ram), .AdcStages(AdcStages), .RowsPerRead(RowsPerRead), .LaneSteps(LaneSteps), .FractionBits(FractionBits), .Trims(Trims),
    .ReadNoise(ReadNoise), .AdcStep(AdcStep), .Count(Count), .Parity(Parity), .InitFile(InitFile), .TrimFile(TrimFile)
  ) u_crossbar (
    .clk_i, .rst_ni, .en_i, .fire_i, .load_i, .cstep_i, .sel_i((!Rests || active_i) ? sel_i : '0), .wl_i, .code_o(code),
    .cell_reads_o, .adc_zero_o, .adc_saturated_o,
    .frame_i, .frame_offset_i, .trim_we_i(prog_trim_we_i), .prog_we_i(prog_cell_we_i), .prog_addr_i, .prog_data_i,
    .prog_flip_i, .err_o
  );

  // ADCs that rested have no code: `active_i` waits as long as the conversion.
  logic converted;
  generate
    if (Rests) begin : gen_rests
      logic [AdcStages:0] actives_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) actives_q <= '0;
        else if (en_i) actives_q <= {actives_q[AdcStages-1:0], active_i};
      end
      assign converted = actives_q[AdcStages];
    end else begin : gen_always
      assign converted = 1'b1;
    end
  endgenerate

  localparam bit Grouped = RowsPerRead < XbRows;  // an input step is several reads
  logic [Adcs*PsumW-1:0]   psum_q, psum, hold_q;
  logic signed [PsumW-1:0] step_sum, old, shifted;
  always_comb begin
    psum = psum_q;
    step_sum = '0;
    old = '0;
    shifted = '0;
    if (acc_valid_i) begin
      for (int l = 0; l < Adcs; l++) begin
        step_sum = '0;
        for (int s = 0; s < Slices; s++) begin
          step_sum = step_sum
            + (($signed(PsumW'(code[((l*Slices+s)*2+0)*AdcBits +: AdcBits]))
              - $signed(PsumW'(code[((l*Slices+s)*2+1)*AdcBits +: AdcBits]))) <<< (s * CellBits + AdcStep));
        end
        if (!converted) step_sum = '0;
        old = $signed(psum_q[l*PsumW +: PsumW]);
        shifted = acc_narrow_i ? (old <<< 1) : (old <<< DacBits);
        if (Grouped) begin
          if (!acc_step_i) shifted = old;
        end
        if (acc_first_i) psum[l*PsumW +: PsumW] = acc_sign_i ? -step_sum : step_sum;
        else             psum[l*PsumW +: PsumW] = shifted + (!Grouped ? step_sum : acc_sign_i ? -step_sum : step_sum);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i && acc_valid_i) begin
      psum_q <= psum;
      if (acc_last_i) hold_q <= psum;
    end
  end
  assign psum_o = hold_q;

  // Scale and zero point.
  localparam int ScaleW = epim_pkg::max2(ScaleBits, 1);  // a rule refuses 0
  logic [ScaleW-1:0]       scale;
  logic [Banks*ScaleW-1:0] scales;
  logic [Banks-1:0]        scale_we;  // of the program that does not run
  generate
    for (genvar b = 0; b < Banks; b++) begin : gen_scale_bank
      logic [ScaleW-1:0] scale_q;
      assign scale_we[b] = prog_scale_we_i && ((Banks == 1) || (program_bank_i != 1'(b)));
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) scale_q <= ScaleW'(ScaleInit);
        else if (scale_we[b]) scale_q <= prog_data_i[ScaleW-1:0];
      end
      assign scales[b*ScaleW +: ScaleW] = scale_q;
    end
  endgenerate
  assign scale = ((Banks > 1) && program_bank_i) ? scales[(Banks-1)*ScaleW +: ScaleW] : scales[ScaleW-1:0];

  // Operands and product of the zero point: what the chosen multiplication does not read stays open.
  /* verilator lint_off UNUSEDSIGNAL */
  logic signed [ZeroedW-1:0] offset;
  logic [ZeroBits-1:0]       zero;
  logic [SumW-1:0]           sum_hold;
  /* verilator lint_on UNUSEDSIGNAL */
  generate
    if (ZeroPoint) begin : gen_zero
      logic [Banks*ZeroBits-1:0]  zeros;
      logic signed [SumW-1:0]     sum1_q, sum2, sum_hold_q;
      for (genvar b = 0; b < Banks; b++) begin : gen_zero_bank
        logic [ZeroBits-1:0] zero_q;
        always_ff @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) zero_q <= ZeroBits'(ZeroInit);
          else if (scale_we[b]) zero_q <= prog_data_i[32 +: ZeroBits];
        end
        assign zeros[b*ZeroBits +: ZeroBits] = zero_q;
      end
      always_ff @(posedge clk_i) begin
        if (en_i) begin
          if (fire_i) sum1_q <= $signed(sum_i);
          if (acc_valid_i && acc_last_i) sum_hold_q <= sum2;
        end
      end
      // The sum waits as long as the conversion.
      logic [AdcStages*SumW-1:0] sums_q;
      if (AdcStages > 1) begin : gen_wait
        always_ff @(posedge clk_i) begin
          if (en_i) sums_q <= {sums_q[(AdcStages-1)*SumW-1:0], sum1_q};
        end
      end else begin : gen_one
        always_ff @(posedge clk_i) begin
          if (en_i) sums_q <= sum1_q;
        end
      end
      assign sum2 = $signed(sums_q[AdcStages*SumW-1 -: SumW]);
      assign zero     = ((Banks > 1) && program_bank_i) ? zeros[(Banks-1)*ZeroBits +: ZeroBits] : zeros[ZeroBits-1:0];
      assign sum_hold = sum_hold_q;
      if (SerialMultiply) begin : gen_serial
        assign offset = '0;
      end else begin : gen_parallel
        assign offset = ZeroedW'($signed(zero)) * ZeroedW'(sum_hold_q);
      end
    end else begin : gen_no_zero
      assign offset   = '0;
      assign zero     = '0;
      assign sum_hold = '0;
      logic unused;
      assign unused = ^{sum_i, prog_data_i[63:ScaleBits]} ^ (ZeroInit != 0);
    end
  endgenerate

  localparam int Groups = epim_pkg::ceil_div(Adcs, JointLanes);
  logic [Groups*JointLanes*PsumW-1:0] hold_padded;
  assign hold_padded = (Groups*JointLanes*PsumW)'(hold_q);

  generate
    for (genvar i = 0; i < JointLanes; i++) begin : gen_scale
      logic signed [PsumW-1:0]   column;
      logic signed [ProdW-1:0]   prod_q;
      assign column = $signed(hold_padded[(32'(group_i)*JointLanes+i)*PsumW +: PsumW]);
      if (SerialMultiply) begin : gen_serial
        logic signed [ZeroedW-1:0] zeroed;
        logic                      load;
        if (ZeroPoint) begin : gen_zeroed
          localparam int ResultW = epim_pkg::max2(SumW, PsumW) + 1 + ZeroBits;
          /* verilator lint_off UNUSEDSIGNAL */
          logic signed [ResultW-1:0] product;  // wider than the sum can be
          /* verilator lint_on UNUSEDSIGNAL */
          logic                      zero_last, load_q;
          epim_serial_mul #(.AWidth(SumW), .BWidth(ZeroBits), .BSigned(1'b1), .CWidth(PsumW)) u_zero (
            .clk_i, .rst_ni, .clear_i(1'b0), .en_i, .load_i(ser_load_i), .a_i(sum_hold), .b_i(zero), .c_i(column),
            .last_o(zero_last), .result_o(product)
          );
          always_ff @(posedge clk_i or negedge rst_ni) begin
            if (!rst_ni) load_q <= 1'b0;
            else if (en_i) load_q <= zero_last;
          end
          assign zeroed = ZeroedW'(product);
          assign load   = load_q;
        end else begin : gen_plain
          assign zeroed = ZeroedW'(column);
          assign load   = ser_load_i;
        end
        /* verilator lint_off UNUSEDSIGNAL */
        logic signed [ZeroedW+ScaleBits:0] result;      // wider than the product can be
        logic                              scale_last;  // the fire controller counts for the joint module
        /* verilator lint_on UNUSEDSIGNAL */
        epim_serial_mul #(.AWidth(ZeroedW), .BWidth(ScaleBits), .BSigned(1'b0), .CWidth(1)) u_scale (
          .clk_i, .rst_ni, .clear_i(1'b0), .en_i, .load_i(load), .a_i(zeroed), .b_i(scale), .c_i(1'b0),
          .last_o(scale_last), .result_o(result)
        );
        assign prod_q = ProdW'(result);
      end else begin : gen_parallel
        logic signed [ZeroedW-1:0] zeroed_q;
        always_ff @(posedge clk_i) begin
          if (en_i) begin
            zeroed_q <= ZeroedW'(column) + offset;
            prod_q   <= ProdW'(zeroed_q) * $signed(ProdW'(scale));
          end
        end
      end
      assign prod_o[i*ProdW +: ProdW] = prod_q;
    end
  endgenerate

endmodule
