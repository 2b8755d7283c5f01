// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/uart_link.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gen/core/register_map.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

constexpr std::uint8_t kPing = 'P', kWrite = 'W', kWriteUp = 'I', kRead = 'R', kStream = 'S', kStreamLast = 'L', kDone = 'K',
                       kError = 'E', kWord = 'D', kWordLast = 'L';
constexpr std::uint8_t kRefused = 2;
constexpr std::size_t kPingBytes = 11;

const char* error_text(int code) {
  switch (code) {
    case 1: return "unknown command";
    case 2: return "the core refused a register access";
    case 3: return "bad stop bit, or a break";
    case 4: return "a command was not completed in time";
    case 5: return "receive buffer overrun";
    default: return "unknown error";
  }
}

[[noreturn]] void fail(const std::string& text) { throw CheckFailed("serial link", "serial link: " + text); }

}  // namespace

std::uint16_t crc16(std::uint16_t crc, std::uint8_t byte) {
  unsigned c = crc ^ static_cast<unsigned>(byte) << 8;
  for (int i = 0; i < 8; ++i) c = c & 0x8000 ? c << 1 ^ 0x1021 : c << 1;
  return static_cast<std::uint16_t>(c);
}

UartLink::UartLink(BytePort& port, const UartLinkOptions& options) : port_(port), options_(options) {
  if (!synchronise())
    fail("no answer in the protocol of epim_uart_bridge; check cable, port, baud rate, and that the bitstream is loaded");
  // A run that is on would send words; an abort leaves the core idle, its tables as they are. Then what the stream still
  // holds goes: the rest of an aborted frame and the word that the bridge offers; the last abort ends that.
  for (const std::uint32_t control : {2u, 8u, 2u})
    if (!try_write(reg::control, control)) fail("the core refuses an abort");
  while (port_.read(buffer_, options_.settle_ms)) {
  }
  buffer_.clear();
  at_ = 0;
  words_.clear();
  if (!synchronise()) fail("the board stopped answering");
}

/// A break where the port can send one, then pings until one is answered. A bridge that waits for the rest of a
/// command takes a ping for it; its timeout ends that.
bool UartLink::synchronise() {
  port_.send_break();
  for (int attempt = 0; attempt < 3; ++attempt) {
    while (port_.read(buffer_, attempt == 0 ? options_.settle_ms : options_.timeout_ms)) buffer_.clear();
    buffer_.clear();
    at_ = 0;
    pending_.clear();
    outstanding_ = 0;
    const std::uint8_t ping = kPing;
    send({&ping, 1}, false);
    while (buffer_.size() < kPingBytes && port_.read(buffer_, options_.settle_ms)) poll();
    const std::size_t n = buffer_.size();
    if (n < kPingBytes || buffer_[n - kPingBytes] != kPing || buffer_[n - kPingBytes + 1] != 1) continue;
    const std::uint8_t* p = buffer_.data() + n - kPingBytes;
    in_bytes_ = p[2];
    out_bytes_ = p[3];
    window_ = std::size_t{1} << p[4];
    tag_ = static_cast<std::uint16_t>(p[5] | p[6] << 8);
    buffer_.clear();
    tx_crc_ = rx_crc_ = 0xFFFF;
    return true;
  }
  return false;
}

void UartLink::send(std::span<const std::uint8_t> bytes, bool counted) {
  if (counted)
    for (std::uint8_t b : bytes) tx_crc_ = crc16(tx_crc_, b);
  sent_ += bytes.size();
  port_.write(bytes);
}

