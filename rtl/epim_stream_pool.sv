// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Pooling of a streamed map: largest or mean place of a window, channel by channel.
///
///   maximum: s = max of (x - Zero) over the window's places in the map (the padding takes no part), G = Mul
///   average: s = sum of (x - Zero) over the same places, G = Mul[n - 1] for the n places that the window counts: those in the
///            map, with CountPadding also those in the padding; one Mul where all windows count as many
///   y = clamp(((s * G + half) >>> Shift) + ZeroOut, Lo, Hi), half = 2^(Shift-1), 0 when Shift = 0
/// Words come in the order (row, column, channel block) into a ring of rows; the walker reads one word per cycle:
/// output column, channel block, window row, window column. The order of the output is that of the input. The
/// geometry is fixed, frames follow each other for ever. A window that is read for the last time in cycle r is offered
/// in r+3; an output row costs 1 + freed rows + OutW*Blocks*Kh*Kw cycles: docs/chip.md.
module epim_stream_pool #(
  /// Channels per word.
  parameter int Lanes = 8,
  /// Bits of a channel: input, output (two's complement where Lo < 0).
  parameter int InBits = 8,
  parameter int OutBits = 8,
  /// Input channels are two's complement.
  parameter bit Signed = 1'b0,
  /// Mean instead of maximum.
  parameter bit Average = 1'b0,
  /// Words of a position.
  parameter int Blocks = 1,
  /// Input map.
  parameter int InH = 8,
  parameter int InW = 8,
  /// Window.
  parameter int Kh = 2,
  parameter int Kw = 2,
  parameter int StrideY = 2,
  parameter int StrideX = 2,
  /// Padding, less than the window; negative PadTop: rows of the map above the first window, which no window reads.
  parameter int PadTop = 0,
  parameter int PadLeft = 0,
  parameter int PadBottom = 0,
  parameter int PadRight = 0,
  /// Output map.
  parameter int OutH = 4,
  parameter int OutW = 4,
  /// Rows of the ring, >= min(Kh, InH).
  parameter int RingRows = 4,
  /// A window counts its places in the padding.
  parameter bit CountPadding = 1'b0,
  /// Multipliers, 1 or, with `Average`, Kh*Kw of them: that of n places at [(n-1)*MulBits +: MulBits].
  parameter int Muls = 1,
  parameter int MulBits = 1,
  parameter logic [Muls*MulBits-1:0] Mul = {Muls{MulBits'(1)}},
  /// Dropped bits.
  parameter int Shift = 0,
  /// Zero points of input and output, codes of the output.
  parameter int Zero = 0,
  parameter int ZeroOut = 0,
  parameter int Lo = 0,
  parameter int Hi = 255
) (
  /// Clock.
  input  logic                     clk_i,
  /// Reset, active low.
  input  logic                     rst_ni,
  /// Input map.
  input  logic                     s_valid_i,
  output logic                     s_ready_o,
  input  logic [Lanes*InBits-1:0]  s_data_i,
  input  logic                     s_last_i,
  /// Output map.
  output logic                     m_valid_o,
  input  logic                     m_ready_i,
  output logic [Lanes*OutBits-1:0] m_data_o,
  output logic                     m_last_o,
  /// `tlast` of the input came early or late (one cycle).
  output logic                     err_length_o
);

  generate
    if (RingRows < Kh && RingRows < InH)                            begin : gen_rule1 epim_rule_pool_ring_holds_a_window u_rule (); end
    if (PadTop <= -InH || PadTop >= Kh || PadLeft < 0 || PadLeft >= Kw || PadBottom < 0 || PadBottom >= Kh || PadRight < 0
        || PadRight >= Kw) begin : gen_rule2 epim_rule_pool_padding_less_than_window u_rule (); end
    if (Muls != 1 && (!Average || Muls != Kh * Kw)) begin : gen_rule3 epim_rule_pool_one_multiplier_or_one_per_place u_rule (); end
  endgenerate

  localparam int Width    = Lanes * InBits;
  localparam int RowWords = InW * Blocks;
  localparam int Depth    = RingRows * RowWords;
  localparam int AddrW    = epim_pkg::idx_width(Depth);
  localparam int CountW   = epim_pkg::num_width(Depth);
  localparam int DimW     = epim_pkg::num_width(epim_pkg::max2(epim_pkg::max2(InH, RingRows), OutH)) + 1;
  localparam int PosW     = epim_pkg::num_width(InH + InW + Kh + Kw + StrideY * OutH + StrideX * OutW) + 2;
  localparam int ColW     = epim_pkg::idx_width(OutW);
  localparam int RowW     = epim_pkg::idx_width(OutH);
  localparam int BlockW   = epim_pkg::idx_width(Blocks);
  localparam int KyW      = epim_pkg::idx_width(Kh);
  localparam int KxW      = epim_pkg::idx_width(Kw);
  localparam int OffsetW  = CountW + 1;

  localparam logic [1:0] StRow = 2'd0, StRun = 2'd1, StTail = 2'd2;

  // Signed constants of the position arithmetic.
  localparam logic signed [PosW-1:0] YFirst = PosW'(-PadTop);  // not -PosW'(..): Yosys 0.23 drops that sign
  localparam logic signed [PosW-1:0] XFirst = PosW'(-PadLeft);
  localparam logic signed [PosW-1:0] StepY  = PosW'(StrideY);
  localparam logic signed [PosW-1:0] StepX  = PosW'(StrideX);
  localparam logic signed [PosW-1:0] Height = PosW'(InH);
  localparam logic signed [PosW-1:0] Breadth = PosW'(InW);

  logic [1:0]             state_q;
  logic [RowW-1:0]        oy_q;
  logic [ColW-1:0]        ox_q;
  logic [BlockW-1:0]      block_q;
  logic [KyW-1:0]         ky_q;
  logic [KxW-1:0]         kx_q;
  logic signed [PosW-1:0] y0_q, x0_q;   // first place of the window
  logic [DimW-1:0]        freed_q;      // rows of this frame given back
  logic [AddrW-1:0]       base_q;       // oldest row held

  // ---------------------------------------------------------------- rows
  logic             re, row_free;
  logic [AddrW-1:0] raddr;
  logic [Width-1:0] word;
  logic [DimW-1:0]  rows;
  logic             unused_write;
  epim_input_buffer #(.Depth(Depth), .Width(Width), .DimW(DimW), .Endless(1'b1), .OneWord(RowWords == 1),
                      .OneRow(InH == 1)) u_rows (
    .clk_i, .rst_ni, .clear_i(1'b0), .abort_i(1'b0), .drop_i(1'b0), .forget_i(1'b0), .run_i(1'b1),
    .cfg_row_words_i(CountW'(RowWords)),
    .cfg_ring_words_i(CountW'(Depth)), .cfg_ring_rows_i(DimW'(RingRows)), .cfg_in_h_i(DimW'(InH)),
    .cfg_frames_i(DimW'(1)), .s_valid_i, .s_ready_o, .s_data_i, .s_last_i, .rows_o(rows), .free_i(row_free),
    .re_i(re), .raddr_i(raddr), .rdata_o(word), .write_o(unused_write), .err_length_o
  );

  // Rows the window needs: max(y0,0) .. min(y0+Kh, InH)-1.
  logic signed [PosW-1:0] top, bottom;
  assign top    = (y0_q < 0) ? '0 : ((y0_q > Height) ? Height : y0_q);
  assign bottom = (y0_q + PosW'(Kh) > Height) ? Height : y0_q + PosW'(Kh);

  logic must_free, tail_free, complete;
  assign must_free = (state_q == StRow) && (PosW'(freed_q) != top);
  assign tail_free = (state_q == StTail) && (freed_q != DimW'(InH));
  assign row_free  = (must_free || tail_free) && (rows != '0);
  assign complete  = PosW'(rows) >= bottom - top;

  // ---------------------------------------------------------------- walker
  logic en, go;
  assign go = (state_q == StRun) && en;

  logic kx_last, ky_last, block_last, x_last, y_last;
  assign kx_last    = kx_q == KxW'(Kw - 1);
  assign ky_last    = ky_q == KyW'(Kh - 1);
  assign block_last = block_q == BlockW'(Blocks - 1);
  assign x_last     = ox_q == ColW'(OutW - 1);
  assign y_last     = oy_q == RowW'(OutH - 1);

  logic signed [PosW-1:0] y, x;
  /* verilator lint_off UNUSEDSIGNAL */
  logic signed [PosW-1:0] dy;  // a row of the ring where it counts
  /* verilator lint_on UNUSEDSIGNAL */
  logic                   in_map;
  assign y      = y0_q + PosW'(ky_q);
  assign x      = x0_q + PosW'(kx_q);
  assign dy     = y - top;
  assign in_map = (y >= 0) && (y < Height) && (x >= 0) && (x < Breadth);

  // Word of the ring: oldest row + (y - top) rows, wrapped.
  logic [OffsetW-1:0] linear;
  logic [AddrW-1:0]   wrapped;
  assign linear  = OffsetW'(base_q) + OffsetW'($unsigned(dy)) * OffsetW'(RowWords)
                   + OffsetW'($unsigned(x)) * OffsetW'(Blocks) + OffsetW'(block_q);
  assign wrapped = (linear >= OffsetW'(Depth)) ? AddrW'(linear - OffsetW'(Depth)) : AddrW'(linear);
  assign raddr   = wrapped;
  assign re      = go && in_map;

  logic window_first, window_last;
  assign window_first = (ky_q == '0) && (kx_q == '0);
  assign window_last  = kx_last && ky_last;

  logic [AddrW-1:0] base_next;
  assign base_next = (base_q == AddrW'(Depth - RowWords)) ? '0 : base_q + AddrW'(RowWords);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StRow;
      oy_q    <= '0;
      ox_q    <= '0;
      block_q <= '0;
      ky_q    <= '0;
      kx_q    <= '0;
      y0_q    <= YFirst;
      x0_q    <= XFirst;
      freed_q <= '0;
      base_q  <= '0;
    end else begin
      if (row_free) begin
        freed_q <= freed_q + DimW'(1);
        base_q  <= base_next;
      end
      case (state_q)
        StRow: if (!must_free && complete) state_q <= StRun;
        StRun: begin
          if (go) begin
            kx_q <= kx_last ? '0 : kx_q + KxW'(1);
            if (kx_last) ky_q <= ky_last ? '0 : ky_q + KyW'(1);
            if (window_last) begin
              block_q <= block_last ? '0 : block_q + BlockW'(1);
              if (block_last) begin
                ox_q <= x_last ? '0 : ox_q + ColW'(1);
                x0_q <= x_last ? XFirst : x0_q + StepX;
                if (x_last) begin
                  oy_q    <= y_last ? '0 : oy_q + RowW'(1);
                  y0_q    <= y_last ? YFirst : y0_q + StepY;
                  state_q <= y_last ? StTail : StRow;
                end
              end
            end
          end
        end
        default: begin
          if (!tail_free) begin
            freed_q <= '0;
            state_q <= StRow;
          end
        end
      endcase
    end
  end

  // ---------------------------------------------------------------- fold, result, output
  logic v1_q, in_map1_q, first1_q, last1_q, end1_q, v2_q, end2_q, valid_q, last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v1_q    <= 1'b0;
      v2_q    <= 1'b0;
      valid_q <= 1'b0;
      last_q  <= 1'b0;
    end else if (en) begin
      v1_q    <= go;
      v2_q    <= v1_q && last1_q;
      valid_q <= v2_q;
      last_q  <= end2_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      in_map1_q <= in_map;
      first1_q  <= window_first;
      last1_q   <= window_last;
      end1_q    <= window_last && block_last && x_last && y_last;
      end2_q    <= end1_q;
    end
  end
  assign en = !valid_q || m_ready_i;

  localparam int ValueW = epim_pkg::max2(InBits, 10) + 2;  // x - Zero
  localparam int SumW   = ValueW + (Average ? epim_pkg::num_width(Kh * Kw) : 0);
  localparam int ProdW  = SumW + MulBits;
  localparam bit Multiplies = (Muls > 1) || (Mul != {Muls{MulBits'(1)}});
  localparam logic [InBits-1:0] SignBit = Signed ? InBits'(1) << (InBits - 1) : '0;
  localparam logic signed [ValueW-1:0] ZeroIn = ValueW'(Zero);

  // Multiplier of the window in the sum.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [MulBits-1:0] mul;  // 1 where nothing is multiplied
  /* verilator lint_on UNUSEDSIGNAL */
  generate
    if (Muls > 1) begin : gen_divisor
      localparam int CountedW = epim_pkg::num_width(Kh * Kw);
      localparam logic signed [PosW-1:0] YEnd = PosW'(InH + (CountPadding ? PadBottom : 0));
      localparam logic signed [PosW-1:0] XEnd = PosW'(InW + (CountPadding ? PadRight : 0));
      localparam logic signed [PosW-1:0] YLeast = CountPadding ? YFirst : '0;
      localparam logic signed [PosW-1:0] XLeast = CountPadding ? XFirst : '0;
      logic signed [PosW-1:0] y_end, x_end, y_begin, x_begin;
      logic [CountedW-1:0]    counted, counted_q;
      logic [MulBits-1:0]     mul_q;
      assign y_begin = (y0_q < YLeast) ? YLeast : y0_q;
      assign x_begin = (x0_q < XLeast) ? XLeast : x0_q;
      assign y_end   = (y0_q + PosW'(Kh) > YEnd) ? YEnd : y0_q + PosW'(Kh);
      assign x_end   = (x0_q + PosW'(Kw) > XEnd) ? XEnd : x0_q + PosW'(Kw);
      assign counted = CountedW'($unsigned(y_end - y_begin)) * CountedW'($unsigned(x_end - x_begin));
      always_ff @(posedge clk_i) begin
        if (en) begin
          counted_q <= counted - CountedW'(1);
          mul_q     <= Mul[counted_q*MulBits +: MulBits];
        end
      end
      assign mul = mul_q;
    end else begin : gen_one
      assign mul = Mul[MulBits-1:0];
    end

    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      logic [InBits-1:0]      in;
      logic signed [SumW-1:0] sum;
      logic [OutBits-1:0]     result, data_q;
      assign in = word[l*InBits +: InBits];
      if (Average) begin : gen_mean
        logic signed [ValueW-1:0] value;
        logic signed [SumW-1:0]   sum_q;
        assign value = $signed({{(ValueW-InBits){Signed && in[InBits-1]}}, in}) - ZeroIn;
        always_ff @(posedge clk_i) begin
          if (en && v1_q) sum_q <= (first1_q ? '0 : sum_q) + (in_map1_q ? $signed({{(SumW-ValueW){value[ValueW-1]}}, value}) : '0);
        end
        assign sum = sum_q;
      end else begin : gen_max
        // Signed values with the sign inverted are ordered like unsigned ones.
        logic [InBits-1:0] max_q, old, next, largest;
        assign old  = first1_q ? '0 : max_q;
        assign next = (in_map1_q && ((in ^ SignBit) > old)) ? in ^ SignBit : old;
        always_ff @(posedge clk_i) begin
          if (en && v1_q) max_q <= next;
        end
        assign largest = max_q ^ SignBit;
        assign sum     = $signed({{(ValueW-InBits){Signed && largest[InBits-1]}}, largest}) - ZeroIn;
      end

      logic signed [ProdW-1:0] product;
      if (!Multiplies) begin : gen_no_product
        assign product = {{MulBits{sum[SumW-1]}}, sum};
      end else begin : gen_product
        assign product = $signed({{MulBits{sum[SumW-1]}}, sum}) * $signed({{SumW{1'b0}}, mul});
      end
      epim_round_clamp #(.SumW(ProdW), .OutBits(OutBits), .Shift(Shift), .Zero(ZeroOut), .Lo(Lo), .Hi(Hi)) u_round (
        .sum_i(product), .out_o(result)
      );
      always_ff @(posedge clk_i) begin
        if (en && v2_q) data_q <= result;
      end
      assign m_data_o[l*OutBits +: OutBits] = data_q;
    end
  endgenerate

  assign m_valid_o = valid_q;
  assign m_last_o  = last_q;

endmodule
