// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random commands over the serial pins against a register file and a stream sink with random waits, output words in
/// between, exact answers and checksums; every error frame; breaks and silence in the middle of commands.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint16_t crc16(std::uint16_t crc, std::uint8_t byte) {
  for (int bit = 7; bit >= 0; --bit) {
    const bool top = ((crc >> 15) ^ (byte >> bit)) & 1;
    crc = static_cast<std::uint16_t>(crc << 1);
    if (top) crc ^= 0x1021;
  }
  return crc;
}

constexpr int kWord = P_InBytes, kOut = P_OutBytes, kTimeout = 1 << P_TimeoutBits;

struct Bench {
  explicit Bench(Vdut& d) : d(d) {}
  Vdut& d;
  // Line to the bridge: levels to come; from it: decoded bytes.
  std::deque<bool> line;
  std::deque<std::uint8_t> got;
  int rx_state = -1, rx_bit = 0, rx_value = 0;
  // The core's side.
  std::map<int, std::uint32_t> registers;
  std::vector<std::pair<int, std::uint32_t>> writes;
  int wait_percent = 30, stream_percent = 70;
  bool b_pending = false, r_pending = false;
  unsigned b_resp = 0, r_resp = 0;
  std::uint32_t r_data = 0;
  std::deque<std::pair<Bytes, bool>> in_words;       // taken from the bridge
  std::deque<std::pair<Bytes, bool>> out_words, sent_words;
  bool offering = false;
  std::uint16_t to_crc = 0xFFFF, from_crc = 0xFFFF;

  void level(bool v, int bits) {
    for (int i = 0; i < bits * P_ClocksPerBit; ++i) line.push_back(v);
  }
  void send(const Bytes& bytes, bool counted = true, bool stop = true) {
    for (std::uint8_t b : bytes) {
      level(false, 1);
      for (int i = 0; i < 8; ++i) level(b >> i & 1, 1);
      level(stop, 1);
      if (!stop) level(true, 2);
      if (counted) to_crc = crc16(to_crc, b);
    }
  }

  static bool refuses(int address) { return address >= 0x800; }

