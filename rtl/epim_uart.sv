// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// UART, 8 data bits, no parity, one stop bit, least significant bit first.
///
/// Each received bit is sampled once, in its middle, `ClocksPerBit`/2 clocks after the falling edge of the start bit
/// was seen behind two synchronising registers. A low stop bit is a break when all data bits were low as well, else an
/// error; either way the line must go high before another start bit is looked for.
module epim_uart #(
  /// Clocks of one bit, >= 4.
  parameter int ClocksPerBit = 104
) (
  /// Clock.
  input  logic       clk_i,
  /// Reset, active low.
  input  logic       rst_ni,
  /// Receive line, asynchronous.
  input  logic       rx_i,
  /// Transmit line.
  output logic       tx_o,
  /// Received byte, for one cycle.
  output logic       rx_valid_o,
  output logic [7:0] rx_data_o,
  /// In the place of a byte, for one cycle: stop bit missing; break.
  output logic       rx_error_o,
  output logic       rx_break_o,
  /// Byte to send.
  input  logic       tx_valid_i,
  output logic       tx_ready_o,
  input  logic [7:0] tx_data_i
);

  generate
    if (ClocksPerBit < 4) begin : gen_rule1 epim_rule_clocks_per_bit_at_least_4 u_rule (); end
  endgenerate

  localparam int CountW = epim_pkg::idx_width(ClocksPerBit);
  localparam logic [CountW-1:0] Whole = CountW'(ClocksPerBit - 1);
  // From the cycle that sees the line low, the middle of the start bit.
  localparam logic [CountW-1:0] Half = CountW'(ClocksPerBit / 2 - 1);

  // Receiver: bit 0 is the start bit, 1..8 are data, 9 is the stop bit.
  logic              rx_meta_q, rx_q, rx_on_q, rx_wait_q;
  logic [CountW-1:0] rx_count_q;
  logic [3:0]        rx_bit_q;
  logic [7:0]        rx_shift_q;
  logic              rx_sample, rx_stop;
  assign rx_sample = rx_on_q && (rx_count_q == '0);
  assign rx_stop   = rx_sample && (rx_bit_q == 4'd9);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rx_meta_q  <= 1'b1;
      rx_q       <= 1'b1;
      rx_on_q    <= 1'b0;
      rx_wait_q  <= 1'b0;
      rx_count_q <= '0;
      rx_bit_q   <= '0;
      rx_shift_q <= '0;
    end else begin
      rx_meta_q <= rx_i;
      rx_q      <= rx_meta_q;
      if (rx_q) rx_wait_q <= 1'b0;
      if (!rx_on_q) begin
        rx_count_q <= Half;
        rx_bit_q   <= '0;
        rx_on_q    <= !rx_q && !rx_wait_q;
      end else begin
        rx_count_q <= rx_sample ? Whole : rx_count_q - CountW'(1);
        if (rx_sample) begin
          rx_bit_q   <= rx_bit_q + 4'd1;
          rx_shift_q <= {rx_q, rx_shift_q[7:1]};
          // A start bit that is high in its middle was noise.
          if (rx_bit_q == '0 && rx_q) rx_on_q <= 1'b0;
        end
        if (rx_stop) begin
          rx_on_q    <= 1'b0;
          rx_wait_q  <= !rx_q;
          rx_shift_q <= rx_shift_q;
        end
      end
    end
  end

  assign rx_valid_o = rx_stop && rx_q;
  assign rx_data_o  = rx_shift_q;
  assign rx_break_o = rx_stop && !rx_q && (rx_shift_q == '0);
  assign rx_error_o = rx_stop && !rx_q && (rx_shift_q != '0);

  // Transmitter: nine bits follow the start bit; ones come in behind them.
  logic [CountW-1:0] tx_count_q;
  logic [3:0]        tx_bit_q;
  logic [8:0]        tx_shift_q;
  logic              tx_on_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tx_on_q    <= 1'b0;
      tx_count_q <= '0;
      tx_bit_q   <= '0;
      tx_shift_q <= '1;
    end else if (!tx_on_q) begin
      tx_count_q <= Whole;
      tx_bit_q   <= '0;
      tx_on_q    <= tx_valid_i;
      if (tx_valid_i) tx_shift_q <= {tx_data_i, 1'b0};
    end else if (tx_count_q != '0) begin
      tx_count_q <= tx_count_q - CountW'(1);
    end else begin
      tx_count_q <= Whole;
      tx_shift_q <= {1'b1, tx_shift_q[8:1]};
      tx_bit_q   <= tx_bit_q + 4'd1;
      if (tx_bit_q == 4'd9) tx_on_q <= 1'b0;
    end
  end

  assign tx_ready_o = !tx_on_q;
  assign tx_o       = tx_shift_q[0];

endmodule
