// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random AXI4-Lite masters against queues: every access once, in order, answered; partial strobes; throughput; ready
/// says what waits and is low during reset.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kOkay = 0, kSlvErr = 2;

struct Read {
  std::uint32_t data;
  int response;
};

struct Rates {
  int aw, w, b, ar, r;
};

struct Data {
  std::uint32_t value, strobe;
};

/// What was taken and not used: at most one of each, and ready is low while it is there.
std::deque<std::uint32_t> write_addresses, read_addresses;
std::deque<Data> write_data;
std::deque<int> write_answers;
std::deque<Read> read_answers;
bool written = false;  // in the cycle before, and what
std::uint32_t written_address = 0, written_data = 0;
bool aw = false, w = false, ar = false;  // offered and not yet taken: must stay as they are

void traffic(Vdut& d, int cycles, Rates rate, int& writes, int& reads) {
  for (int i = 0; i < cycles; ++i) {
    if (!aw && chance(rate.aw)) {
      aw = true;
      d.s_awaddr_i = static_cast<std::uint32_t>(random_bits(P_AddrW));
    }
    if (!w && chance(rate.w)) {
      w = true;
      d.s_wdata_i = static_cast<std::uint32_t>(random_bits(32));
      d.s_wstrb_i = chance(70) ? 15 : static_cast<std::uint32_t>(random_bits(4));
    }
    if (!ar && chance(rate.ar)) {
      ar = true;
      d.s_araddr_i = static_cast<std::uint32_t>(random_bits(P_AddrW));
    }
    d.s_awvalid_i = aw;
    d.s_wvalid_i = w;
    d.s_arvalid_i = ar;
    d.s_bready_i = chance(rate.b);
    d.s_rready_i = chance(rate.r);
    d.write_error_i = chance(30);
    d.read_error_i = chance(30);
    d.rdata_i = static_cast<std::uint32_t>(random_bits(32));
    settle(d);

    CHECK_EQ(d.s_bvalid_o, !write_answers.empty());
    if (!write_answers.empty()) CHECK_EQ(d.s_bresp_o, write_answers.front());
    CHECK_EQ(d.s_rvalid_o, !read_answers.empty());
    if (!read_answers.empty()) {
      CHECK_EQ(d.s_rresp_o, read_answers.front().response);
      CHECK_EQ(d.s_rdata_o, read_answers.front().data);
    }
    if (!write_answers.empty() && d.s_bready_i) write_answers.pop_front();
    if (!read_answers.empty() && d.s_rready_i) read_answers.pop_front();

    // Ready depends on what waits, on nothing else.
    CHECK_EQ(d.s_awready_o, write_addresses.empty());
    CHECK_EQ(d.s_wready_o, write_data.empty());
    CHECK_EQ(d.s_arready_o, read_addresses.empty());
    if (aw && d.s_awready_o) write_addresses.push_back(d.s_awaddr_i), aw = false;
    if (w && d.s_wready_o) write_data.push_back({d.s_wdata_i, d.s_wstrb_i}), w = false;
    if (ar && d.s_arready_o) read_addresses.push_back(d.s_araddr_i), ar = false;

    // What is left in a queue now blocks the channel.
    const bool take_write = !write_addresses.empty() && !write_data.empty() && write_answers.empty();
    CHECK_EQ(d.write_o, take_write && write_data.front().strobe == 15);
    if (written) {
      CHECK_EQ(d.late_waddr_o, written_address);
      CHECK_EQ(d.late_wdata_o, written_data);
    }
    written = take_write;
    if (take_write) {
      written_address = write_addresses.front();
      written_data = write_data.front().value;
      CHECK_EQ(d.waddr_o, write_addresses.front());
      CHECK_EQ(d.wdata_o, write_data.front().value);
      write_answers.push_back(write_data.front().strobe != 15 || d.write_error_i ? kSlvErr : kOkay);
      write_addresses.pop_front();
      write_data.pop_front();
      ++writes;
    }
    const bool take_read = !read_addresses.empty() && read_answers.empty();
    CHECK_EQ(d.read_o, take_read);
    if (take_read) {
      CHECK_EQ(d.raddr_o, read_addresses.front());
      read_answers.push_back({d.rdata_i, d.read_error_i ? kSlvErr : kOkay});
      read_addresses.pop_front();
      ++reads;
    }
    tick(d);
  }
}

void test(Vdut& d) {
  d.s_awvalid_i = d.s_wvalid_i = d.s_arvalid_i = 0;
  d.s_bready_i = d.s_rready_i = 0;
  // A master that comes out of its reset first finds nobody ready, and is not lost.
  d.rst_ni = 1;
  d.eval();
  d.rst_ni = 0;
  d.s_awvalid_i = d.s_wvalid_i = d.s_arvalid_i = 1;
  for (int i = 0; i < 3; ++i) {
    tick(d);
    CHECK_EQ(d.s_awready_o || d.s_wready_o || d.s_arready_o, 0);
  }
  d.s_awvalid_i = d.s_wvalid_i = d.s_arvalid_i = 0;
  reset(d);
  CHECK_EQ(d.s_bvalid_o, 0);
  CHECK_EQ(d.s_rvalid_o, 0);
  // One access per cycle and direction when nobody waits.
  int writes = 0, reads = 0;
  traffic(d, 100, {100, 100, 100, 100, 100}, writes, reads);
  CHECK_EQ(writes, 100);
  CHECK_EQ(reads, 100);
  for (int i = 0; i < 40; ++i)
    traffic(d, 200,
            {static_cast<int>(pick(10, 100)), static_cast<int>(pick(10, 100)), static_cast<int>(pick(10, 100)),
             static_cast<int>(pick(10, 100)), static_cast<int>(pick(10, 100))},
            writes, reads);
}

}  // namespace

int main() { return RUN(test); }
