// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Properties of epim_addr_ctrl against counters and multiplications.
///
/// One geometry per run, a free table of two patches (any blocks of the window, 0 <= start < stop <= words of the
/// window), rows that arrive at any time as the ring has room, an input register that takes words at any time.
module proof #(
  parameter int InH = 3,
  parameter int InW = 2,
  parameter int Kh = 2,
  parameter int Kw = 2,
  parameter int Stride = 1,
  parameter int StrideX = 1,
  parameter int DilationY = 1,
  parameter int DilationX = 1,
  parameter int PadTop = 1,
  parameter int PadLeft = 1,
  parameter int OutH = 3,
  parameter int OutW = 2,
  /// Channel blocks of the window, and those that are stored (fewer when the map is wrapped).
  parameter int Blocks = 2,
  parameter int Stored = 2,
  parameter int RingRows = 2,
  parameter int Frames = 2,
  localparam int Depth = RingRows * InW * Stored,
  localparam int Window = Kh * Kw * Blocks,
  localparam int WindowW = epim_pkg::num_width(Window),
  localparam int BlockW = epim_pkg::idx_width(Blocks),
  localparam int IfrtW = 4,
  localparam int AddrW = epim_pkg::idx_width(Depth),
  localparam int CountW = epim_pkg::num_width(Depth),
  localparam int OffsetW = CountW + 2,
  localparam int DimW = 4
) (
  input logic clk_i,
  input logic bank_free, arrive
);
  logic rst_n, clear;
  reset_once u_reset (.clk_i, .rst_no(rst_n));
  // One start, in the cycle after reset.
  logic started;
  always_ff @(posedge clk_i) started <= rst_n;
  assign clear = rst_n && !started;

  // IFAT: patch p reads blocks a..b-1 of the window.
  (* anyconst *) logic [BlockW:0]   a0, b0, a1, b1;
  (* anyconst *) logic [IfrtW-1:0]  base0, base1;
  (* anyconst *) logic              two;
  function automatic logic [WindowW-1:0] words(input logic [BlockW:0] blocks);
    words = WindowW'(32'(blocks) * Kh * Kw);
  endfunction
  function automatic logic [BlockW-1:0] stored(input logic [BlockW:0] block);
    stored = (32'(block) >= Stored) ? BlockW'(32'(block) - Stored) : BlockW'(block);
  endfunction
  logic re, patch, entry;
  always_ff @(posedge clk_i) if (re) entry <= patch;

  logic             free, req, pad, last_block, first, last, bank, err, busy;
  logic [AddrW-1:0] addr;
  logic [IfrtW-1:0] ifrt;
  logic [DimW-1:0]  rows;
  epim_addr_ctrl #(.MaxPatches(2), .WindowW(WindowW), .BlockW(BlockW), .IfrtAddrW(IfrtW), .BufferDepth(Depth),
                   .DimW(DimW)) dut (
    .clk_i, .rst_ni(rst_n), .clear_i(clear), .run_i(started), .cfg_last_patch_i(two), .cfg_kh_i(8'(Kh)),
    .cfg_kw_i(8'(Kw)), .cfg_window_h_i(DimW'((Kh - 1) * DilationY + 1)), .cfg_stride_y_i(8'(Stride)),
    .cfg_stride_x_i(8'(StrideX)), .cfg_dilation_y_i(8'(DilationY)), .cfg_dilation_x_i(8'(DilationX)), .cfg_pad_top_i(8'(PadTop > 0 ? PadTop : 0)), .cfg_skip_top_i(8'(PadTop < 0 ? -PadTop : 0)), .cfg_pad_left_i(8'(PadLeft)),
    .cfg_in_h_i(DimW'(InH)), .cfg_in_w_i(DimW'(InW)), .cfg_out_h_i(DimW'(OutH)), .cfg_out_w_i(DimW'(OutW)),
    .cfg_frames_i(DimW'(Frames)), .cfg_blocks_i((BlockW + 1)'(Stored)), .cfg_row_words_i(CountW'(InW * Stored)),
    .cfg_ring_words_i(CountW'(Depth)), .cfg_x_step_i(OffsetW'(StrideX * Stored)), .cfg_x_dilation_i(OffsetW'(DilationX * Stored)),
    .cfg_y_first_i(CountW'((RingRows - PadTop % RingRows) % RingRows * InW * Stored)),
    .cfg_y_step_i(CountW'(Stride % RingRows * InW * Stored)), .cfg_y_dilation_i(CountW'(DilationY % RingRows * InW * Stored)),
    .cfg_x_first_i(OffsetW'(-PadLeft * Stored)), .ifat_re_o(re), .ifat_patch_o(patch),
    .ifat_start_i(entry ? words(a1) : words(a0)), .ifat_stop_i(entry ? words(b1) : words(b0)),
    .ifat_block_i(entry ? stored(a1) : stored(a0)), .ifat_ifrt_base_i(entry ? base1 : base0), .rows_i(rows),
    .free_o(free), .bank_free_i(bank_free), .req_o(req), .req_addr_o(addr), .req_pad_o(pad),
    .req_last_block_o(last_block), .req_ifrt_o(ifrt), .req_first_o(first), .req_last_o(last), .req_bank_o(bank),
    .busy_o(busy), .err_ifat_o(err)
  );

  // Rows of the ring: those that arrived and were not given back; row `gone` of the frame is the oldest.
  logic [DimW-1:0] total, gone, slot0;
  logic            came;
  assign came = started && arrive && rows != DimW'(RingRows) && total != DimW'(InH * Frames);

  // The word that is due: frame, output position, patch, block, kernel row and column, number within the patch.
  logic [DimW-1:0]  frame, oy, ox;
  logic             p, done, want_bank;
  logic [BlockW:0]  block, block_stop;
  logic [3:0]       ky, kx;
  logic [IfrtW-1:0] number;
  logic             kx_end, ky_end, patch_end, round_end;
  assign block_stop = p ? b1 : b0;
  assign kx_end     = kx == 4'(Kw - 1);
  assign ky_end     = ky == 4'(Kh - 1);
  assign patch_end  = kx_end && ky_end && block + 1'b1 == block_stop;
  assign round_end  = patch_end && p == two;
  logic x_end, y_end, tail;
  assign x_end = ox == DimW'(OutW - 1);
  assign y_end = oy == DimW'(OutH - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_n || clear) begin
      frame <= '0; oy <= '0; ox <= '0; p <= 1'b0; block <= a0; ky <= '0; kx <= '0; number <= '0; done <= 1'b0;
      tail <= 1'b0; rows <= '0; total <= '0; gone <= '0; slot0 <= '0; want_bank <= 1'b0;
    end else begin
      rows  <= rows + DimW'(came) - DimW'(free);
      total <= total + DimW'(came);
      if (free) gone <= gone + DimW'(1);
      if (req) begin
        number <= patch_end ? '0 : number + IfrtW'(1);
        kx <= kx_end ? '0 : kx + 4'd1;
        if (kx_end) ky <= ky_end ? '0 : ky + 4'd1;
        if (kx_end && ky_end) block <= block + 1'b1;
        if (patch_end) begin
          p <= p != two;
          block <= (p != two) ? a1 : a0;
          want_bank <= !want_bank;
        end
        if (round_end) begin
          ox <= x_end ? '0 : ox + DimW'(1);
          if (x_end) oy <= y_end ? '0 : oy + DimW'(1);
          if (x_end && y_end) tail <= 1'b1;
        end
      end
      if (tail && gone == DimW'(InH)) begin
        tail  <= 1'b0;
        gone  <= '0;
        slot0 <= DimW'((32'(slot0) + InH) % RingRows);
        frame <= frame + DimW'(1);
        if (frame == DimW'(Frames - 1)) done <= 1'b1;
      end
    end
  end
  logic signed [7:0] x, y;
  logic              want_pad;
  logic [7:0]        want_slot, want_addr;
  assign x = $signed(8'(ox)) * 8'(StrideX) - 8'(PadLeft) + $signed(8'(kx)) * 8'(DilationX);
  assign y = $signed(8'(oy)) * 8'(Stride) - 8'(PadTop) + $signed(8'(ky)) * 8'(DilationY);
  assign want_pad  = x < 0 || x >= $signed(8'(InW)) || y < 0 || y >= $signed(8'(InH));
  assign want_slot = (8'(slot0) + 8'(y)) % 8'(RingRows);
  assign want_addr = want_slot * 8'(InW * Stored) + 8'(x) * 8'(Stored) + 8'(stored(block));

  logic free_seen;
  always_ff @(posedge clk_i) free_seen <= rst_n && !clear && (free_seen || free);

  // Cycles without progress while everything that the controller waits for is there.
  logic [3:0] idle;
  always_ff @(posedge clk_i) begin
    if (!rst_n || clear || done || req || free || !bank_free || (rows != DimW'(RingRows) && total != DimW'(InH * Frames)))
      idle <= '0;
    else idle <= idle + 4'd1;
  end

  always_ff @(posedge clk_i) begin
    assume (a0 < b0 && 32'(b0) <= Blocks && a1 < b1 && 32'(b1) <= Blocks);
    if (rst_n && !clear && started) begin
      assert (!err);
      if (req) begin
        // Each word once, in order, and nothing more.
        assert (!done && !tail);
        assert (first == (number == '0) && last == patch_end);
        assert (bank == want_bank);
        assert (ifrt == (p ? base1 : base0) + number);
        assert (pad == want_pad);
        assert (last_block == (32'(stored(block)) == Stored - 1));
        if (!pad) begin
          // The right word, inside the buffer, of a row that is there.
          assert (8'(addr) == want_addr && 32'(addr) < Depth);
          assert (8'(gone) <= 8'(y) && 8'(y) < 8'(gone) + 8'(rows));
        end
      end
      if (free) assert (rows != '0 && gone != DimW'(InH));
      assert (idle <= 4'd4);
      // Busy until every row of every frame was given back.
      assert (busy == !done);
      cover (done);
      cover (req && !pad && last && block == (BlockW + 1)'(Blocks - 1) && two && y_end &&
             (free_seen || RingRows >= InH));  // a ring that holds the whole map gives no row back before the last window
    end
  end
endmodule
