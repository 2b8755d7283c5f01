// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_pe with its crossbar: shift-add equals signed multiplication.
///
/// The crossbar is programmed with free weights (sign and magnitude) through its port. Then activations with free
/// inputs follow each other, with bubbles and stops of the array at any time; the ADC is lossless. One column.
///   psum = sum over rows r of x[r] * w[r],   prod = M * (psum + Z * sum of x)
module proof #(
  parameter int XbRows = 2,
  parameter int CellBits = 1,
  parameter int Slices = 2,
  parameter int ActBits = 2,
  parameter bit ActSigned = 1'b0,
  parameter int DacBits = 1,
  parameter int AdcBits = 2,
  parameter bit Ram = 1'b0,
  parameter int RowsPerRead = XbRows,
  localparam int Reads = XbRows / RowsPerRead,
  localparam int Steps = epim_pkg::ceil_div(ActSigned ? ActBits - 1 : ActBits, DacBits) + (ActSigned ? 1 : 0),
  localparam int MagBits = Slices * CellBits,
  localparam int Planes = 2 * MagBits,
  localparam int PlaneW = epim_pkg::idx_width(Planes),
  localparam int PsumW = epim_pkg::psum_width(XbRows, MagBits, ActBits),
  localparam int WideW = PsumW + 2
) (
  input logic                      clk_i,
  input logic                      en, go,
  input logic [XbRows*ActBits-1:0] x_in
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  (* anyconst *) logic [XbRows*MagBits-1:0] magnitude;
  (* anyconst *) logic [XbRows-1:0]         negative;

  // Programming: one bit plane per cycle.
  logic [PlaneW:0]   plane;
  logic              programming;
  logic [63:0]       bits;
  assign programming = rst_n && 32'(plane) < Planes;
  always_ff @(posedge clk_i) begin
    if (!rst_n) plane <= '0;
    else if (programming) plane <= plane + 1'b1;
  end
  always_comb begin
    bits = '0;
    for (int s = 0; s < Slices; s++) begin
      for (int n = 0; n < 2; n++) begin
        for (int b = 0; b < CellBits; b++) begin
          if (32'(plane) == (s * 2 + n) * CellBits + b) begin
            for (int r = 0; r < XbRows; r++) begin
              bits[r] = magnitude[r*MagBits+s*CellBits+b] && (negative[r] == (n == 1));
            end
          end
        end
      end
    end
  end

  // Input steps of an activation, most significant first; of each the reads, group after group of rows.
  logic                      busy;
  logic [3:0]                step, read;
  logic [XbRows*ActBits-1:0] x;
  logic                      step_last;
  assign step_last = step == 4'(Steps - 1) && read == 4'(Reads - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_n || programming) busy <= 1'b0;
    else if (en) begin
      if (busy && !step_last) begin
        step <= (read == 4'(Reads - 1)) ? step + 4'd1 : step;
        read <= (read == 4'(Reads - 1)) ? 4'd0 : read + 4'd1;
      end else if (go) begin
        busy <= 1'b1; step <= '0; read <= '0; x <= x_in;
      end else busy <= 1'b0;
    end
  end
  logic [DacBits*XbRows-1:0] wl;
  always_comb begin
    wl = '0;
    for (int r = 0; r < XbRows; r++) begin
      for (int b = 0; b < Steps; b++) begin
        if (step == 4'(b) && read == 4'(r / RowsPerRead)) begin
          for (int d = 0; d < DacBits; d++) begin
            if (ActSigned && b == 0) begin
              if (d == 0) wl[r] = x[r*ActBits+ActBits-1];
            end else if ((Steps - 1 - b) * DacBits + d < (ActSigned ? ActBits - 1 : ActBits)) begin
              wl[d*XbRows+r] = x[r*ActBits + ((Steps - 1 - b) * DacBits + d) % ActBits];
            end
          end
        end
      end
    end
  end

  logic                      v1, v2, f1, f2, g1, g2, z1, z2, s1, s2, l1, l2, valid;
  logic [XbRows*ActBits-1:0] x1, x2;
  logic [PsumW-1:0]          psum;
  logic [PsumW:0]            prod;
  logic [31:0]               reads;
  logic [15:0]               zeros, saturated;
  logic                      wrong;
  epim_pe #(.XbRows(XbRows), .XbCols(1), .CellBits(CellBits), .Slices(Slices), .ActBits(ActBits),
            .DacBits(DacBits), .AdcBits(AdcBits), .Adcs(1), .JointLanes(1), .ScaleBits(1),
            .Ram(Ram), .RowsPerRead(RowsPerRead), .Count(1'b1)) dut (
    .clk_i, .rst_ni(rst_n), .en_i(en), .fire_i(busy), .load_i(busy && step == '0 && read == '0), .cstep_i(1'b0), .sel_i(1'b1),
    .wl_i(wl), .sum_i(16'd0), .acc_valid_i(v2), .acc_first_i(f2), .acc_step_i(g2), .acc_sign_i(ActSigned && z2),
    .acc_narrow_i(ActSigned && s2 && DacBits == 2 && ActBits % 2 == 0), .acc_last_i(l2), .group_i(1'b0), .prod_o(prod), .psum_o(psum),
    .cell_reads_o(reads), .adc_zero_o(zeros), .adc_saturated_o(saturated), .frame_i(1'b0), .frame_offset_i(32'd0),
    .prog_trim_we_i(1'b0), .prog_cell_we_i(programming), .prog_addr_i({2'b00, plane[PlaneW-1:0], 1'b0}), .prog_scale_we_i(1'b0), .prog_data_i(bits),
    .prog_flip_i(1'b0), .err_o(wrong)
  );

  // Sum of the products, as integers.
  logic signed [WideW-1:0] want, want_q, xv, wv;
  always_comb begin
    want = '0;
    xv = '0;
    wv = '0;
    for (int r = 0; r < XbRows; r++) begin
      xv = $signed({{(WideW-ActBits){ActSigned && x2[r*ActBits+ActBits-1]}}, x2[r*ActBits +: ActBits]});
      wv = $signed(WideW'(magnitude[r*MagBits +: MagBits]));
      want = want + (negative[r] ? -(xv * wv) : xv * wv);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_n || programming) begin
      v1 <= 1'b0; v2 <= 1'b0; valid <= 1'b0;
    end else if (en) begin
      v1 <= busy; f1 <= step == '0 && read == '0; g1 <= read == '0; z1 <= step == '0; s1 <= step == 4'd1; l1 <= step_last; x1 <= x;
      v2 <= v1; f2 <= f1; g2 <= g1; z2 <= z1; s2 <= s1; l2 <= l1; x2 <= x1;
      if (v2 && l2) begin
        valid  <= 1'b1;
        want_q <= want;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n && valid) begin
      // Sign extension: the psum register never overflows.
      assert ($signed({{2{psum[PsumW-1]}}, psum}) == want_q);
      // Lossless: nothing saturates.
      assert (saturated == '0);
      cover (want_q == -WideW'(XbRows * ((1 << MagBits) - 1) * (ActSigned ? (1 << (ActBits - 1)) - 1 : (1 << ActBits) - 1)));
      cover (want_q == WideW'(1) && v2 && l2);
    end
  end
endmodule
