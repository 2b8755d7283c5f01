// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_axil_slave. Every input is free in every cycle, during reset too; a master that breaks rules of its
/// own is answered all the same.
module proof #(
  parameter int AddrW = 4
) (
  input logic             clk_i,
  input logic             awvalid, wvalid, bready, arvalid, rready, write_error, read_error,
  input logic [AddrW-1:0] awaddr, araddr,
  input logic [31:0]      wdata, rdata_in,
  input logic [3:0]       wstrb
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic awready, wready, bvalid, arready, rvalid, write, read;
  logic [1:0]       bresp, rresp;
  logic [31:0]      rdata, reg_wdata, late_wdata, last_wdata;
  logic [AddrW-1:0] reg_waddr, reg_raddr, late_waddr, last_waddr;
  logic             written;  // in the last cycle
  epim_axil_slave #(.AddrW(AddrW)) dut (
    .clk_i, .rst_ni(rst_n), .s_awvalid_i(awvalid), .s_awready_o(awready), .s_awaddr_i(awaddr), .s_wvalid_i(wvalid),
    .s_wready_o(wready), .s_wdata_i(wdata), .s_wstrb_i(wstrb), .s_bvalid_o(bvalid), .s_bready_i(bready),
    .s_bresp_o(bresp), .s_arvalid_i(arvalid), .s_arready_o(arready), .s_araddr_i(araddr), .s_rvalid_o(rvalid),
    .s_rready_i(rready), .s_rdata_o(rdata), .s_rresp_o(rresp), .write_o(write), .waddr_o(reg_waddr),
    .wdata_o(reg_wdata), .write_error_i(write_error), .late_waddr_o(late_waddr), .late_wdata_o(late_wdata), .read_o(read), .raddr_o(reg_raddr), .rdata_i(rdata_in),
    .read_error_i(read_error)
  );

  logic aw, w, b, ar, r;
  assign aw = awvalid && awready;
  assign w  = wvalid && wready;
  assign b  = bvalid && bready;
  assign ar = arvalid && arready;
  assign r  = rvalid && rready;

  logic up;  // a clock has come since reset
  always_ff @(posedge clk_i) up <= rst_n;

  // Rules of the bus, by the checker that watches every simulation too.
  logic [7:0] slave;
  logic [8:0] master;
  epim_axil_check #(.AddrW(AddrW)) u_check (
    .clk_i, .rst_ni(rst_n), .awvalid_i(awvalid), .awready_i(awready), .awaddr_i(awaddr), .wvalid_i(wvalid),
    .wready_i(wready), .wdata_i(wdata), .wstrb_i(wstrb), .bvalid_i(bvalid), .bready_i(bready), .bresp_i(bresp),
    .arvalid_i(arvalid), .arready_i(arready), .araddr_i(araddr), .rvalid_i(rvalid), .rready_i(rready), .rdata_i(rdata),
    .rresp_i(rresp), .slave_o(slave), .master_o(master)
  );

  // Address, data and read address that were taken and not used: at most one of each.
  logic             wait_aw, wait_w, wait_ar, have_aw, have_w, have_ar, do_write, do_read;
  logic [AddrW-1:0] old_awaddr, old_araddr, use_awaddr, use_araddr;
  logic [31:0]      old_wdata, use_wdata;
  logic [3:0]       old_wstrb, use_wstrb;
  assign have_aw    = wait_aw || aw;
  assign have_w     = wait_w || w;
  assign have_ar    = wait_ar || ar;
  assign use_awaddr = wait_aw ? old_awaddr : awaddr;
  assign use_wdata  = wait_w ? old_wdata : wdata;
  assign use_wstrb  = wait_w ? old_wstrb : wstrb;
  assign use_araddr = wait_ar ? old_araddr : araddr;
  // What the master is owed: one response per access, and which one.
  logic        owe_b, owe_r;
  logic [1:0]  want_bresp, want_rresp;
  logic [31:0] want_rdata;
  assign do_write = have_aw && have_w && (!owe_b || b);
  assign do_read  = have_ar && (!owe_r || r);
  // A response offered and not taken in the last cycle.
  logic        held_b, held_r;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      wait_aw <= 1'b0;
      wait_w  <= 1'b0;
      wait_ar <= 1'b0;
      owe_b   <= 1'b0;
      owe_r   <= 1'b0;
      written <= 1'b0;
      held_b  <= 1'b0;
      held_r  <= 1'b0;
    end else begin
      wait_aw <= have_aw && !do_write;
      wait_w  <= have_w && !do_write;
      wait_ar <= have_ar && !do_read;
      if (do_write) begin
        owe_b      <= 1'b1;
        want_bresp <= (use_wstrb != 4'hF || write_error) ? 2'b10 : 2'b00;
      end else if (b) owe_b <= 1'b0;
      if (do_read) begin
        owe_r      <= 1'b1;
        want_rresp <= read_error ? 2'b10 : 2'b00;
        want_rdata <= rdata_in;
      end else if (r) owe_r <= 1'b0;
      written <= do_write;
      held_b <= bvalid && !bready;
      held_r <= rvalid && !rready;
    end
    last_waddr <= use_awaddr;
    last_wdata <= use_wdata;
    if (aw) old_awaddr <= awaddr;
    if (ar) old_araddr <= araddr;
    if (w) begin
      old_wdata <= wdata;
      old_wstrb <= wstrb;
    end
  end

  always_ff @(posedge clk_i) begin
    // Stable while stalled, no valid during reset, no response without a request; reset: ready is low.
    assert (slave == '0);
    if (!rst_n) assert (!awready && !wready && !arready);
    if (rst_n) begin
      // Ready is a question of what waits, not of any input.
      assert (awready == (up && !wait_aw) && wready == (up && !wait_w) && arready == (up && !wait_ar));
      // One response for each access, in the next cycle, none without.
      assert (bvalid == owe_b);
      assert (rvalid == owe_r);
      if (bvalid) assert (bresp == want_bresp);
      if (rvalid) assert (rresp == want_rresp && rdata == want_rdata);
      // The registers see each access once, as it was sent, in the first cycle that has all of it and room for the
      // response.
      assert (write == (do_write && use_wstrb == 4'hF));
      assert (read == do_read);
      if (write) assert (reg_waddr == use_awaddr && reg_wdata == use_wdata);
      if (written) assert (late_waddr == last_waddr && late_wdata == last_wdata);
      if (read) assert (reg_raddr == use_araddr);
      cover (held_b && b && do_write && bresp == 2'b10);
      cover (held_r && r && do_read && rresp == 2'b00);
      cover (wait_aw && w && do_write);
      cover (wait_w && aw && do_write);
      cover (b && aw && w);
    end
  end
endmodule
