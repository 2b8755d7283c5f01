// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A serial port of this machine: raw, 8 data bits, no parity, one stop bit, no flow control.
#pragma once
#include <string>

#include "sim/uart_link.hpp"

namespace epim {

class SerialPort : public BytePort {
 public:
  /// Throws InputError `no-serial-port` (cannot be opened, is no terminal) and `unknown-baud-rate`.
  SerialPort(const std::string& path, int baud);
  ~SerialPort() override;
  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;

  /// Both throw CheckFailed where the device is gone.
  void write(std::span<const std::uint8_t> bytes) override;
  bool read(std::vector<std::uint8_t>& bytes, int milliseconds) override;
  void send_break() override;

 private:
  std::string path_;
  int fd_ = -1;
};

}  // namespace epim
