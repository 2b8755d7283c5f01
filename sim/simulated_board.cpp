// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/simulated_board.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <stdexcept>

#include "golden/diagnostic.hpp"

namespace epim {

std::string build_board(const CoreSpec& spec, const std::vector<EmitLayer>& layers, const BoardTop& top, const BuildOptions& options,
                        const Sources* rtl) {
  std::vector<Layer> shapes;
  for (const EmitLayer& l : layers) shapes.push_back(l.layer);
  const CoreParameters p = core_parameters(spec.hw, shapes);
  // The board's top stands above the core's.
  Elaboration board = elaborate(spec, layers, {false, std::string(kDataFolder) + "/" + kMemDir});
  board.blocks = block_files(board_blocks(top));
  if (rtl) replace_texts(board.blocks, *rtl);
  board.blocks.emplace_back(board.top + ".sv", board.text);
  board.top = "epim_board";
  board.text = board_sv(p, spec, top);
  board.ports.clear();
  board.cells.clear();  // of another top
  for (const auto& [name, bits] : board_ports(top)) board.ports.push_back({name, false, bits});
  return build_elaborated(board, options);
}

SimulatedBoard::SimulatedBoard(const std::string& object, int clocks_per_bit, int clocks_per_ms)
    : model_(object), clk_(model_.port("clk_i")), rx_(model_.port("uart_rx_i")), tx_(model_.port("uart_tx_o")),
      led_(model_.port("led_o")), clocks_per_bit_(clocks_per_bit), clocks_per_ms_(clocks_per_ms) {
  clk_.set(0);
  rx_.set(1);
  if (model_.has("rst_ni")) model_.port("rst_ni").set(1);
  if (model_.has("rst_i")) model_.port("rst_i").set(0);
  model_.eval();
  run(32);  // power-on reset
  received_.clear();
}

/// One clock: the sender's bit onto uart_rx_i, uart_tx_o sampled in the middle of each bit.
void SimulatedBoard::clock() {
  if (out_left_ == 0 && !to_send_.empty()) {
    out_bits_ = (spoil_ ? 0u : 1u << 9) | static_cast<std::uint32_t>(to_send_.front()) << 1 | 1u << 10;
    out_left_ = spoil_ ? 11 : 10;
    out_count_ = 0;
    spoil_ = false;
    to_send_.pop_front();
  }
  rx_.set(out_left_ > 0 ? out_bits_ & 1 : 1);
  if (out_left_ > 0 && ++out_count_ == clocks_per_bit_) {
    out_count_ = 0;
    out_bits_ >>= 1;
    --out_left_;
  }
  clk_.set(1);
  model_.eval();
  clk_.set(0);
  model_.eval();
  ++clocks_;
  const bool line = tx_.high();
  if (in_count_ < 0) {
    if (line) return;
    in_count_ = clocks_per_bit_ / 2;  // to the middle of the start bit
    in_bit_ = 0;
    in_byte_ = 0;
    return;
  }
  if (--in_count_ > 0) return;
  in_count_ = clocks_per_bit_;
  if (in_bit_ > 0 && in_bit_ < 9) in_byte_ |= static_cast<unsigned>(line) << (in_bit_ - 1);
  if (++in_bit_ == 10) {
    if (line) received_.push_back(static_cast<std::uint8_t>(in_byte_));
    in_count_ = -1;
  }
}

void SimulatedBoard::run(std::int64_t clocks) {
  for (std::int64_t i = 0; i < clocks; ++i) clock();
}

bool SimulatedBoard::self_test(std::int64_t most) {
  for (std::int64_t i = 0; i < most && !(leds() & 0xC); ++i) clock();
  return (leds() & 0xC) == 0x4;
}

void SimulatedBoard::write(std::span<const std::uint8_t> bytes) { to_send_.insert(to_send_.end(), bytes.begin(), bytes.end()); }

bool SimulatedBoard::read(std::vector<std::uint8_t>& bytes, int milliseconds) {
  for (std::int64_t quiet = 0; received_.empty() && quiet < std::int64_t{milliseconds} * clocks_per_ms_; ++quiet) {
    clock();
    if (!to_send_.empty() || out_left_ > 0) quiet = 0;
  }
  const bool any = !received_.empty();
  bytes.insert(bytes.end(), received_.begin(), received_.end());
  received_.clear();
  return any;
}

void SimulatedBoard::send_break() {
  while (!to_send_.empty() || out_left_ > 0) clock();
  out_bits_ = 1u << 14;
  out_left_ = 15;
  out_count_ = 0;
}

BoardOnPty::BoardOnPty(SimulatedBoard& board) : board_(board) {
  master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0 || pipe2(stop_, O_CLOEXEC) != 0)
    throw std::runtime_error("cannot make a pseudo-terminal");
  path_ = ptsname(master_);
  // Kept open, so that bytes are not lost between two users; raw, so that they are not changed before the first one.
  slave_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave_ < 0) throw std::runtime_error("cannot open " + path_);
  termios t{};
  tcgetattr(slave_, &t);
  cfmakeraw(&t);
  tcsetattr(slave_, TCSANOW, &t);
  thread_ = std::thread([this] {
    std::vector<std::uint8_t> out;
    for (;;) {
      pollfd p[2] = {{master_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      poll(p, 2, 0);
      if (p[1].revents) return;
      if (p[0].revents & POLLIN) {
        std::uint8_t bytes[256];
        const ssize_t n = ::read(master_, bytes, sizeof bytes);
        if (n > 0) board_.write({bytes, static_cast<std::size_t>(n)});
      }
      board_.run(500);
      out.clear();
      board_.read(out, 0);
      for (std::size_t at = 0; at < out.size();) {
        const ssize_t n = ::write(master_, out.data() + at, out.size() - at);
        if (n <= 0) return;
        at += static_cast<std::size_t>(n);
      }
    }
  });
}

BoardOnPty::~BoardOnPty() {
  if (::write(stop_[1], "x", 1) != 1) close(stop_[1]);
  thread_.join();
  for (int fd : {master_, slave_, stop_[0], stop_[1]}) close(fd);
}

}  // namespace epim
