// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The top module of an FPGA board: a core behind a serial line, with power-on reset, LEDs and an optional self-test.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/core/elaborate.hpp"
#include "gen/core/emit.hpp"

namespace epim {

/// A reset button of a board.
enum class ResetPin { none, active_low, active_high };

/// The self-test of epim_bist: `words` input words, and the signature that golden gives for them.
struct SelfTest {
  bool on = false;
  int words = 0;
  std::uint32_t signature = 0;
};

struct BoardTop {
  int clocks_per_bit = 104;   ///< of the serial line, >= 4
  int timeout_bits = 21;      ///< epim_uart_bridge
  int fifo = 512;             ///< bytes of the receive buffer
  ResetPin reset = ResetPin::none;
  SelfTest self_test;
};

/// LEDs of every board top, bit 0 first.
inline constexpr const char* kLeds[] = {"busy", "link error", "self-test passed", "self-test failed", "alive"};

/// Ports of the board top and their widths.
std::vector<std::pair<std::string, int>> board_ports(const BoardTop& top);

/// Blocks that epim_board and the core in it instantiate, for block_files.
std::vector<std::string> board_blocks(const BoardTop& top);

/// Module epim_board: epim_top, epim_uart_bridge and, where asked, epim_bist.
std::string board_sv(const CoreParameters& p, const CoreSpec& core, const BoardTop& top);

/// Names the sizes that the layers ask of a core, which hardware_hash leaves out: 16 bits of their FNV-1a hash.
std::uint16_t board_tag(const CoreParameters& p);

/// Bytes of a word of the input and of the output stream.
int in_bytes(const Hardware& hw);
int out_bytes(const Hardware& hw);

/// Input of the self-test as epim_bist makes it (rtl/epim_bist.sv), and the signature of the layer's golden output:
///   s(0) = ~0, s(n+1) = (s(n) >> 1) ^ (s(n)[0] ? 0xEDB88320 : 0) ^ fold32(word n) ^ (last << 31).
/// Throws InputError `self-test-needs-rom` at `where` unless core.tables is rom.
SelfTest self_test(const CoreSpec& core, const EmitLayer& layer, const Position& where = {});

}  // namespace epim
