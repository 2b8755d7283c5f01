// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Reset of every proof: low in the first cycle, high for ever after. All registers without reset start anywhere.
module reset_once (
  input  logic clk_i,
  output logic rst_no
);
  logic first_q = 1'b1;
  always_ff @(posedge clk_i) first_q <= 1'b0;
  assign rst_no = !first_q;
endmodule