void UartLink::pump(const char* what) {
  const auto need = [&](std::size_t bytes) {
    while (buffer_.size() - at_ < bytes) {
      poll();
      if (!port_.read(buffer_, options_.answer_ms))
        fail(fmt::format("no answer for {} ms while {}", options_.answer_ms, what));
    }
  };
  need(1);
  const std::uint8_t kind = buffer_[at_];
  std::size_t length = 0;
  switch (kind) {
    case kDone: length = 1; break;
    case kError: length = 2; break;
    case kPing: length = kPingBytes; break;
    case kRead: length = 5; break;
    case kWord:
    case kWordLast: length = static_cast<std::size_t>(out_bytes_) + 1; break;
    default: fail(fmt::format("byte 0x{:02X} begins no frame (while {})", kind, what));
  }
  need(length);
  const std::uint8_t* frame = buffer_.data() + at_;
  if (kind != kPing)
    for (std::size_t i = 0; i < length; ++i) rx_crc_ = crc16(rx_crc_, frame[i]);
  received_ += length;
  if (kind == kWord || kind == kWordLast) {
    words_.emplace_back(frame + 1, frame + length);
    last_ = kind == kWordLast;
  } else {
    if (pending_.empty() && kind != kError) fail(fmt::format("answer '{}' to nothing (while {})", static_cast<char>(kind), what));
    if (kind == kRead)
      values_.push_back(static_cast<std::uint32_t>(frame[1] | frame[2] << 8 | frame[3] << 16) | static_cast<std::uint32_t>(frame[4]) << 24);
    if (kind == kPing) std::copy(frame + 1, frame + kPingBytes, ping_);
    if (kind == kError) {
      error_ = frame[1];
      if (error_ != kRefused) fail(fmt::format("{} (error {} while {})", error_text(error_), error_, what));
    }
    if (--pending_.front().answers == 0) {
      outstanding_ -= pending_.front().bytes;
      pending_.pop_front();
    }
  }
  at_ += length;
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  }
}

void UartLink::submit(std::vector<std::uint8_t> frame, std::size_t answers) {
  while (!pending_.empty() && outstanding_ + frame.size() > window_) pump("a command waits for room");
  pending_.push_back({frame[0], frame.size(), answers});
  outstanding_ += frame.size();
  send(frame, frame[0] != kPing);
}

void UartLink::wait_all(const char* what) {
  while (!pending_.empty()) pump(what);
}

bool UartLink::try_write(std::uint32_t address, std::uint32_t value) {
  wait_all("writing");
  error_ = 0;
  std::vector<std::uint8_t> frame = {kWrite, static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8), 0};
  for (int i = 0; i < 4; ++i) frame.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  submit(std::move(frame));
  wait_all("writing");
  return error_ == 0;
}

std::uint32_t UartLink::read(std::uint32_t address) {
  wait_all("reading");
  error_ = 0;
  values_.clear();
  submit({kRead, static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8), 0});
  wait_all("reading");
  if (error_ != 0 || values_.empty()) throw CheckFailed("control bus", fmt::format("read of register 0x{:03X} failed", address));
  return values_[0];
}

void UartLink::write_all(std::uint32_t address, std::span<const std::uint32_t> values, bool up) {
  // Two frames fit the bridge's buffer: one is on the line while the other is worked off.
  const std::size_t most = std::clamp<std::size_t>((window_ / 2 - 4) / 4, 1, 256);
  error_ = 0;
  while (!values.empty()) {
    const std::span<const std::uint32_t> part = values.first(std::min(most, values.size()));
    std::vector<std::uint8_t> frame = {up ? kWriteUp : kWrite, static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8),
                                       static_cast<std::uint8_t>(part.size() - 1)};
    for (std::uint32_t v : part)
      for (int i = 0; i < 4; ++i) frame.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
    submit(std::move(frame));
    if (up) address += 4 * static_cast<std::uint32_t>(part.size());
    values = values.subspan(part.size());
  }
  wait_all("writing");
  if (error_ != 0)
    throw CheckFailed("control bus", fmt::format("writes to register 0x{:03X} refused, status 0x{:04X}", address, read(reg::status)));
}

