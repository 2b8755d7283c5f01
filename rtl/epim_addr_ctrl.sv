// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Address controller: turns IFAT's start..stop into one buffer address, padding flag and IFRT address per cycle.
///
/// For every output position (row-major) and patch j it counts the window words start..stop in the order
/// (channel block, ky, kx), without gaps and without a divider or multiplier: every address is the last one plus a
/// constant. Rows are addressed modulo the ring from the window's first row on, whether they are padding or not. The
/// channel block wraps at `cfg_blocks_i`, which is how a consumer reads a wrapped map modulo its period.
/// Before the first position of an output row it gives rows above the window back to the ring (one per cycle) and
/// waits until the window's rows are complete.
///
/// Latency: `req_*` are registered state, one word per cycle while `bank_free_i`; the IFAT entry of the next patch is
/// read during the current one, so tables cost no cycle. From `start_i` the first word follows in cycle 3 (counted
/// from the first cycle with `run_i`) once its rows are there; a change of output row costs the freed rows plus one
/// cycle. Spec of time: docs/timing.md.
module epim_addr_ctrl #(
  /// Patches that fit.
  parameter int MaxPatches = 4,
  /// Bits of a window word index.
  parameter int WindowW = 8,
  /// Bits of a channel block index.
  parameter int BlockW = 4,
  /// Bits of an IFRT address.
  parameter int IfrtAddrW = 6,
  /// Words of the input buffer.
  parameter int BufferDepth = 1024,
  /// Bits of a row, column or frame count.
  parameter int DimW = 16,
  /// Bits of a kernel height, a kernel width, a dilation.
  parameter int TapW = 8,
  /// Words of a weight pool's vector; 0: no pool. The order of the window is then (vector, ky, kx, word of the vector), and a
  /// patch that starts where the one before stopped goes on from there.
  parameter int VectorWords = 0,
  /// Frames follow each other for ever: there is no last one.
  parameter bit Endless = 1'b0,
  /// Derived parameter, do not overwrite: bits of a patch index.
  localparam int PatchW = epim_pkg::idx_width(MaxPatches),
  /// Derived parameter, do not overwrite: bits of a buffer address.
  localparam int AddrW = epim_pkg::idx_width(BufferDepth),
  /// Derived parameter, do not overwrite: bits of a word count.
  localparam int CountW = epim_pkg::num_width(BufferDepth),
  /// Derived parameter, do not overwrite: bits of a signed word offset within a row.
  localparam int OffsetW = CountW + 2
) (
  /// Clock.
  input  logic                 clk_i,
  /// Reset, active low.
  input  logic                 rst_ni,
  /// Start over at the first position of the first frame.
  input  logic                 clear_i,
  /// Run.
  input  logic                 run_i,
  /// Geometry: last patch index.
  input  logic [PatchW-1:0]    cfg_last_patch_i,
  /// Kernel height and width.
  input  logic [TapW-1:0]      cfg_kh_i,
  input  logic [TapW-1:0]      cfg_kw_i,
  /// Rows that the window spans: (kernel height - 1) * vertical dilation + 1.
  input  logic [DimW-1:0]      cfg_window_h_i,
  /// Stride and dilation: rows, columns.
  input  logic [7:0]           cfg_stride_y_i,
  input  logic [7:0]           cfg_stride_x_i,
  input  logic [TapW-1:0]      cfg_dilation_y_i,
  input  logic [TapW-1:0]      cfg_dilation_x_i,
  /// Rows of padding above, columns of padding to the left; rows of the map above the first window, which no window reads
  /// (one of the two numbers of rows is 0).
  input  logic [7:0]           cfg_pad_top_i,
  input  logic [7:0]           cfg_skip_top_i,
  input  logic [7:0]           cfg_pad_left_i,
  /// Input map.
  input  logic [DimW-1:0]      cfg_in_h_i,
  input  logic [DimW-1:0]      cfg_in_w_i,
  /// Output map.
  input  logic [DimW-1:0]      cfg_out_h_i,
  input  logic [DimW-1:0]      cfg_out_w_i,
  /// Frames to process.
  input  logic [DimW-1:0]      cfg_frames_i,
  /// Stored channel blocks (words per map position).
  input  logic [BlockW:0]      cfg_blocks_i,
  /// Words of a row and of the ring.
  input  logic [CountW-1:0]    cfg_row_words_i,
  input  logic [CountW-1:0]    cfg_ring_words_i,
  /// Horizontal stride * blocks, dilation * blocks.
  input  logic [OffsetW-1:0]   cfg_x_step_i,
  input  logic [OffsetW-1:0]   cfg_x_dilation_i,
  /// -pad_left * blocks, two's complement.
  input  logic [OffsetW-1:0]   cfg_x_first_i,
  /// Words modulo those of the ring: the first row of the first window, a vertical stride, a vertical dilation.
  input  logic [CountW-1:0]    cfg_y_first_i,
  input  logic [CountW-1:0]    cfg_y_step_i,
  input  logic [CountW-1:0]    cfg_y_dilation_i,
  /// IFAT read port.
  output logic                 ifat_re_o,
  output logic [PatchW-1:0]    ifat_patch_o,
  input  logic [WindowW-1:0]   ifat_start_i,
  input  logic [WindowW-1:0]   ifat_stop_i,
  input  logic [BlockW-1:0]    ifat_block_i,
  input  logic [IfrtAddrW-1:0] ifat_ifrt_base_i,
  /// Complete rows in the ring, and giving the oldest back.
  input  logic [DimW-1:0]      rows_i,
  output logic                 free_o,
  /// The input register bank that `req_bank_o` names can take words.
  input  logic                 bank_free_i,
  /// A word is requested in this cycle.
  output logic                 req_o,
  /// Its buffer address; not to be read when `req_pad_o`.
  output logic [AddrW-1:0]     req_addr_o,
  /// The position is padding.
  output logic                 req_pad_o,
  /// The word is the last stored channel block (lane mask applies).
  output logic                 req_last_block_o,
  /// IFRT entry of the word.
  output logic [IfrtAddrW-1:0] req_ifrt_o,
  /// First and last word of the patch.
  output logic                 req_first_o,
  output logic                 req_last_o,
  /// Input register bank.
  output logic                 req_bank_o,
  /// Rows of the run are still to be read or given back.
  output logic                 busy_o,
  /// An IFAT entry has start >= stop, begins with a block that is not stored, or is longer than a pool's vector (one cycle).
  output logic                 err_ifat_o
);

  localparam logic [2:0] StIdle = 3'd0, StFetch = 3'd1, StRow = 3'd2, StRun = 3'd3, StTail = 3'd4;

  logic [2:0]           state_q;
  logic                 fetched_q;
  logic                 bank_q;
  logic [PatchW-1:0]    patch_q;     // patch being issued
  logic [PatchW-1:0]    fetch_q;     // patch whose entry the table holds
  logic [WindowW-1:0]   left_q;      // words left after this one
  logic                 first_q;
  logic [IfrtAddrW-1:0] ifrt_q;
  logic [BlockW-1:0]    block_q;
  logic [TapW-1:0]      kx_q, ky_q;
  logic [DimW-1:0]      ox_q, oy_q, frame_q;
  logic signed [DimW:0] x0_q, y0_q, x_q, y_q;
  logic signed [OffsetW-1:0] xw0_q, xw_q;  // word offsets of x0 and of the current word
  logic [AddrW-1:0]     base_q, ybase_q, rbase_q;  // oldest row in the ring, first row of the window, row of the current word
  logic [DimW-1:0]      freed_q;           // rows of this frame given back

  // Rows the window needs: max(y0,0) .. min(y0+window_h-1, in_h-1); freed_q == max(y0,0) when all above are given back.
  // A cycle ahead, for a shorter path: y0n_q holds the y0 of the row that follows (of the first row in StFetch, which
  // takes two cycles). It is right from the second cycle of a row on, and a row takes two: one in StRow, one in StRun.
  // At its end top and rows are kept.
  logic signed [DimW:0] in_h, y_end, y0n_q;
  logic [DimW-1:0]      top_now, top_q, rows_now, rows_needed_q;
  assign in_h  = $signed({1'b0, cfg_in_h_i});
  assign y_end = y0n_q + $signed({1'b0, cfg_window_h_i});
  assign top_now     = (y0n_q < 0) ? '0 : ((y0n_q > in_h) ? cfg_in_h_i : y0n_q[DimW-1:0]);
  assign rows_now    = (y_end <= 0) ? '0 : (((y_end > in_h) ? cfg_in_h_i : y_end[DimW-1:0]) - top_now);

  logic must_free, tail_free;
  assign must_free = (state_q == StRow) && (freed_q != top_q);
  assign tail_free = (state_q == StTail) && (freed_q != cfg_in_h_i);
  assign free_o    = (must_free || tail_free) && (rows_i != '0);

  logic go, word_last, patch_last, x_last, y_last, frame_last;
  assign go         = (state_q == StRun) && (!first_q || bank_free_i);
  assign word_last  = (left_q == '0);
  assign patch_last = (patch_q == cfg_last_patch_i);
  // The last column is compared when the column changes, last row and frame one cycle after, before their use.
  logic x_last_q, y_last_q, frame_last_q, y_last_now, frame_last_now;
  assign y_last_now     = (oy_q + DimW'(1)) == cfg_out_h_i;
  assign frame_last_now = !Endless && (frame_q + DimW'(1)) == cfg_frames_i;
  assign x_last     = x_last_q;
  assign y_last     = y_last_q;
  assign frame_last = frame_last_q;

  logic kx_last, ky_last;
  assign kx_last = (kx_q + TapW'(1)) == cfg_kw_i;
  assign ky_last = (ky_q + TapW'(1)) == cfg_kh_i;

  logic x_in, y_in;
  // Unsigned: a place before the map lies behind every map.
  assign x_in = $unsigned(x_q) < {1'b0, cfg_in_w_i};
  assign y_in = $unsigned(y_q) < {1'b0, cfg_in_h_i};

  logic signed [OffsetW-1:0] addr;
  assign addr = $signed(OffsetW'(rbase_q)) + xw_q;

  assign busy_o           = state_q != StIdle;
  assign req_o            = go;
  assign req_addr_o       = addr[AddrW-1:0];
  assign req_pad_o        = !(x_in && y_in);
  assign req_last_block_o = ({1'b0, block_q} + (BlockW + 1)'(1)) == cfg_blocks_i;
  assign req_ifrt_o       = ifrt_q;
  assign req_first_o      = first_q;
  assign req_last_o       = word_last;
  assign req_bank_o       = bank_q;

  logic [WindowW-1:0] words_m1;
  assign words_m1 = (ifat_stop_i <= ifat_start_i) ? '0 : ifat_stop_i - ifat_start_i - WindowW'(1);

  // The table is read one patch ahead.
  logic take;
  logic [PatchW-1:0] fetch_next;
  assign take         = (state_q == StFetch && fetched_q) || (go && word_last);
  assign fetch_next   = (fetch_q == cfg_last_patch_i) ? '0 : fetch_q + PatchW'(1);
  assign ifat_re_o    = (state_q == StFetch) || take;
  assign ifat_patch_o = take ? fetch_next : '0;
  assign err_ifat_o   = take && ((ifat_stop_i <= ifat_start_i) || ({1'b0, ifat_block_i} >= cfg_blocks_i)
                                 || (VectorWords > 0 && 32'(words_m1) >= VectorWords));

  // Ring address some words on.
  function automatic logic [AddrW-1:0] ring_sum(input logic [AddrW-1:0] base, input logic [CountW-1:0] words,
                                                input logic [CountW-1:0] ring_words);
    logic [CountW:0] sum;
    sum = {1'b0, CountW'(base)} + {1'b0, words};
    if (sum >= {1'b0, ring_words}) sum = sum - {1'b0, ring_words};
    ring_sum = sum[AddrW-1:0];
  endfunction

  logic [AddrW-1:0] base_next, ybase_next, rbase_next;
  assign base_next  = ring_sum(base_q, cfg_row_words_i, cfg_ring_words_i);
  assign rbase_next = ring_sum(rbase_q, cfg_y_dilation_i, cfg_ring_words_i);
  // A window one stride on; behind the last row of a frame the first window of the next one.
  assign ybase_next = (state_q == StTail) ? ring_sum(base_q, cfg_y_first_i, cfg_ring_words_i)
                                          : ring_sum(ybase_q, cfg_y_step_i, cfg_ring_words_i);

  logic signed [OffsetW-1:0] xw0_next;  // column origin of the patch that follows
  // Walk of a pool: the words of a tap, then the next tap, then the next vector.
  logic                      walks_on;            // the patch that follows begins where this one stops
  logic [BlockW-1:0]         walk_block;
  logic [TapW-1:0]           walk_kx, walk_ky;
  logic signed [DimW:0]      walk_x, walk_y;
  logic signed [OffsetW-1:0] walk_xw;
  logic [AddrW-1:0]          walk_rbase;
  generate
    if (VectorWords > 0) begin : gen_walk
      localparam int InnerW = epim_pkg::idx_width(VectorWords);
      logic [InnerW-1:0]         inner_q;
      logic [BlockW-1:0]         vector_q, vector_next;   // first block of the vector
      logic signed [OffsetW-1:0] tap_q, tap_next;         // word offset of its tap
      logic [WindowW-1:0]        stop_q;
      logic                      inner_last, window_last;
      assign inner_last  = req_last_block_o || (inner_q == InnerW'(VectorWords - 1));
      assign window_last = inner_last && kx_last && ky_last;
      assign walks_on    = go && !patch_last && (ifat_start_i == stop_q);
      assign vector_next = window_last ? block_q + BlockW'(1) : vector_q;
      assign tap_next    = !kx_last ? tap_q + $signed(cfg_x_dilation_i) : xw0_q + $signed(OffsetW'(vector_next));
      always_comb begin
        walk_block = block_q + BlockW'(1);
        walk_kx    = kx_q;
        walk_ky    = ky_q;
        walk_x     = x_q;
        walk_y     = y_q;
        walk_xw    = xw_q + $signed(OffsetW'(1));
        walk_rbase = rbase_q;
        if (inner_last) begin
          walk_block = vector_next;
          walk_xw    = tap_next;
          walk_kx    = kx_last ? '0 : kx_q + TapW'(1);
          walk_x     = kx_last ? x0_q : x_q + $signed((DimW + 1)'(cfg_dilation_x_i));
          if (kx_last) begin
            walk_ky    = ky_last ? '0 : ky_q + TapW'(1);
            walk_y     = ky_last ? y0_q : y_q + $signed((DimW + 1)'(cfg_dilation_y_i));
            walk_rbase = ky_last ? ybase_q : rbase_next;
          end
        end
      end
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          inner_q  <= '0;
          vector_q <= '0;
          tap_q    <= '0;
          stop_q   <= '0;
        end else if (run_i) begin
          if (take) stop_q <= ifat_stop_i;
          if (go && (!word_last || walks_on)) begin
            inner_q <= inner_last ? '0 : inner_q + InnerW'(1);
            if (inner_last) begin
              vector_q <= vector_next;
              tap_q    <= tap_next;
            end
          end else if (go || (state_q == StFetch)) begin
            inner_q  <= '0;
            vector_q <= ifat_block_i;
            tap_q    <= (go ? xw0_next : xw0_q) + $signed(OffsetW'(ifat_block_i));
          end
        end
      end
    end else begin : gen_no_walk
      assign walks_on   = 1'b0;
      assign walk_block = '0;
      assign walk_kx    = '0;
      assign walk_ky    = '0;
      assign walk_x     = '0;
      assign walk_y     = '0;
      assign walk_xw    = '0;
      assign walk_rbase = '0;
    end
  endgenerate
  // A single address of the pool's walk.
  localparam bit Walk = VectorWords > 0;

  logic [BlockW-1:0] block_next;
  assign block_next = req_last_block_o ? '0 : block_q + BlockW'(1);

  logic signed [DimW:0] x_pad, y_pad, stride_x, stride_y, x0_next;
  assign x_pad   = -$signed((DimW + 1)'(cfg_pad_left_i));
  assign y_pad   = $signed((DimW + 1)'(cfg_skip_top_i)) - $signed((DimW + 1)'(cfg_pad_top_i));
  assign stride_x = $signed((DimW + 1)'(cfg_stride_x_i));
  assign stride_y = $signed((DimW + 1)'(cfg_stride_y_i));
  // Column origin of the patch that follows: unchanged, one stride on, or back to the left edge.
  assign x0_next  = !patch_last ? x0_q : (x_last ? x_pad : x0_q + stride_x);
  assign xw0_next = !patch_last ? xw0_q : (x_last ? $signed(cfg_x_first_i) : xw0_q + $signed(cfg_x_step_i));

  logic row_end;
  assign row_end = go && word_last && patch_last && x_last;
  always_ff @(posedge clk_i) begin
    y0n_q        <= (state_q == StFetch) ? y0_q : (y_last_now ? y_pad : y0_q + stride_y);
    y_last_q     <= y_last_now;
    frame_last_q <= frame_last_now;
    if (state_q == StFetch || row_end) begin
      top_q         <= top_now;
      rows_needed_q <= rows_now;
    end
    if (state_q == StFetch || row_end) x_last_q <= cfg_out_w_i == DimW'(1);
    else if (go && word_last && patch_last) x_last_q <= (ox_q + DimW'(2)) == cfg_out_w_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= StIdle;
      fetched_q <= 1'b0;
      bank_q    <= 1'b0;
      patch_q   <= '0;
      fetch_q   <= '0;
      left_q    <= '0;
      first_q   <= 1'b1;
      ifrt_q    <= '0;
      block_q   <= '0;
      kx_q      <= '0;
      ky_q      <= '0;
      ox_q      <= '0;
      oy_q      <= '0;
      frame_q   <= '0;
      x0_q      <= '0;
      y0_q      <= '0;
      x_q       <= '0;
      y_q       <= '0;
      xw0_q     <= '0;
      xw_q      <= '0;
      base_q    <= '0;
      ybase_q   <= '0;
      rbase_q   <= '0;
      freed_q   <= '0;
    end else if (clear_i) begin
      state_q   <= StFetch;
      fetched_q <= 1'b0;
      bank_q    <= 1'b0;
      patch_q   <= '0;
      fetch_q   <= '0;
      first_q   <= 1'b1;
      kx_q      <= '0;
      ky_q      <= '0;
      ox_q      <= '0;
      oy_q      <= '0;
      frame_q   <= '0;
      x0_q      <= x_pad;
      y0_q      <= y_pad;
      x_q       <= x_pad;
      y_q       <= y_pad;
      xw0_q     <= $signed(cfg_x_first_i);
      base_q    <= '0;
      ybase_q   <= cfg_y_first_i[AddrW-1:0];
      rbase_q   <= cfg_y_first_i[AddrW-1:0];
      freed_q   <= '0;
    end else if (run_i) begin
      if (take) begin
        fetch_q  <= fetch_next;
        left_q   <= words_m1;
        ifrt_q   <= ifat_ifrt_base_i;
        block_q  <= walks_on ? walk_block : ifat_block_i;
        first_q  <= 1'b1;
        kx_q     <= walks_on ? walk_kx : '0;
        ky_q     <= walks_on ? walk_ky : '0;
      end
      case (state_q)
        StFetch: begin
          fetched_q <= 1'b1;
          xw_q      <= xw0_q + $signed(OffsetW'(ifat_block_i));
          if (fetched_q) state_q <= StRow;
        end
        StRow: begin
          if (must_free) begin
            if (rows_i != '0) begin
              freed_q <= freed_q + DimW'(1);
              base_q  <= base_next;
            end
          end else if (rows_i >= rows_needed_q) begin
            state_q <= StRun;
          end
        end
        StRun: begin
          if (go) begin
            if (!word_last) begin
              first_q <= 1'b0;
              left_q  <= left_q - WindowW'(1);
              ifrt_q  <= ifrt_q + IfrtAddrW'(1);
              if (Walk) begin
                block_q <= walk_block;
                kx_q    <= walk_kx;
                ky_q    <= walk_ky;
                x_q     <= walk_x;
                y_q     <= walk_y;
                xw_q    <= walk_xw;
                rbase_q <= walk_rbase;
              end else if (!kx_last) begin
                kx_q <= kx_q + TapW'(1);
                x_q  <= x_q + $signed((DimW + 1)'(cfg_dilation_x_i));
                xw_q <= xw_q + $signed(cfg_x_dilation_i);
              end else begin
                kx_q <= '0;
                x_q  <= x0_q;
                if (!ky_last) begin
                  ky_q <= ky_q + TapW'(1);
                  y_q  <= y_q + $signed((DimW + 1)'(cfg_dilation_y_i));
                  xw_q <= xw0_q + $signed(OffsetW'(block_q));
                  rbase_q <= rbase_next;
                end else begin
                  ky_q    <= '0;
                  y_q     <= y0_q;
                  block_q <= block_next;
                  // The sum of block_next, without waiting for it.
                  xw_q    <= req_last_block_o ? xw0_q : xw0_q + $signed(OffsetW'(block_q)) + $signed(OffsetW'(1));
                  rbase_q <= ybase_q;
                end
              end
            end else begin
              bank_q  <= !bank_q;
              patch_q <= patch_last ? '0 : patch_q + PatchW'(1);
              x0_q    <= x0_next;
              x_q     <= walks_on ? walk_x : x0_next;
              xw0_q   <= xw0_next;
              xw_q    <= walks_on ? walk_xw : xw0_next + $signed(OffsetW'(ifat_block_i));
              y_q     <= walks_on ? walk_y : y0_q;
              rbase_q <= walks_on ? walk_rbase : ybase_q;
              if (patch_last) begin
                ox_q <= x_last ? '0 : ox_q + DimW'(1);
                if (x_last) begin
                  oy_q    <= y_last ? '0 : oy_q + DimW'(1);
                  y0_q    <= y_last ? y_pad : y0_q + stride_y;
                  y_q     <= y_last ? y_pad : y0_q + stride_y;
                  ybase_q <= ybase_next;
                  rbase_q <= ybase_next;
                  state_q <= y_last ? StTail : StRow;
                end
              end
            end
          end
        end
        StTail: begin
          if (tail_free) begin
            if (rows_i != '0) begin
              freed_q <= freed_q + DimW'(1);
              base_q  <= base_next;
            end
          end else begin
            freed_q <= '0;
            ybase_q <= ybase_next;
            rbase_q <= ybase_next;
            frame_q <= frame_q + DimW'(1);
            state_q <= frame_last ? StIdle : StRow;
          end
        end
        default: ;
      endcase
    end
  end

  // Only the address bits of the offset sum are used: the word is inside the buffer by construction.
  logic unused;
  assign unused = ^addr[OffsetW-1:AddrW];

endmodule
