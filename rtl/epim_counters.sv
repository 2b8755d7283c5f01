// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Event counters: `CountW` bits each, cleared at start, read by index.
///
/// Counter e grows by increment e while `run_i`; besides, the cycle count of the run and the cycle numbers of the
/// first and last firing. Cycle 0 is the first cycle with `run_i`. Read is combinational.
module epim_counters #(
  /// Number of events.
  parameter int Events = 19,
  /// Bits of an increment.
  parameter int IncW = 32,
  /// Bits of a counter.
  parameter int CountW = 48,
  /// Derived parameter, do not overwrite.
  localparam int IndexW = epim_pkg::idx_width(Events)
) (
  /// Clock.
  input  logic                   clk_i,
  /// Reset, active low.
  input  logic                   rst_ni,
  /// Start over.
  input  logic                   clear_i,
  /// Count.
  input  logic                   run_i,
  /// Increment of event e at [e*IncW +: IncW].
  input  logic [Events*IncW-1:0] inc_i,
  /// The array fires.
  input  logic                   fire_i,
  /// Counter to read.
  input  logic [IndexW-1:0]      index_i,
  output logic [CountW-1:0]      count_o,
  /// Cycles of the run, cycles of its first and last firing.
  output logic [CountW-1:0]      cycles_o,
  output logic [CountW-1:0]      first_fire_o,
  output logic [CountW-1:0]      last_fire_o
);

  logic [Events*CountW-1:0] counts;
  logic [CountW-1:0] cycles_q, first_q, last_q;
  logic        fired_q;

  generate
    for (genvar e = 0; e < Events; e++) begin : gen_event
      logic [CountW-1:0] count_q;
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) count_q <= '0;
        else if (clear_i) count_q <= '0;
        else if (run_i) count_q <= count_q + CountW'(inc_i[e*IncW +: IncW]);
      end
      assign counts[e*CountW +: CountW] = count_q;
    end
  endgenerate

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cycles_q <= '0;
      first_q  <= '0;
      last_q   <= '0;
      fired_q  <= 1'b0;
    end else if (clear_i) begin
      cycles_q <= '0;
      first_q  <= '0;
      last_q   <= '0;
      fired_q  <= 1'b0;
    end else if (run_i) begin
      cycles_q <= cycles_q + CountW'(1);
      if (fire_i) begin
        last_q  <= cycles_q;
        fired_q <= 1'b1;
        if (!fired_q) first_q <= cycles_q;
      end
    end
  end

  assign count_o      = counts[32'(index_i)*CountW +: CountW];
  assign cycles_o     = cycles_q;
  assign first_fire_o = first_q;
  assign last_fire_o  = last_q;

endmodule
