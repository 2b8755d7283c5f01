// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_serial_mul: result = a * b + c, BWidth advancing cycles after the operands were taken, held until
/// the next load. Loads, also in the middle of a multiplication, and stalls are free.
module proof #(
  parameter int AWidth = 3,
  parameter int BWidth = 3,
  parameter bit BSigned = 1'b1,
  parameter int CWidth = 3,
  localparam int ResultW = epim_pkg::max2(AWidth, CWidth) + 1 + BWidth
) (
  input logic              clk_i,
  input logic              en, load,
  input logic [AWidth-1:0] a,
  input logic [BWidth-1:0] b,
  input logic [CWidth-1:0] c
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));
  logic               last;
  logic [ResultW-1:0] result;
  epim_serial_mul #(.AWidth(AWidth), .BWidth(BWidth), .BSigned(BSigned), .CWidth(CWidth)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(1'b0), .en_i(en), .load_i(load), .a_i(a), .b_i(b), .c_i(c), .last_o(last),
    .result_o(result)
  );

  // Plain wide arithmetic on what was taken last, and the cycles since.
  logic signed [31:0] av, bv, cv, want_q;
  assign av = {{(32-AWidth){a[AWidth-1]}}, a};
  assign bv = {{(32-BWidth){BSigned && b[BWidth-1]}}, b};
  assign cv = {{(32-CWidth){c[CWidth-1]}}, c};
  logic [3:0] left_q;
  logic       taken_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      left_q  <= '0;
      taken_q <= 1'b0;
    end else if (en) begin
      if (load) begin
        left_q  <= 4'(BWidth);
        taken_q <= 1'b1;
        want_q  <= av * bv + cv;
      end else if (left_q != '0) left_q <= left_q - 4'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      assert (last == (left_q == 4'd1));
      if (taken_q && left_q == '0) begin
        assert (result == want_q[ResultW-1:0]);
        cover (want_q < -32'sd8);
        cover (want_q > 32'sd8 && !en);
      end
    end
  end
endmodule
