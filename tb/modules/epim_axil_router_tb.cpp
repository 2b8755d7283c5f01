// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A random master and slaves that take their time: every request reaches its slave once, every answer comes back, in order; a window of
/// nobody is refused.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kTargets = P_Targets, kWindow = P_WindowW;
const int kAddress = kWindow + index_bits(P_Targets);
constexpr std::uint64_t kSlvErr = 2;

std::uint32_t told(std::uint64_t target, std::uint64_t address) { return static_cast<std::uint32_t>((target + 3) * 0x9E3779B1u ^ address * 0x85EBCA77u); }
std::uint64_t code(std::uint64_t target, std::uint64_t address) { return (told(target, address) >> 7 & 3) == 0 ? kSlvErr : 0; }

/// A slave's side of one direction: what it was asked, and when it answers.
struct Slave {
  std::deque<std::uint64_t> addresses, datas;
};

void traffic(Vdut& d, int cycles, int busy, int answer) {
  std::deque<std::uint64_t> aw, w, ar, writes, reads;  // on their way; not answered yet
  std::uint64_t awaddr = 0, wdata = 0, araddr = 0;
  bool aw_there = false, w_there = false, ar_there = false;
  std::vector<Slave> slaves(kTargets);
  std::vector<bool> b(kTargets), r(kTargets);
  std::vector<std::uint64_t> bresp(kTargets), rresp(kTargets), rdata(kTargets);
  int done = 0;
  for (int n = 0; n < cycles || aw_there || w_there || ar_there || !writes.empty() || !reads.empty(); ++n) {
    if (n > cycles + 1000) {
      CHECK_EQ(n, 0);  // an answer is missing
      return;
    }
    // Data and addresses may come apart; each address is answered for its data.
    if (n < cycles) {
      if (!aw_there && writes.size() < 2 && aw.size() <= w.size() && chance(busy)) aw_there = true, awaddr = random_bits(kAddress);
      if (!w_there && w.size() <= aw.size() && chance(busy)) w_there = true, wdata = random_bits(36);
      if (!ar_there && chance(busy)) ar_there = true, araddr = random_bits(kAddress);
    } else if (aw.size() + aw_there < w.size() + w_there && !aw_there) {
      aw_there = true, awaddr = random_bits(kAddress);
    } else if (w.size() + w_there < aw.size() + aw_there && !w_there) {
      w_there = true, wdata = random_bits(36);
    }
    d.s_awvalid_i = aw_there;
    d.s_awaddr_i = static_cast<std::uint32_t>(awaddr);
    d.s_wvalid_i = w_there;
    d.s_wdata_i = static_cast<std::uint32_t>(wdata);
    d.s_wstrb_i = static_cast<std::uint8_t>(wdata >> 32);
    d.s_arvalid_i = ar_there;
    d.s_araddr_i = static_cast<std::uint32_t>(araddr);
    d.s_bready_i = chance(answer);
    d.s_rready_i = chance(answer);
    for (int k = 0; k < kTargets; ++k) {
      Slave& s = slaves[static_cast<std::size_t>(k)];
      const auto at = static_cast<std::size_t>(k);
      put(d.m_awready_i, k, 1, chance(answer));
      put(d.m_wready_i, k, 1, chance(answer));
      put(d.m_arready_i, k, 1, chance(answer));
      if (!b[at] && !s.addresses.empty() && !s.datas.empty() && chance(answer)) {
        b[at] = true;
        bresp[at] = code(at, s.addresses.front() ^ s.datas.front());
      }
      put(d.m_bvalid_i, k, 1, b[at]);
      put(d.m_bresp_i, 2 * k, 2, b[at] ? bresp[at] : random_bits(2));
      put(d.m_rvalid_i, k, 1, r[at]);
      put(d.m_rresp_i, 2 * k, 2, r[at] ? rresp[at] : random_bits(2));
      put(d.m_rdata_i, 32 * k, 32, r[at] ? rdata[at] : random_bits(32));
    }
    settle(d);
    if (aw_there && d.s_awready_o) aw.push_back(awaddr), aw_there = false;
    if (w_there && d.s_wready_o) w.push_back(wdata), w_there = false;
    if (ar_there && d.s_arready_o) ar.push_back(araddr), reads.push_back(araddr), ar_there = false;
    while (writes.size() < std::min(aw.size(), w.size())) writes.push_back(writes.size());
    for (int k = 0; k < kTargets; ++k) {
      Slave& s = slaves[static_cast<std::size_t>(k)];
      const auto at = static_cast<std::size_t>(k);
      const auto high = [&](const auto& port) { return get(port, k, 1) != 0; };
      if (high(d.m_awvalid_o) && !aw.empty()) {
        CHECK_EQ(aw.front() >> kWindow, k);
        CHECK_EQ(d.m_awaddr_o, aw.front() & mask(kWindow));
      }
      if (high(d.m_awvalid_o)) CHECK_EQ(aw.empty(), false);
      if (high(d.m_awvalid_o) && high(d.m_awready_i)) s.addresses.push_back(d.m_awaddr_o);
      if (high(d.m_wvalid_o) && high(d.m_wready_i)) s.datas.push_back(d.m_wdata_o | std::uint64_t{d.m_wstrb_o} << 32);
      if (b[at] && high(d.m_bready_o)) b[at] = false, s.addresses.pop_front(), s.datas.pop_front();
      if (r[at] && high(d.m_rready_o)) r[at] = false;
      else if (high(d.m_arvalid_o) && high(d.m_arready_i)) {
        r[at] = true;
        rresp[at] = code(at, d.m_araddr_o);
        rdata[at] = told(at, d.m_araddr_o);
      }
    }
    if (d.s_bvalid_o && d.s_bready_i) {
      CHECK_EQ(writes.empty(), false);
      if (writes.empty()) return;
      const std::uint64_t target = aw.front() >> kWindow;
      CHECK_EQ(d.s_bresp_o, target < kTargets ? code(target, (aw.front() & mask(kWindow)) ^ w.front()) : kSlvErr);
      aw.pop_front();
      w.pop_front();
      writes.pop_front();
      ++done;
    }
    if (d.s_rvalid_o && d.s_rready_i) {
      CHECK_EQ(reads.empty(), false);
      if (reads.empty()) return;
      const std::uint64_t target = reads.front() >> kWindow, address = reads.front() & mask(kWindow);
      CHECK_EQ(d.s_rresp_o, target < kTargets ? code(target, address) : kSlvErr);
      CHECK_EQ(d.s_rdata_o, target < kTargets ? told(target, address) : 0);
      reads.pop_front();
      ar.pop_front();
      ++done;
    }
    tick(d);
  }
  for (const Slave& s : slaves) CHECK_EQ(s.addresses.size() + s.datas.size(), 0);
  CHECK_EQ(done > cycles / 40, true);
}

void test(Vdut& d) {
  d.s_awvalid_i = d.s_wvalid_i = d.s_arvalid_i = 0;
  reset(d);
  traffic(d, 3000, 90, 90);
  traffic(d, 3000, 40, 40);
  traffic(d, 3000, 90, 15);
}

}  // namespace

int main() { return RUN(test); }