  void step() {
    d.rx_i = line.empty() || line.front();
    if (!line.empty()) line.pop_front();
    settle(d);
    const bool aw = d.m_axil_awvalid_o && !b_pending && chance(wait_percent), w = d.m_axil_wvalid_o && !b_pending;
    // Address and data are taken together or one before the other.
    static bool aw_done, w_done;
    static int aw_addr;
    static std::uint32_t w_data;
    const bool aw_ready = d.m_axil_awvalid_o && !aw_done && !b_pending && aw;
    const bool w_ready = d.m_axil_wvalid_o && !w_done && !b_pending && w && chance(wait_percent);
    const bool ar_ready = !r_pending && chance(wait_percent);
    const bool in_ready = chance(stream_percent);
    d.m_axil_awready_i = aw_ready;
    d.m_axil_wready_i = w_ready;
    d.m_axil_arready_i = ar_ready;
    d.m_axil_bvalid_i = b_pending;
    d.m_axil_bresp_i = b_pending ? b_resp : random_bits(2);
    d.m_axil_rvalid_i = r_pending;
    d.m_axil_rresp_i = r_pending ? r_resp : random_bits(2);
    d.m_axil_rdata_i = r_pending ? r_data : static_cast<std::uint32_t>(random_bits(32));
    d.m_axis_tready_i = in_ready;
    if (!out_words.empty() && (offering || chance(50))) offering = true;
    d.s_axis_tvalid_i = offering;
    for (int i = 0; i < kOut; ++i) put(d.s_axis_tdata_i, 8 * i, 8, offering ? out_words.front().first[static_cast<std::size_t>(i)] : random_bits(8));
    d.s_axis_tlast_i = offering ? out_words.front().second : random_bits(1);
    settle(d);
    if (d.m_axil_awvalid_o || d.m_axil_wvalid_o) CHECK_EQ(d.m_axil_wstrb_o, 15);
    if (aw_ready && d.m_axil_awvalid_o) aw_done = true, aw_addr = d.m_axil_awaddr_o;
    if (w_ready && d.m_axil_wvalid_o) w_done = true, w_data = d.m_axil_wdata_o;
    const bool b_taken = b_pending && d.m_axil_bready_o, r_taken = r_pending && d.m_axil_rready_o;
    if (b_taken) b_pending = false;
    if (r_taken) r_pending = false;
    if (aw_done && w_done) {
      aw_done = w_done = false;
      b_pending = true;
      b_resp = refuses(aw_addr) ? 2 : 0;
      writes.emplace_back(aw_addr, w_data);
      if (b_resp == 0) registers[aw_addr] = w_data;
    }
    if (ar_ready && d.m_axil_arvalid_o) {
      r_pending = true;
      r_resp = refuses(d.m_axil_araddr_o) ? 2 : 0;
      r_data = registers[d.m_axil_araddr_o];
    }
    if (in_ready && d.m_axis_tvalid_o) {
      Bytes word;
      for (int i = 0; i < kWord; ++i) word.push_back(static_cast<std::uint8_t>(get(d.m_axis_tdata_o, 8 * i, 8)));
      in_words.emplace_back(word, d.m_axis_tlast_o);
    }
    if (offering && d.s_axis_tready_o) {
      sent_words.push_back(out_words.front());
      out_words.pop_front();
      offering = false;
    }
    // The line from the bridge, sampled in the middle of its bits.
    if (rx_state < 0 && !d.tx_o) rx_state = 0, rx_bit = rx_value = 0;
    if (rx_state >= 0 && rx_state++ == P_ClocksPerBit / 2) {
      if (rx_bit > 0 && rx_bit < 9) rx_value |= (d.tx_o ? 1 : 0) << (rx_bit - 1);
      if (rx_bit == 9) {
        CHECK_EQ(d.tx_o, 1);
        got.push_back(static_cast<std::uint8_t>(rx_value));
      }
    }
    if (rx_state == P_ClocksPerBit) {
      rx_state = 0;
      if (++rx_bit == 10) rx_state = -1;
    }
    tick(d);
  }

  /// The next `n` bytes from the bridge; empty where they do not come.
  Bytes receive(std::size_t n) {
    for (int quiet = 0; got.size() < n && quiet < 2000 * P_ClocksPerBit; ++quiet) {
      if (!line.empty()) quiet = 0;
      step();
    }
    if (got.size() < n) return {};
    Bytes b(got.begin(), got.begin() + static_cast<long>(n));
    got.erase(got.begin(), got.begin() + static_cast<long>(n));
    return b;
  }
  /// The next answer; output words before it are compared with what the core gave.
  Bytes answer() {
    for (;;) {
      const Bytes kind = receive(1);
      CHECK_EQ(kind.size(), 1);
      if (kind.empty()) return {};
      std::size_t more = 0;
      if (kind[0] == 'D' || kind[0] == 'L') more = kOut;
      else if (kind[0] == 'P') more = 10;
      else if (kind[0] == 'R') more = 4;
      else if (kind[0] == 'E') more = 1;
      else CHECK_EQ(kind[0], 'K');
      Bytes frame = kind;
      const Bytes rest = receive(more);
      CHECK_EQ(rest.size(), more);
      frame.insert(frame.end(), rest.begin(), rest.end());
      if (kind[0] != 'P')
        for (std::uint8_t b : frame) from_crc = crc16(from_crc, b);
      if (kind[0] != 'D' && kind[0] != 'L') return frame;
      CHECK_EQ(sent_words.empty(), false);
      if (sent_words.empty()) return {};
      CHECK_EQ(kind[0] == 'L', sent_words.front().second);
      for (int i = 0; i < kOut; ++i) CHECK_EQ(frame[static_cast<std::size_t>(i) + 1], sent_words.front().first[static_cast<std::size_t>(i)]);
      sent_words.pop_front();
    }
  }
  void expect(const Bytes& want) {
    const Bytes have = answer();
    CHECK_EQ(have.size(), want.size());
    if (have.size() == want.size())
      for (std::size_t i = 0; i < want.size(); ++i) CHECK_EQ(have[i], want[i]);
  }
  void ping() {
    send({'P'}, false);
    const Bytes a = answer();
    if (a.size() != 11) return;
    CHECK_EQ(a[1], 1);
    CHECK_EQ(a[2], kWord);
    CHECK_EQ(a[3], kOut);
    CHECK_EQ(1 << a[4], P_FifoDepth);
    CHECK_EQ(a[5] | a[6] << 8, P_Tag);
    CHECK_EQ(a[7] | a[8] << 8, to_crc);
    CHECK_EQ(a[9] | a[10] << 8, from_crc);
    to_crc = from_crc = 0xFFFF;
  }
  void some_output(int percent) {
    if (!chance(percent)) return;
    Bytes w;
    for (int i = 0; i < kOut; ++i) w.push_back(static_cast<std::uint8_t>(random_bits(8)));
    out_words.emplace_back(w, chance(30));
  }
  void quiet(int clocks) {
    for (int i = 0; i < clocks; ++i) step();
  }
};