void UartLink::check_transfer() {
  wait_all("finishing");
  submit({kPing});
  wait_all("comparing checksums");
  const auto sum = [&](int at) { return static_cast<std::uint16_t>(ping_[at] | ping_[at + 1] << 8); };
  // ping_: version, bytes in, bytes out, buffer, tag (2), received (2), sent (2).
  if (sum(6) != tx_crc_ || sum(8) != rx_crc_)
    fail(fmt::format("bytes were changed on the line {} (checksum 0x{:04X}, expected 0x{:04X})",
                     sum(6) != tx_crc_ ? "to the board" : "from the board", sum(6) != tx_crc_ ? sum(6) : sum(8),
                     sum(6) != tx_crc_ ? tx_crc_ : rx_crc_));
  tx_crc_ = rx_crc_ = 0xFFFF;
}

IntTensor UartLink::run(const Hardware& hw, const Layer& layer, const IntTensor& x) {
  const int channels = plan_firings(layer).stored_cout;
  const bool out_signed = layer.clamp_lo < 0;
  const int in = (hw.lanes * hw.act_bits + 7) / 8, out = (hw.lanes * hw.out_bits + 7) / 8;
  if (in != in_bytes_ || out != out_bytes_)
    fail(fmt::format("the board's words have {} and {} bytes, the configuration's {} and {}", in_bytes_, out_bytes_, in, out));
  const int out_blocks = (channels + hw.lanes - 1) / hw.lanes;
  const std::size_t expected = static_cast<std::size_t>(layer.out_h()) * static_cast<std::size_t>(layer.out_w()) *
                               static_cast<std::size_t>(out_blocks);
  words_.clear();
  last_ = false;
  write(reg::control, 1);
  const std::int64_t words = frame_words(hw, layer);
  const std::int64_t most = std::clamp<std::int64_t>((static_cast<std::int64_t>(window_) / 2 - 2) / in, 1, 256);
  for (std::int64_t at = 0; at < words;) {
    const std::int64_t count = std::min(most, words - at);
    std::vector<std::uint8_t> frame = {at + count == words ? kStreamLast : kStream, static_cast<std::uint8_t>(count - 1)};
    for (std::int64_t end = at + count; at < end; ++at) {
      std::vector<std::uint8_t> word(static_cast<std::size_t>(in));
      for (int l = 0; l < hw.lanes; ++l) {
        const auto v = static_cast<std::uint64_t>(lane_value(hw, layer, x, at, l, 0));
        for (int i = 0; i < hw.act_bits; ++i) {
          const int b = l * hw.act_bits + i;
          word[static_cast<std::size_t>(b / 8)] |= static_cast<std::uint8_t>((v >> i & 1) << (b % 8));
        }
      }
      frame.insert(frame.end(), word.begin(), word.end());
    }
    submit(std::move(frame));
  }
  while (!pending_.empty() || words_.size() < expected) pump("a layer runs");
  if (words_.size() != expected || !last_)
    fail(fmt::format("{} output words, {} of them expected, tlast {}", words_.size(), expected, last_ ? "set" : "missing"));

  IntTensor y({channels, layer.out_h(), layer.out_w()});
  for (std::size_t n = 0; n < expected; ++n) {
    const int block = static_cast<int>(n) % out_blocks, place = static_cast<int>(n) / out_blocks;
    for (int l = 0; l < hw.lanes && block * hw.lanes + l < channels; ++l) {
      std::int64_t v = 0;
      for (int i = 0; i < hw.out_bits; ++i) {
        const int b = l * hw.out_bits + i;
        v |= static_cast<std::int64_t>(words_[n][static_cast<std::size_t>(b / 8)] >> (b % 8) & 1) << i;
      }
      if (out_signed && v >> (hw.out_bits - 1)) v -= std::int64_t{1} << hw.out_bits;
      y(block * hw.lanes + l, place / layer.out_w(), place % layer.out_w()) = v;
    }
  }
  const std::uint32_t status = read(reg::status);
  if (status >> 8) throw CheckFailed("status", fmt::format("error bits set after the run: 0x{:04X}", status));
  check_transfer();
  return y;
}

}  // namespace epim
