// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The board top in Verilator, driven at its clock, its serial line and nothing else.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gen/fpga/board.hpp"
#include "sim/build.hpp"
#include "sim/model.hpp"
#include "sim/uart_link.hpp"

namespace epim {

/// Compiles module epim_board of `config`. Returns the path of the shared object. `rtl`: changed sources of the blocks, as
/// build_core_from takes them; may be null.
std::string build_board(const CoreSpec& core, const std::vector<EmitLayer>& layers, const BoardTop& top, const BuildOptions& options,
                        const Sources* rtl = nullptr);

/// A BytePort whose bytes travel as bits over the model's pins. Time is counted in clocks: a wait of one millisecond
/// stands for `clocks_per_ms`.
class SimulatedBoard : public BytePort {
 public:
  SimulatedBoard(const std::string& object, int clocks_per_bit, int clocks_per_ms);

  void write(std::span<const std::uint8_t> bytes) override;
  bool read(std::vector<std::uint8_t>& bytes, int milliseconds) override;
  void send_break() override;
  /// Clocks with whatever is to be sent, received bytes kept for `read`.
  void run(std::int64_t clocks);

  std::uint64_t clocks() const { return clocks_; }
  /// Clocks until the self-test has ended, at most `most`. True: passed.
  bool self_test(std::int64_t most = 1 << 25);
  unsigned leds() const { return static_cast<unsigned>(led_.get()); }
  /// The next byte goes out with its stop bit low.
  void spoil_stop_bit() { spoil_ = true; }

 private:
  void clock();

  Model model_;
  Signal clk_, rx_, tx_, led_;
  int clocks_per_bit_, clocks_per_ms_;
  std::deque<std::uint8_t> to_send_;
  std::vector<std::uint8_t> received_;
  std::uint64_t clocks_ = 0;
  std::uint32_t out_bits_ = 0;                   ///< still to be driven, lowest first
  int out_left_ = 0, out_count_ = 0;
  int in_count_ = -1, in_bit_ = 0;
  unsigned in_byte_ = 0;
  bool spoil_ = false;
};

/// A pseudo-terminal whose other end is the simulated board: what a serial port would be. The board's clock runs in a
/// thread of its own while there is something to do.
class BoardOnPty {
 public:
  explicit BoardOnPty(SimulatedBoard& board);
  ~BoardOnPty();
  const std::string& path() const { return path_; }   ///< to open as a serial port

 private:
  SimulatedBoard& board_;
  int master_ = -1, slave_ = -1;
  int stop_[2] = {-1, -1};
  std::string path_;
  std::thread thread_;
};

}  // namespace epim
