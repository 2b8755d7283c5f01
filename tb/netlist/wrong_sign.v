// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// A technology mapping that is wrong on purpose (tb/netlist/run.sh): a signed $add or $sub whose operands have different
// widths takes the shorter one as unsigned. Others are left to Yosys.
(* techmap_celltype = "$add $sub" *)
module wrong_sign #(
  parameter A_SIGNED = 0, parameter B_SIGNED = 0,
  parameter A_WIDTH = 1, parameter B_WIDTH = 1, parameter Y_WIDTH = 1,
  parameter _TECHMAP_CELLTYPE_ = ""
) (
  input [A_WIDTH-1:0] A, input [B_WIDTH-1:0] B, output [Y_WIDTH-1:0] Y
);
  localparam W = Y_WIDTH > A_WIDTH ? (Y_WIDTH > B_WIDTH ? Y_WIDTH : B_WIDTH) : (A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH);
  wire _TECHMAP_FAIL_ = !(A_SIGNED && B_SIGNED && A_WIDTH != B_WIDTH);
  wire [W-1:0] a = A_WIDTH < B_WIDTH ? A : {{W{A[A_WIDTH-1]}}, A};
  wire [W-1:0] b = B_WIDTH < A_WIDTH ? B : {{W{B[B_WIDTH-1]}}, B};
  generate
    if (_TECHMAP_CELLTYPE_ == "$add") assign Y = a + b;
    else assign Y = a - b;
  endgenerate
endmodule
