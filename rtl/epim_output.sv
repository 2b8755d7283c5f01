// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Output: packs runs of output channels into words of `Lanes` channels and sends them as an AXI4-Stream.
///
/// The channels of one output position fill words in order, whatever the range borders; the last word of a position
/// may be partial (unused lanes are zero) and the next position starts a new word. `m_last_o` marks the last word of a
/// frame. When a position ends one word and starts another in the same cycle, the pipeline waits one cycle for it.
/// Latency: a run given in cycle p that fills or ends a word is on the stream in p+1. `en_o` low stops the pipeline.
/// `clear_i` forgets what has not been offered; a beat that is offered stays, unchanged, until it is taken. Nothing
/// ends its frame: a frame that is cut by an abort has no `m_last_o`.
module epim_output #(
  /// Channels per word, >= `JointLanes`.
  parameter int Lanes = 8,
  /// Bits of a channel.
  parameter int OutBits = 8,
  /// Most channels of a run.
  parameter int JointLanes = 2,
  /// Derived parameters, do not overwrite.
  localparam int LaneW = epim_pkg::idx_width(JointLanes),
  localparam int CountW = epim_pkg::num_width(JointLanes)
) (
  /// Clock.
  input  logic                          clk_i,
  /// Reset, active low.
  input  logic                          rst_ni,
  /// Forget everything but an offered beat.
  input  logic                          clear_i,
  /// The output pipeline advances.
  output logic                          en_o,
  /// A run of `count_i` channels, the first at lane `offset_i` of `data_i`.
  input  logic                          valid_i,
  input  logic [LaneW-1:0]              offset_i,
  input  logic [CountW-1:0]             count_i,
  input  logic [JointLanes*OutBits-1:0] data_i,
  /// It ends the position; the frame; all frames.
  input  logic                          end_round_i,
  input  logic                          end_frame_i,
  input  logic                          end_all_i,
  /// Output stream.
  output logic                          m_valid_o,
  input  logic                          m_ready_i,
  output logic [Lanes*OutBits-1:0]      m_data_o,
  output logic                          m_last_o,
  /// A beat of this run is accepted in this cycle; the last one of all frames is.
  output logic                          beat_o,
  output logic                          done_o
);

  generate
    if (JointLanes > Lanes) begin : gen_rule1 epim_rule_joint_lanes_at_most_lanes u_rule (); end
  endgenerate

  localparam int Space  = Lanes + JointLanes;
  localparam int FillW  = epim_pkg::num_width(Space);

  logic                     valid_q, old_q, last_q, all_q, flush_q, flush_last_q, flush_all_q;
  logic [Lanes*OutBits-1:0] data_q, rest_q;
  logic [FillW-1:0]         fill_q;

  logic ready;
  assign ready = !valid_q || m_ready_i;
  assign en_o  = ready && !flush_q;

  // Channels at hand: the rest of the word, then the run.
  logic [JointLanes*OutBits-1:0] run;
  logic [Space*OutBits-1:0]      all;
  logic [FillW-1:0]              total;
  always_comb begin
    run = data_i >> (32'(offset_i) * OutBits);
    for (int i = 0; i < JointLanes; i++) begin
      if (i >= 32'(count_i)) run[i*OutBits +: OutBits] = '0;
    end
    all   = (Space*OutBits)'(rest_q) | ((Space*OutBits)'(run) << (32'(fill_q) * OutBits));
    total = fill_q + FillW'(count_i);
  end

  logic take, word_full, over;
  assign take      = valid_i && en_o;
  assign word_full = total >= FillW'(Lanes);
  assign over      = total > FillW'(Lanes);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q      <= 1'b0;
      old_q        <= 1'b0;
      last_q       <= 1'b0;
      all_q        <= 1'b0;
      flush_q      <= 1'b0;
      flush_last_q <= 1'b0;
      flush_all_q  <= 1'b0;
      fill_q       <= '0;
      rest_q       <= '0;
      data_q       <= '0;
    end else if (clear_i) begin
      valid_q <= !ready;
      old_q   <= !ready;
      all_q   <= 1'b0;
      flush_q <= 1'b0;
      fill_q  <= '0;
      rest_q  <= '0;
    end else begin
      if (ready) begin
        valid_q <= 1'b0;
        old_q   <= 1'b0;
      end
      if (flush_q && ready) begin
        flush_q <= 1'b0;
        valid_q <= 1'b1;
        data_q  <= rest_q;
        last_q  <= flush_last_q;
        all_q   <= flush_all_q;
        rest_q  <= '0;
        fill_q  <= '0;
      end else if (take) begin
        if (word_full || end_round_i) begin
          valid_q <= 1'b1;
          data_q  <= all[Lanes*OutBits-1:0];
          last_q  <= end_frame_i && !over;
          all_q   <= end_all_i && !over;
        end
        if (word_full) begin
          rest_q <= (Lanes*OutBits)'(all[Space*OutBits-1:Lanes*OutBits]);
          fill_q <= total - FillW'(Lanes);
        end else begin
          rest_q <= all[Lanes*OutBits-1:0];
          fill_q <= total;
        end
        if (end_round_i) begin
          if (over) begin
            flush_q      <= 1'b1;
            flush_last_q <= end_frame_i;
            flush_all_q  <= end_all_i;
          end else begin
            rest_q <= '0;
            fill_q <= '0;
          end
        end
      end
    end
  end

  assign m_valid_o = valid_q;
  assign m_data_o  = data_q;
  assign m_last_o  = last_q;
  assign beat_o    = valid_q && m_ready_i && !old_q;
  assign done_o    = valid_q && m_ready_i && all_q;

endmodule