void command(Bench& b) {
  const int kind = static_cast<int>(pick(0, 4));
  const int address = static_cast<int>(pick(0, 0x3F0)) * 4 & (chance(80) ? 0x7FC : 0xFFC);
  // The sender keeps to the buffer: a write is worked off as it comes, a stream of words may have to wait.
  const int count = static_cast<int>(pick(1, 5)), words = static_cast<int>(pick(1, std::max(1, (P_FifoDepth - 2) / kWord)));
  if (kind == 0 || kind == 1) {
    Bytes frame = {static_cast<std::uint8_t>(kind ? 'I' : 'W'), static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8),
                   static_cast<std::uint8_t>(count - 1)};
    std::vector<std::pair<int, std::uint32_t>> want;
    bool refused = false;
    for (int i = 0; i < count; ++i) {
      const auto v = static_cast<std::uint32_t>(random_bits(32));
      for (int k = 0; k < 4; ++k) frame.push_back(static_cast<std::uint8_t>(v >> (8 * k)));
      want.emplace_back((address + (kind ? 4 * i : 0)) & 0xFFF, v);
      refused |= Bench::refuses(want.back().first);
    }
    b.writes.clear();
    b.send(frame);
    b.expect(refused ? Bytes{'E', 2} : Bytes{'K'});
    CHECK(b.writes == want);
  } else if (kind == 2) {
    b.send({'R', static_cast<std::uint8_t>(address), static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(count - 1)});
    for (int i = 0; i < count; ++i) {
      const int at = (address + 4 * i) & 0xFFF;
      const std::uint32_t v = b.registers[at];
      if (Bench::refuses(at)) b.expect({'E', 2});
      else b.expect({'R', static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 24)});
    }
  } else if (kind == 3) {
    const bool last = chance(50);
    Bytes frame = {static_cast<std::uint8_t>(last ? 'L' : 'S'), static_cast<std::uint8_t>(words - 1)};
    b.in_words.clear();
    for (int i = 0; i < words * kWord; ++i) frame.push_back(static_cast<std::uint8_t>(random_bits(8)));
    b.send(frame);
    b.expect({'K'});
    CHECK_EQ(b.in_words.size(), words);
    for (int n = 0; n < words && n < static_cast<int>(b.in_words.size()); ++n) {
      CHECK_EQ(b.in_words[static_cast<std::size_t>(n)].second, last && n == words - 1);
      for (int i = 0; i < kWord; ++i) CHECK_EQ(b.in_words[static_cast<std::size_t>(n)].first[static_cast<std::size_t>(i)], frame[static_cast<std::size_t>(2 + n * kWord + i)]);
    }
  } else {
    b.ping();
  }
}

