// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The start write, the words of the generator, the signature of random output under random waits; a wrong word, a
/// missing end and a wrong place of tlast fail.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

enum class Fault { none, bit, late_last, no_last };

/// Runs the test once; returns the signature that the output has.
std::uint32_t one(Vdut& d, const std::vector<std::vector<std::uint64_t>>& out, Fault fault, bool expect_pass) {
  d.m_axil_awready_i = d.m_axil_wready_i = d.m_axis_tready_i = d.s_axis_tvalid_i = d.m_axil_bvalid_i = 0;
  reset(d);
  std::uint32_t lfsr = 1, sign = ~0u;
  int sent = 0, starts = 0;
  std::size_t at = 0;
  bool offering = false;
  const std::size_t wrong = static_cast<std::size_t>(pick(0, static_cast<int>(out.size()) - 1));
  const int bit = static_cast<int>(pick(0, P_OutW - 1));
  for (std::int64_t t = 0; d.active_o && t < (2 << P_TimeoutBits); ++t) {
    d.m_axil_awready_i = chance(30);
    d.m_axil_wready_i = chance(30);
    d.m_axis_tready_i = starts == 3 && chance(60);
    const bool all_in = sent == P_Words;
    offering = offering || (all_in && at < out.size() && chance(50));
    d.s_axis_tvalid_i = offering;
    for (int b = 0; b < P_OutW; ++b) {
      bool v = random_bits(1);
      if (offering) v = (out[at][static_cast<std::size_t>(b / 64)] >> (b % 64) & 1) != (fault == Fault::bit && at == wrong && b == bit);
      put(d.s_axis_tdata_i, b, 1, v);
    }
    const bool last = fault == Fault::none || fault == Fault::bit ? at + 1 == out.size() : false;
    d.s_axis_tlast_i = offering ? last || (fault == Fault::late_last && at + 1 == out.size()) : random_bits(1);
    if (fault == Fault::late_last && offering && at == 0) d.s_axis_tlast_i = 1;
    settle(d);
    CHECK_EQ(d.pass_o, 0);
    CHECK_EQ(d.fail_o, 0);
    if (d.m_axil_awvalid_o) CHECK_EQ(d.m_axil_awaddr_o, 0x10);
    if (d.m_axil_wvalid_o) CHECK_EQ(d.m_axil_wdata_o, 1);
    if (d.m_axil_awvalid_o && d.m_axil_awready_i) starts |= 1;
    if (d.m_axil_wvalid_o && d.m_axil_wready_i) starts |= 2;
    if (d.m_axis_tvalid_o && d.m_axis_tready_i) {
      for (int b = 0; b < P_InW; ++b) CHECK_EQ(get(d.m_axis_tdata_o, b, 1), lfsr >> ((b + 13 * (b / 32)) % 32) & 1);
      CHECK_EQ(d.m_axis_tlast_o, sent + 1 == P_Words);
      lfsr = (lfsr >> 1) ^ (lfsr & 1 ? 0x80200003u : 0u);
      ++sent;
    }
    if (d.s_axis_tvalid_i && d.s_axis_tready_o) {
      std::uint32_t folded = 0;
      for (int b = 0; b < P_OutW; ++b) folded ^= static_cast<std::uint32_t>(out[at][static_cast<std::size_t>(b / 64)] >> (b % 64) & 1) << (b % 32);
      sign = (sign >> 1) ^ (sign & 1 ? 0xEDB88320u : 0u) ^ folded ^ (at + 1 == out.size() ? 0x80000000u : 0u);
      ++at;
      offering = false;
    }
    tick(d);
  }
  CHECK_EQ(d.active_o, 0);
  CHECK_EQ(d.pass_o, expect_pass);
  CHECK_EQ(d.fail_o, !expect_pass);
  if (fault == Fault::none) CHECK_EQ(at, out.size());
  return sign;
}

void test(Vdut& d) {
  // The expected signature is a parameter: the last word of the output is chosen so that it comes out.
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<std::uint64_t>> out(static_cast<std::size_t>(pick(2, 40)), std::vector<std::uint64_t>((P_OutW + 63) / 64));
    for (auto& word : out)
      for (auto& part : word) part = random_bits(64);
    const auto sign_of = [&] {
      std::uint32_t s = ~0u;
      for (std::size_t n = 0; n < out.size(); ++n) {
        std::uint32_t folded = 0;
        for (int b = 0; b < P_OutW; ++b) folded ^= static_cast<std::uint32_t>(out[n][static_cast<std::size_t>(b / 64)] >> (b % 64) & 1) << (b % 32);
        s = (s >> 1) ^ (s & 1 ? 0xEDB88320u : 0u) ^ folded ^ (n + 1 == out.size() ? 0x80000000u : 0u);
      }
      return s;
    };
    out.back()[0] ^= sign_of() ^ static_cast<std::uint32_t>(P_Expected);
    CHECK_EQ(sign_of(), static_cast<std::uint32_t>(P_Expected));
    CHECK_EQ(one(d, out, Fault::none, true), static_cast<std::uint32_t>(P_Expected));
    one(d, out, Fault::bit, false);
    if (round < 3) {
      one(d, out, Fault::late_last, false);
      one(d, out, Fault::no_last, false);
    }
  }
}

}  // namespace

int main() { return RUN(test); }
