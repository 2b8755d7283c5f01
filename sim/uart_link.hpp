// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A core behind epim_uart_bridge: the frames of docs/fpga.md over any port that carries bytes.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "sim/core_link.hpp"

namespace epim {

/// Bytes to and from a board.
class BytePort {
 public:
  virtual ~BytePort() = default;
  virtual void write(std::span<const std::uint8_t> bytes) = 0;
  /// Appends what has come; waits at most `milliseconds` for the first byte. False: nothing came.
  virtual bool read(std::vector<std::uint8_t>& bytes, int milliseconds) = 0;
  virtual void send_break() = 0;
};

/// CRC-16, polynomial x^16 + x^12 + x^5 + 1, most significant bit first; starts from 0xFFFF.
std::uint16_t crc16(std::uint16_t crc, std::uint8_t byte);

struct UartLinkOptions {
  int answer_ms = 2000;   ///< longest wait for an answer or an output word
  int settle_ms = 60;     ///< silence that ends what came before
  int timeout_ms = 400;   ///< longer than the bridge's own timeout
};

class UartLink : public CoreLink {
 public:
  /// Brings board and host in step: a break, abort of a run that is on, pings. Throws CheckFailed "serial link" where
  /// nothing answers in the protocol.
  UartLink(BytePort& port, const UartLinkOptions& options = {});

  bool try_write(std::uint32_t address, std::uint32_t value) override;
  std::uint32_t read(std::uint32_t address) override;
  void write_all(std::uint32_t address, std::span<const std::uint32_t> values, bool up) override;

  /// Waits for the answers of everything sent, and compares the checksums of both directions since the last call.
  /// Throws CheckFailed "serial link" where they differ.
  void check_transfer();

  /// Starts the loaded layer, streams `x` in and the output back: [stored_cout][out_h][out_w], sign-extended where the
  /// layer's clamp reaches below zero. Throws CheckFailed.
  IntTensor run(const Hardware& hw, const Layer& layer, const IntTensor& x);

  std::uint16_t tag() const { return tag_; }   ///< epim_uart_bridge's Tag
  int in_bytes() const { return in_bytes_; }
  int out_bytes() const { return out_bytes_; }
  std::uint64_t bytes_sent() const { return sent_; }
  std::uint64_t bytes_received() const { return received_; }
  std::function<void()> poll = [] {};  ///< called now and then while it waits

 private:
  struct Pending {
    std::uint8_t command;
    std::size_t bytes, answers;
  };
  void submit(std::vector<std::uint8_t> frame, std::size_t answers = 1);
  void pump(const char* what);                ///< takes one frame
  void wait_all(const char* what);
  void send(std::span<const std::uint8_t> bytes, bool counted = true);
  bool synchronise();

  BytePort& port_;
  UartLinkOptions options_;
  std::uint16_t tag_ = 0;
  int in_bytes_ = 0, out_bytes_ = 0;
  std::size_t window_ = 0, outstanding_ = 0;
  std::deque<Pending> pending_;
  std::vector<std::uint8_t> buffer_;          ///< received, not yet parsed
  std::size_t at_ = 0;
  std::vector<std::uint32_t> values_;         ///< of read answers
  std::vector<std::vector<std::uint8_t>> words_;
  bool last_ = false;                         ///< the newest word ended a frame
  std::uint8_t ping_[10] = {};
  std::uint8_t error_ = 0;                    ///< code of the newest error frame
  std::uint16_t tx_crc_ = 0xFFFF, rx_crc_ = 0xFFFF;
  std::uint64_t sent_ = 0, received_ = 0;
};

}  // namespace epim