/// Part of a command, then what ends it.
void broken(Bench& b) {
  const Bytes head = {'W', 4, 0, 3, 1, 2, 3};
  const Bytes part(head.begin(), head.begin() + pick(1, 7));
  const int kind = static_cast<int>(pick(0, 4));
  b.writes.clear();
  if (kind == 0) {  // silence
    b.send(part);
    b.quiet(static_cast<int>(b.line.size()) + kTimeout + 50);
    b.expect({'E', 4});
    b.ping();
  } else if (kind == 1) {  // break
    b.send(part);
    b.level(false, 12);
    b.level(true, 2);
    b.expect({'E', 3});
    b.send({'P'}, false);
    CHECK_EQ(b.answer().size(), 11);  // how much of the command was counted depends on the moment
    b.to_crc = b.from_crc = 0xFFFF;
  } else if (kind == 2) {  // no stop bit: dropped until the line is quiet
    b.send(part);
    b.send({0x55}, false, false);
    b.send({'P', 'P', 'P'}, false);
    b.expect({'E', 3});
    b.quiet(static_cast<int>(b.line.size()) + kTimeout + 50);
    CHECK_EQ(b.got.size(), 0);
    b.send({'P'}, false);
    CHECK_EQ(b.answer().size(), 11);
    b.to_crc = b.from_crc = 0xFFFF;
  } else if (kind == 3) {  // unknown command, and a break that ends the dropping
    b.send({'x', 'P'}, false);
    b.expect({'E', 1});
    b.level(false, 12);
    b.level(true, 2);
    b.expect({'E', 3});
    b.send({'P'}, false);
    CHECK_EQ(b.answer().size(), 11);
    b.to_crc = b.from_crc = 0xFFFF;
  } else {  // more than the buffer holds while the core takes nothing
    b.stream_percent = 0;
    b.in_words.clear();
    Bytes frame = {'S', 255};
    frame.resize(2 + kWord + P_FifoDepth + 20, 0x5A);
    b.send(frame, false);
    b.quiet(static_cast<int>(b.line.size()) + 20);
    b.expect({'E', 5});
    b.stream_percent = 70;
    b.quiet(kTimeout + 500 * P_ClocksPerBit);
    // The word that was offered comes, once; the rest of the command does not.
    CHECK_EQ(b.in_words.size(), 1);
    if (b.in_words.size() == 1) {
      CHECK_EQ(b.in_words[0].second, 0);
      CHECK(b.in_words[0].first == Bytes(kWord, 0x5A));
    }
    b.send({'P'}, false);
    CHECK_EQ(b.answer().size(), 11);
    b.to_crc = b.from_crc = 0xFFFF;
  }
  CHECK_EQ(b.d.error_o, 1);
  CHECK_EQ(b.writes.size(), 0);
}

void test(Vdut& d) {
  d.rx_i = 1;
  d.m_axil_bvalid_i = d.m_axil_rvalid_i = d.s_axis_tvalid_i = d.m_axis_tready_i = 0;
  d.m_axil_awready_i = d.m_axil_wready_i = d.m_axil_arready_i = 0;
  reset(d);
  CHECK_EQ(d.error_o, 0);
  Bench b(d);
  b.ping();
  for (int i = 0; i < 150; ++i) {
    for (int k = 0; k < 3; ++k) b.some_output(30);
    command(b);
  }
  b.ping();
  // A core whose output is not read takes no input: the words leave while the command waits.
  b.stream_percent = 0;
  for (int i = 0; i < 6; ++i) b.some_output(100);
  Bytes frame = {'L', 0};
  frame.resize(2 + kWord, 0x11);
  b.in_words.clear();
  b.send(frame);
  b.quiet(60 * 10 * P_ClocksPerBit * 8);
  CHECK_EQ(b.out_words.size(), 0);
  b.stream_percent = 100;
  b.expect({'K'});
  CHECK_EQ(b.in_words.size(), 1);
  b.ping();
  for (int i = 0; i < 40; ++i) {
    broken(b);
    command(b);
  }
  b.ping();
}

}  // namespace

int main() { return RUN(test); }
