// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_counters, step by step: what every counter does from one cycle to the next.
///
/// All 48 bits: tests reach the lower ones only, since a run of 2^40 cycles cannot be simulated.
module proof #(
  parameter int Events = 2,
  parameter int IncW = 3
) (
  input logic                   clk_i,
  input logic                   clear, run, fire, index,
  input logic [Events*IncW-1:0] inc
);
  logic rst_n;
  reset_once u_reset (.clk_i, .rst_no(rst_n));

  logic [47:0] count, cycles, first, last;
  epim_counters #(.Events(Events), .IncW(IncW)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(clear), .run_i(run), .inc_i(inc), .fire_i(fire), .index_i(index),
    .count_o(count), .cycles_o(cycles), .first_fire_o(first), .last_fire_o(last)
  );

  // The cycle before: inputs, what was read, and whether the run has fired.
  logic            was, was_clear, was_run, was_fire, was_index, fired;
  logic [IncW-1:0] was_inc;
  logic [47:0]     was_count, was_cycles, was_first, was_last;
  initial was = 1'b0;
  always_ff @(posedge clk_i) begin
    was        <= rst_n;
    was_clear  <= clear;
    was_run    <= run;
    was_fire   <= fire;
    was_index  <= index;
    was_inc    <= index ? inc[IncW +: IncW] : inc[0 +: IncW];
    was_count  <= count;
    was_cycles <= cycles;
    was_first  <= first;
    was_last   <= last;
    if (!rst_n || clear) fired <= 1'b0;
    else if (run && fire) fired <= 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n && was) begin
      if (was_clear) begin
        assert (count == '0 && cycles == '0 && first == '0 && last == '0);
      end else if (!was_run) begin
        assert (cycles == was_cycles && first == was_first && last == was_last);
        if (index == was_index) assert (count == was_count);
      end else begin
        assert (cycles == was_cycles + 48'd1);
        assert (last == (was_fire ? was_cycles : was_last));
        if (index == was_index) assert (count == was_count + 48'(was_inc));
      end
      if (!was_clear && was_run) assert (first == (first_now ? was_cycles : was_first));
      cover (last == 48'd3 && first == 48'd1 && count == 48'd9);
    end
  end
  // The first firing of the run was in the cycle before.
  logic first_now;
  logic was_fired;
  always_ff @(posedge clk_i) was_fired <= fired;
  assign first_now = was_fire && !was_fired;
endmodule
