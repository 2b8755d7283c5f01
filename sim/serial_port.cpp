// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/serial_port.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

struct Rate {
  int baud;
  speed_t speed;
};
constexpr Rate kRates[] = {{9600, B9600},     {19200, B19200},   {38400, B38400},    {57600, B57600},    {115200, B115200},
                           {230400, B230400}, {460800, B460800}, {500000, B500000},  {576000, B576000},  {921600, B921600},
                           {1000000, B1000000}, {1500000, B1500000}, {2000000, B2000000}, {3000000, B3000000}};

}  // namespace

SerialPort::SerialPort(const std::string& path, int baud) : path_(path) {
  const Rate* rate = nullptr;
  std::string legal;
  for (const Rate& r : kRates) {
    if (r.baud == baud) rate = &r;
    legal += fmt::format("{}{}", legal.empty() ? "" : ", ", r.baud);
  }
  if (!rate) throw InputError({"--baud", 0, 0}, "unknown-baud-rate", fmt::format("{} baud; legal: {}", baud, legal));
  fd_ = open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0)
    throw InputError({path, 0, 0}, "no-serial-port", fmt::format("{}; legal: the serial device of a board, such as /dev/ttyUSB0", std::strerror(errno)));
  termios t{};
  if (tcgetattr(fd_, &t) != 0) {
    close(fd_);
    throw InputError({path, 0, 0}, "no-serial-port", "is no serial device; legal: the serial device of a board, such as /dev/ttyUSB0");
  }
  cfmakeraw(&t);
  t.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | PARENB | CRTSCTS);
  t.c_cflag |= CS8 | CLOCAL | CREAD;
  t.c_cc[VMIN] = 0;
  t.c_cc[VTIME] = 0;
  cfsetspeed(&t, rate->speed);
  if (tcsetattr(fd_, TCSANOW, &t) != 0) {
    close(fd_);
    throw InputError({path, 0, 0}, "no-serial-port", fmt::format("cannot be set to {} baud: {}", baud, std::strerror(errno)));
  }
  tcflush(fd_, TCIOFLUSH);
}

SerialPort::~SerialPort() { close(fd_); }

void SerialPort::write(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::write(fd_, bytes.data() + at, bytes.size() - at);
    if (n > 0) {
      at += static_cast<std::size_t>(n);
      continue;
    }
    pollfd p{fd_, POLLOUT, 0};
    if ((errno != EAGAIN && errno != EINTR) || (poll(&p, 1, 5000) == 0))
      throw CheckFailed("serial link", fmt::format("serial link: {} takes no bytes: {}", path_, std::strerror(errno)));
  }
}

bool SerialPort::read(std::vector<std::uint8_t>& bytes, int milliseconds) {
  pollfd p{fd_, POLLIN, 0};
  if (poll(&p, 1, milliseconds) <= 0) return false;
  std::uint8_t part[4096];
  const ssize_t n = ::read(fd_, part, sizeof part);
  if (n <= 0 && errno != EAGAIN && errno != EINTR) throw CheckFailed("serial link", fmt::format("serial link: {} is gone", path_));
  if (n > 0) bytes.insert(bytes.end(), part, part + n);
  return n > 0;
}

void SerialPort::send_break() { tcsendbreak(fd_, 0); }

}  // namespace epim
