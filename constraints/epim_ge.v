// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

// Simulation models of the cells of epim_ge.lib, written by hand from their names: a netlist that simulates with them
// shows that mapping and Liberty functions agree with what the cells are meant to be.
module INV (input A, output Y); assign Y = ~A; endmodule
module BUF (input A, output Y); assign Y = A; endmodule
module NAND2 (input A, B, output Y); assign Y = ~(A & B); endmodule
module NAND3 (input A, B, C, output Y); assign Y = ~(A & B & C); endmodule
module NOR2 (input A, B, output Y); assign Y = ~(A | B); endmodule
module NOR3 (input A, B, C, output Y); assign Y = ~(A | B | C); endmodule
module AND2 (input A, B, output Y); assign Y = A & B; endmodule
module OR2 (input A, B, output Y); assign Y = A | B; endmodule
module AOI21 (input A, B, C, output Y); assign Y = ~((A & B) | C); endmodule
module OAI21 (input A, B, C, output Y); assign Y = ~((A | B) & C); endmodule
module AOI22 (input A, B, C, D, output Y); assign Y = ~((A & B) | (C & D)); endmodule
module OAI22 (input A, B, C, D, output Y); assign Y = ~((A | B) & (C | D)); endmodule
module XOR2 (input A, B, output Y); assign Y = A ^ B; endmodule
module XNOR2 (input A, B, output Y); assign Y = A ~^ B; endmodule
module MUX2 (input A, B, S, output Y); assign Y = S ? B : A; endmodule
module DFF (input C, D, output reg Q); always @(posedge C) Q <= D; endmodule
module DFFR (input C, D, R, output reg Q); always @(posedge C or negedge R) if (!R) Q <= 1'b0; else Q <= D; endmodule
module DFFS (input C, D, S, output reg Q); always @(posedge C or negedge S) if (!S) Q <= 1'b1; else Q <= D; endmodule
