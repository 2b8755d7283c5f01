# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Digilent Arty A7-35T.
# Pins: github.com/Digilent/digilent-xdc Arty-A7-35-Master.xdc (uart_txd_in is the FPGA's input, uart_rxd_out its
# output; led_o are LD4 .. LD7 and the green part of LD0; reset is the red button ck_rst, active low, C2).
set_property -dict {PACKAGE_PIN E3  IOSTANDARD LVCMOS33} [get_ports clk_i]
create_clock -name clk -period 10.000 [get_ports clk_i]
set_property -dict {PACKAGE_PIN C2  IOSTANDARD LVCMOS33} [get_ports rst_ni]
set_property -dict {PACKAGE_PIN A9  IOSTANDARD LVCMOS33} [get_ports uart_rx_i]
set_property -dict {PACKAGE_PIN D10 IOSTANDARD LVCMOS33} [get_ports uart_tx_o]
set_property -dict {PACKAGE_PIN H5  IOSTANDARD LVCMOS33} [get_ports {led_o[0]}]
set_property -dict {PACKAGE_PIN J5  IOSTANDARD LVCMOS33} [get_ports {led_o[1]}]
set_property -dict {PACKAGE_PIN T9  IOSTANDARD LVCMOS33} [get_ports {led_o[2]}]
set_property -dict {PACKAGE_PIN T10 IOSTANDARD LVCMOS33} [get_ports {led_o[3]}]
set_property -dict {PACKAGE_PIN F6  IOSTANDARD LVCMOS33} [get_ports {led_o[4]}]
# The button ends in the registers of epim_reset_sync alone, which keep together.
set_false_path -from [get_ports {rst_ni uart_rx_i}]
set_property ASYNC_REG TRUE [get_cells -hierarchical -filter {NAME =~ *u_button/stage_q_reg* || NAME =~ *u_button/reset_q_reg*}]
set_property ASYNC_REG TRUE [get_cells -hierarchical -filter {NAME =~ *u_reset/stage_q_reg* || NAME =~ *u_reset/reset_q_reg*}]
set_false_path -to [get_ports {uart_tx_o led_o[*]}]
