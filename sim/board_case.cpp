// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/board_case.hpp"

#include <fmt/format.h>

#include "gen/fpga/board.hpp"
#include "gen/core/register_map.hpp"
#include "golden/evaluate.hpp"
#include "sim/simulated_board.hpp"

namespace epim {
namespace {

constexpr int kTimeoutBits = 10, kClocksPerMs = 40;

struct Loaded {
  CoreSpec core;
  std::vector<EmitLayer> layers;
  IntTensor input;
};
Loaded load(const std::string& file) {
  Case c = named_case(file);
  return {std::move(c.core), {{c.layers[0].layer, c.layers[0].data}}, c.layers[0].input};
}

/// Sends bytes and compares what comes back.
void expect(SimulatedBoard& board, const std::vector<std::uint8_t>& send, const std::vector<std::uint8_t>& want, const char* what) {
  board.write(send);
  std::vector<std::uint8_t> got;
  while (got.size() < want.size() && board.read(got, (2 << kTimeoutBits) / kClocksPerMs)) {
  }
  board.run(200);
  board.read(got, 1);
  if (got != want)
    throw CheckFailed("serial link", fmt::format("{}: answer {:02x}, expected {:02x}", what, fmt::join(got, " "), fmt::join(want, " ")));
}

void run_layer_over_pins(SimulatedBoard& board, const Loaded& l) {
  UartLink link(board);
  check_identity(link, hardware_hash(l.core));
  const Layer& layer = l.layers[0].layer;
  const CoreParameters p = core_parameters(l.core.hw, {layer});
  load_program(link, build_program(p, layer, l.layers[0].data), l.core.tables == Tables::rom);
  link.check_transfer();
  const IntTensor got = link.run(l.core.hw, layer, l.input);
  EventCounts events;
  const IntTensor want = GoldenLayer(l.core.hw, layer, l.layers[0].data).run(l.input, events);
  for (std::size_t i = 0; i < want.size(); ++i)
    if (got.data[i] != want.data[i])
      throw CheckFailed("output", fmt::format("value {} of {}: board {} golden {}", i, want.size(), got.data[i], want.data[i]));
  if (link.try_write(reg::id, 1)) throw CheckFailed("control bus", "a write of a read-only register was not refused");
  link.check_transfer();
}

void broken_commands(SimulatedBoard& board, const Loaded& l) {
  expect(board, {'W', 0x18, 0, 1, 5}, {'E', 4}, "a command cut short");
  board.spoil_stop_bit();
  expect(board, {0x55, 'P'}, {'E', 3}, "a byte without stop bit");
  board.run(2 << kTimeoutBits);
  expect(board, {'?'}, {'E', 1}, "an unknown command");
  board.send_break();
  expect(board, {}, {'E', 3}, "a break");
  run_layer_over_pins(board, l);
}

}  // namespace

CaseResult run_board_case(const std::string& folder, const BuildOptions& build, const Sources* rtl) {
  CaseResult result;
  result.name = "board";
  record(result, [&] {
    const Loaded core = load(folder + "/xb16.toml"), rom = load(folder + "/rom-ram.toml");
    BoardTop top;
    top.clocks_per_bit = 4;
    top.timeout_bits = kTimeoutBits;
    BoardTop tested = top, refused = top;
    tested.self_test = refused.self_test = self_test(rom.core, rom.layers[0]);
    refused.self_test.signature ^= 1;
    SimulatedBoard board(build_board(core.core, core.layers, top, build, rtl), top.clocks_per_bit, kClocksPerMs);
    run_layer_over_pins(board, core);
    broken_commands(board, core);
    SimulatedBoard good(build_board(rom.core, rom.layers, tested, build, rtl), top.clocks_per_bit, kClocksPerMs);
    if (!good.self_test(1 << 20)) throw CheckFailed("self-test", "the self-test of a good core did not pass");
    run_layer_over_pins(good, rom);
    SimulatedBoard bad(build_board(rom.core, rom.layers, refused, build, rtl), top.clocks_per_bit, kClocksPerMs);
    if (bad.self_test(1 << 20)) throw CheckFailed("self-test", "the self-test passed with a wrong signature");
  });
  return result;
}

}  // namespace epim
