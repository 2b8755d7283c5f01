// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite slave: turns the five channels into single-cycle register accesses.
///
/// A write is taken when address and data are both there and the response channel is free; a read when the data
/// channel is free. Throughput one access per cycle and direction. An access that the registers refuse
/// (`error_i`), or a write with partial strobes, is answered SLVERR and has no effect.
module epim_axil_slave #(
  /// Byte address bits.
  parameter int AddrW = 12
) (
  /// Clock.
  input  logic             clk_i,
  /// Reset, active low.
  input  logic             rst_ni,
  /// AXI4-Lite.
  input  logic             s_awvalid_i,
  output logic             s_awready_o,
  input  logic [AddrW-1:0] s_awaddr_i,
  input  logic             s_wvalid_i,
  output logic             s_wready_o,
  input  logic [31:0]      s_wdata_i,
  input  logic [3:0]       s_wstrb_i,
  output logic             s_bvalid_o,
  input  logic             s_bready_i,
  output logic [1:0]       s_bresp_o,
  input  logic             s_arvalid_i,
  output logic             s_arready_o,
  input  logic [AddrW-1:0] s_araddr_i,
  output logic             s_rvalid_o,
  input  logic             s_rready_i,
  output logic [31:0]      s_rdata_o,
  output logic [1:0]       s_rresp_o,
  /// Register write; `write_error_i` in the same cycle.
  output logic             write_o,
  output logic [AddrW-1:0] waddr_o,
  output logic [31:0]      wdata_o,
  input  logic             write_error_i,
  /// Register read; data and error in the same cycle.
  output logic             read_o,
  output logic [AddrW-1:0] raddr_o,
  input  logic [31:0]      rdata_i,
  input  logic             read_error_i
);

  localparam logic [1:0] RespOkay = 2'b00, RespSlvErr = 2'b10;

  logic        bvalid_q, rvalid_q;
  logic [1:0]  bresp_q, rresp_q;
  logic [31:0] rdata_q;
  logic        write_take, read_take, full_strobe;

  assign write_take  = s_awvalid_i && s_wvalid_i && (!bvalid_q || s_bready_i);
  assign read_take   = s_arvalid_i && (!rvalid_q || s_rready_i);
  assign full_strobe = s_wstrb_i == 4'hF;
  assign s_awready_o = write_take;
  assign s_wready_o  = write_take;
  assign s_arready_o = read_take;
  assign write_o     = write_take && full_strobe;
  assign waddr_o     = s_awaddr_i;
  assign wdata_o     = s_wdata_i;
  assign read_o      = read_take;
  assign raddr_o     = s_araddr_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bvalid_q <= 1'b0;
      bresp_q  <= RespOkay;
      rvalid_q <= 1'b0;
      rresp_q  <= RespOkay;
      rdata_q  <= '0;
    end else begin
      if (write_take) begin
        bvalid_q <= 1'b1;
        bresp_q  <= (!full_strobe || write_error_i) ? RespSlvErr : RespOkay;
      end else if (s_bready_i) begin
        bvalid_q <= 1'b0;
      end
      if (read_take) begin
        rvalid_q <= 1'b1;
        rresp_q  <= read_error_i ? RespSlvErr : RespOkay;
        rdata_q  <= rdata_i;
      end else if (s_rready_i) begin
        rvalid_q <= 1'b0;
      end
    end
  end

  assign s_bvalid_o = bvalid_q;
  assign s_bresp_o  = bresp_q;
  assign s_rvalid_o = rvalid_q;
  assign s_rresp_o  = rresp_q;
  assign s_rdata_o  = rdata_q;

endmodule
