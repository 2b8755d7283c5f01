// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Serial line to a core's control bus and streams. The frames are listed in docs/fpga.md.
///
/// Commands are taken one after the other from a buffer of `FifoDepth` bytes; each is answered when it is done. Output
/// words leave in frames of their own between the answers as soon as the core offers them, so that a core that waits
/// for its output to be read cannot stop a command for ever. The sender keeps at most `FifoDepth` bytes of unanswered
/// commands under way.
///
/// After an error frame (unknown command, bad stop bit, buffer overrun) bytes are dropped until the line has been
/// quiet for 2^`TimeoutBits` clocks or a break came. A break empties the buffer, ends the command under way, and is
/// answered as soon as the bus access under way is over. An input word that is offered stays until the core takes it.
module epim_uart_bridge #(
  /// Clocks of one bit, >= 4.
  parameter int ClocksPerBit = 104,
  /// Bytes of an input word of the core, 1..255.
  parameter int InBytes = 5,
  /// Bytes of an output word, 1..255.
  parameter int OutBytes = 8,
  /// Bytes of the receive buffer, a power of two >= 4.
  parameter int FifoDepth = 512,
  /// A command whose next byte does not come for 2^TimeoutBits clocks is dropped; >= 1.
  parameter int TimeoutBits = 21,
  /// Answered to a ping: what the configuration's hash does not say about the core, such as the sizes of its tables.
  parameter logic [15:0] Tag = 16'd0,
  /// Byte address bits of the control bus, 9..16.
  parameter int AddrW = 12
) (
  /// Clock.
  input  logic                  clk_i,
  /// Reset, active low.
  input  logic                  rst_ni,
  /// Serial line.
  input  logic                  rx_i,
  output logic                  tx_o,
  /// Control, AXI4-Lite master.
  output logic                  m_axil_awvalid_o,
  input  logic                  m_axil_awready_i,
  output logic [AddrW-1:0]      m_axil_awaddr_o,
  output logic                  m_axil_wvalid_o,
  input  logic                  m_axil_wready_i,
  output logic [31:0]           m_axil_wdata_o,
  output logic [3:0]            m_axil_wstrb_o,
  input  logic                  m_axil_bvalid_i,
  output logic                  m_axil_bready_o,
  input  logic [1:0]            m_axil_bresp_i,
  output logic                  m_axil_arvalid_o,
  input  logic                  m_axil_arready_i,
  output logic [AddrW-1:0]      m_axil_araddr_o,
  input  logic                  m_axil_rvalid_i,
  output logic                  m_axil_rready_o,
  input  logic [31:0]           m_axil_rdata_i,
  input  logic [1:0]            m_axil_rresp_i,
  /// Input map to the core.
  output logic                  m_axis_tvalid_o,
  input  logic                  m_axis_tready_i,
  output logic [8*InBytes-1:0]  m_axis_tdata_o,
  output logic                  m_axis_tlast_o,
  /// Output map of the core.
  input  logic                  s_axis_tvalid_i,
  output logic                  s_axis_tready_o,
  input  logic [8*OutBytes-1:0] s_axis_tdata_i,
  input  logic                  s_axis_tlast_i,
  /// An error was answered since reset.
  output logic                  error_o
);

  generate
    if (ClocksPerBit < 4)                                    begin : gen_rule1 epim_rule_clocks_per_bit_at_least_4 u_rule (); end
    if (InBytes < 1 || InBytes > 255)                        begin : gen_rule2 epim_rule_input_bytes_1_to_255 u_rule (); end
    if (OutBytes < 1 || OutBytes > 255)                      begin : gen_rule3 epim_rule_output_bytes_1_to_255 u_rule (); end
    if (FifoDepth < 4 || (FifoDepth & (FifoDepth - 1)) != 0) begin : gen_rule4 epim_rule_receive_buffer_power_of_two_at_least_4 u_rule (); end
    if (TimeoutBits < 1)                                     begin : gen_rule5 epim_rule_timeout_bits_at_least_1 u_rule (); end
    if (AddrW < 9 || AddrW > 16)                             begin : gen_rule6 epim_rule_address_bits_9_to_16 u_rule (); end
  endgenerate

  localparam int FifoW = epim_pkg::idx_width(FifoDepth);
  localparam int WordBytes = (InBytes > 4) ? InBytes : 4;
  localparam int ByteW = epim_pkg::idx_width(WordBytes);
  localparam int PingBytes = 11;
  localparam int TxBytes = (OutBytes + 1 > PingBytes) ? OutBytes + 1 : PingBytes;
  localparam int TxW = epim_pkg::idx_width(TxBytes);

  localparam logic [7:0] Version = 8'd1;
  localparam logic [7:0] CmdPing = 8'h50, CmdWrite = 8'h57, CmdWriteUp = 8'h49, CmdRead = 8'h52, CmdStream = 8'h53,
                         CmdStreamLast = 8'h4C;
  localparam logic [7:0] AnsPing = 8'h50, AnsDone = 8'h4B, AnsRead = 8'h52, AnsError = 8'h45, AnsWord = 8'h44,
                         AnsWordLast = 8'h4C;
  localparam logic [2:0] ErrCommand = 3'd1, ErrAccess = 3'd2, ErrLine = 3'd3, ErrTimeout = 3'd4, ErrOverrun = 3'd5;

  // CRC-16, polynomial x^16 + x^12 + x^5 + 1, most significant bit first, from 0xFFFF.
  function automatic logic [15:0] crc16(input logic [15:0] crc, input logic [7:0] data);
    logic [15:0] c;
    c = crc ^ {data, 8'd0};
    for (int i = 0; i < 8; i++) c = {c[14:0], 1'b0} ^ (c[15] ? 16'h1021 : 16'h0000);
    crc16 = c;
  endfunction

  logic       rx_valid, rx_error, rx_break, tx_ready;
  logic [7:0] rx_data, tx_data;
  logic       tx_on_q;

  epim_uart #(
    .ClocksPerBit(ClocksPerBit)
  ) u_uart (
    .clk_i,
    .rst_ni,
    .rx_i,
    .tx_o,
    .rx_valid_o(rx_valid),
    .rx_data_o(rx_data),
    .rx_error_o(rx_error),
    .rx_break_o(rx_break),
    .tx_valid_i(tx_on_q),
    .tx_ready_o(tx_ready),
    .tx_data_i(tx_data)
  );

  // Receive buffer; `have_q`: its oldest byte stands at the memory's output.
  logic [FifoW:0] wptr_q, rptr_q;
  logic           full, fetch, have_q, take, flush;
  logic [7:0]     data;
  assign full  = (wptr_q[FifoW] != rptr_q[FifoW]) && (wptr_q[FifoW-1:0] == rptr_q[FifoW-1:0]);
  assign fetch = !have_q && (wptr_q != rptr_q);

  epim_ram #(
    .Depth(FifoDepth),
    .Width(8)
  ) u_buffer (
    .clk_i,
    .re_i(fetch),
    .raddr_i(rptr_q[FifoW-1:0]),
    .rdata_o(data),
    .we_i(rx_valid && !full),
    .waddr_i(wptr_q[FifoW-1:0]),
    .wdata_i(rx_data)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wptr_q <= '0;
      rptr_q <= '0;
      have_q <= 1'b0;
    end else begin
      if (rx_valid && !full) wptr_q <= wptr_q + (FifoW + 1)'(1);
      if (flush) begin
        rptr_q <= wptr_q;
        have_q <= 1'b0;
      end else if (fetch) begin
        rptr_q <= rptr_q + (FifoW + 1)'(1);
        have_q <= 1'b1;
      end else if (take) begin
        have_q <= 1'b0;
      end
    end
  end

  // Commands.
  typedef enum logic [3:0] {
    StCommand, StAddrLow, StAddrHigh, StCount, StData, StWrite, StRespond, StPush, StRead, StReadData, StAnswer, StLost
  } state_e;
  typedef enum logic [1:0] {KindDone, KindError, KindRead, KindPing} kind_e;

  state_e                 state_q;
  kind_e                  kind_q;
  logic                   stream_q, last_q, push_q, pushed_q, push_last_q, up_q, read_q, refused_q, error_q;
  logic [AddrW-1:0]       addr_q;
  logic [7:0]             count_q;
  logic [ByteW-1:0]       byte_q;
  logic [8*WordBytes-1:0] word_q;
  logic [8*InBytes-1:0]   push_word_q;
  logic [2:0]             code_q;
  logic                   aw_q, w_q;
  logic [15:0]            rx_crc_q, tx_crc_q;
  logic [TimeoutBits-1:0] quiet_q;
  logic                   answered, wants, quiet;
  logic [2:0]             fault, fault_q;

  // A fault of the line waits in fault_q until it can be answered; a break overrules the others.
  assign fault = (rx_break || rx_error) ? ErrLine : ((rx_valid && full) ? ErrOverrun : 3'd0);
  assign flush = rx_break;
  assign wants = (state_q == StCommand) || (state_q == StAddrLow) || (state_q == StAddrHigh) || (state_q == StCount)
              || (state_q == StData) || (state_q == StLost);
  assign take  = have_q && wants && (fault_q == '0) && !flush;
  assign quiet = &quiet_q;

  logic break_q;  // the waiting fault is a break
  logic lose_q;   // bytes are dropped after the answer
  logic done_all;
  assign done_all = count_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= StCommand;
      kind_q    <= KindDone;
      stream_q  <= 1'b0;
      last_q    <= 1'b0;
      push_q    <= 1'b0;
      pushed_q  <= 1'b0;
      push_last_q <= 1'b0;
      push_word_q <= '0;
      up_q      <= 1'b0;
      read_q    <= 1'b0;
      refused_q <= 1'b0;
      error_q   <= 1'b0;
      addr_q    <= '0;
      count_q   <= '0;
      byte_q    <= '0;
      word_q    <= '0;
      code_q    <= '0;
      aw_q      <= 1'b0;
      w_q       <= 1'b0;
      rx_crc_q  <= '1;
      quiet_q   <= '0;
      fault_q   <= '0;
      break_q   <= 1'b0;
      lose_q    <= 1'b0;
    end else begin
      if (rx_valid || rx_error || rx_break || !wants || have_q) quiet_q <= '0;
      else if (!quiet) quiet_q <= quiet_q + TimeoutBits'(1);
      if (take && !(state_q == StCommand && data == CmdPing)) rx_crc_q <= crc16(rx_crc_q, data);

      // The word offered to the core; it outlives a command that is broken off.
      if (m_axis_tready_i) push_q <= 1'b0;

      case (state_q)
        StCommand: begin
          stream_q  <= (data == CmdStream) || (data == CmdStreamLast);
          last_q    <= data == CmdStreamLast;
          up_q      <= (data == CmdWriteUp) || (data == CmdRead);
          read_q    <= data == CmdRead;
          refused_q <= 1'b0;
          lose_q    <= 1'b0;
          byte_q    <= '0;
          if (take) begin
            case (data)
              CmdPing: begin
                kind_q  <= KindPing;
                state_q <= StAnswer;
              end
              CmdWrite, CmdWriteUp, CmdRead: state_q <= StAddrLow;
              CmdStream, CmdStreamLast:      state_q <= StCount;
              default: begin
                kind_q  <= KindError;
                code_q  <= ErrCommand;
                lose_q  <= 1'b1;
                state_q <= StAnswer;
              end
            endcase
          end
        end
        StAddrLow: if (take) begin
          addr_q[7:0] <= data;
          state_q     <= StAddrHigh;
        end
        StAddrHigh: if (take) begin
          addr_q[AddrW-1:8] <= data[AddrW-9:0];
          state_q           <= StCount;
        end
        StCount: if (take) begin
          count_q <= data;
          state_q <= read_q ? StRead : StData;
        end
        StData: if (take) begin
          word_q <= {data, word_q[8*WordBytes-1:8]};
          byte_q <= byte_q + ByteW'(1);
          if (byte_q == (stream_q ? ByteW'(InBytes - 1) : ByteW'(3))) begin
            byte_q  <= '0;
            pushed_q <= 1'b0;
            aw_q     <= !stream_q;
            w_q      <= !stream_q;
            state_q  <= stream_q ? StPush : StWrite;
          end
        end
        StWrite: begin
          if (m_axil_awready_i) aw_q <= 1'b0;
          if (m_axil_wready_i) w_q <= 1'b0;
          if ((!aw_q || m_axil_awready_i) && (!w_q || m_axil_wready_i)) state_q <= StRespond;
        end
        StRespond: if (m_axil_bvalid_i) begin
          refused_q <= refused_q || (m_axil_bresp_i != 2'b00);
          kind_q    <= (refused_q || (m_axil_bresp_i != 2'b00)) ? KindError : KindDone;
          code_q    <= ErrAccess;
          count_q   <= count_q - 8'd1;
          if (up_q) addr_q <= addr_q + AddrW'(4);
          state_q   <= done_all ? StAnswer : StData;
        end
        StPush: if (!pushed_q) begin
          // Behind a word that an earlier command left, if there is one.
          if (!push_q) begin
            push_q      <= 1'b1;
            pushed_q    <= 1'b1;
            push_word_q <= word_q[8*WordBytes-1 -: 8*InBytes];
            push_last_q <= last_q && done_all;
          end
        end else if (m_axis_tready_i) begin
          kind_q  <= KindDone;
          count_q <= count_q - 8'd1;
          state_q <= done_all ? StAnswer : StData;
        end
        StRead: if (m_axil_arready_i) state_q <= StReadData;
        // The data stay at the bus until the answer is out.
        StReadData: if (m_axil_rvalid_i) begin
          kind_q  <= (m_axil_rresp_i != 2'b00) ? KindError : KindRead;
          code_q  <= ErrAccess;
          state_q <= StAnswer;
        end
        StAnswer: if (answered) begin
          read_q <= 1'b0;
          if (kind_q == KindError) error_q <= 1'b1;
          if (kind_q == KindPing) rx_crc_q <= '1;
          if (read_q && !done_all && fault_q == '0) begin
            count_q <= count_q - 8'd1;
            addr_q  <= addr_q + AddrW'(4);
            read_q  <= 1'b1;
            state_q <= StRead;
          end else begin
            state_q <= lose_q ? StLost : StCommand;
          end
        end
        default: if (quiet) state_q <= StCommand;  // StLost
      endcase

      // What ends a command early. Bus accesses and answers under way come first.
      if (fault_q != '0) begin
        if (state_q == StPush || wants) begin
          fault_q <= '0;
          break_q <= 1'b0;
          // While bytes are dropped only a break is worth an answer.
          if (state_q != StLost || break_q) begin
            kind_q  <= KindError;
            code_q  <= fault_q;
            lose_q  <= !break_q;
            read_q  <= 1'b0;
            state_q <= StAnswer;
          end
        end
      end else if (quiet && wants && state_q != StCommand && state_q != StLost) begin
        kind_q  <= KindError;
        code_q  <= ErrTimeout;
        read_q  <= 1'b0;
        state_q <= StAnswer;
      end
      if (fault != '0 && !(fault_q != '0 && break_q)) begin
        fault_q <= fault;
        break_q <= rx_break;
      end
    end
  end

  assign m_axil_awvalid_o = aw_q;
  assign m_axil_awaddr_o  = addr_q;
  assign m_axil_wvalid_o  = w_q;
  assign m_axil_wdata_o   = word_q[8*WordBytes-1 -: 32];
  assign m_axil_wstrb_o   = 4'hF;
  assign m_axil_bready_o  = state_q == StRespond;
  assign m_axil_arvalid_o = state_q == StRead;
  assign m_axil_araddr_o  = addr_q;
  assign m_axil_rready_o  = (state_q == StAnswer) && answered && read_q;
  assign m_axis_tvalid_o  = push_q;
  assign m_axis_tdata_o   = push_word_q;
  assign m_axis_tlast_o   = push_last_q;
  assign error_o          = error_q;

  // Frames to the host: an answer, or an output word (tx_word_q).
  logic           tx_word_q, tx_take, tx_end, tx_taken_q;
  logic [TxW-1:0] tx_byte_q, tx_last;
  assign tx_take  = tx_on_q && tx_ready;
  assign tx_end   = tx_take && (tx_byte_q == tx_last);
  assign answered = tx_end && !tx_word_q;
  // A register: the core's output and all that waits for it hang on this ready.
  assign s_axis_tready_o = tx_taken_q;

  always_comb begin
    case (kind_q)
      KindDone:  tx_last = TxW'(0);
      KindError: tx_last = TxW'(1);
      KindRead:  tx_last = TxW'(4);
      default:   tx_last = TxW'(PingBytes - 1);
    endcase
    if (tx_word_q) tx_last = TxW'(OutBytes);
  end

  // Byte 0 of every frame is its kind; the others come from where the value stands.
  logic [8*TxBytes-1:0]   tx_frame;
  logic [8*PingBytes-1:0] tx_ping;
  assign tx_ping = {tx_crc_q, rx_crc_q, Tag, 8'(FifoW), 8'(OutBytes), 8'(InBytes), Version, AnsPing};
  always_comb begin
    case (kind_q)
      KindDone:  tx_frame = (8 * TxBytes)'(AnsDone);
      KindError: tx_frame = (8 * TxBytes)'({5'd0, code_q, AnsError});
      KindRead:  tx_frame = (8 * TxBytes)'({m_axil_rdata_i, AnsRead});
      default:   tx_frame = (8 * TxBytes)'(tx_ping);
    endcase
    if (tx_word_q) tx_frame = (8 * TxBytes)'({s_axis_tdata_i, s_axis_tlast_i ? AnsWordLast : AnsWord});
  end
  assign tx_data = 8'(tx_frame >> {tx_byte_q, 3'd0});

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tx_on_q    <= 1'b0;
      tx_word_q  <= 1'b0;
      tx_byte_q  <= '0;
      tx_crc_q   <= '1;
      tx_taken_q <= 1'b0;
    end else begin
      tx_taken_q <= tx_end && tx_word_q;
      if (!tx_on_q) begin
        tx_byte_q <= '0;
        tx_word_q <= state_q != StAnswer;
        tx_on_q   <= (state_q == StAnswer) || (s_axis_tvalid_i && !tx_taken_q);
      end else if (tx_take) begin
        tx_byte_q <= tx_byte_q + TxW'(1);
        if (tx_end) tx_on_q <= 1'b0;
        if (answered && kind_q == KindPing) tx_crc_q <= '1;
        else if (tx_word_q || kind_q != KindPing) tx_crc_q <= crc16(tx_crc_q, tx_data);
      end
    end
  end

endmodule
