// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/protocol.hpp"

#include <fmt/format.h>

#include "sim/core_link.hpp"

namespace epim {

ProtocolWatch::ProtocolWatch(const Model& model) : reset_(model.port("rst_ni")) {
  const auto at = [&](const char* name) { return model.port(name); };
  if (model.has("m_axis_tvalid_o"))
    channels_.push_back({"m_axis", at("m_axis_tvalid_o"), at("m_axis_tready_i"), {at("m_axis_tdata_o"), at("m_axis_tlast_o")}, {}});
  if (model.has("m_load_tvalid_o"))
    channels_.push_back({"m_load", at("m_load_tvalid_o"), at("m_load_tready_i"), {at("m_load_tdata_o"), at("m_load_tlast_o")}, {}});
  if (!model.has("s_axil_bvalid_o")) return;
  const Signal bvalid = at("s_axil_bvalid_o"), bready = at("s_axil_bready_i"), rvalid = at("s_axil_rvalid_o"),
               rready = at("s_axil_rready_i"), arvalid = at("s_axil_arvalid_i"), arready = at("s_axil_arready_o");
  channels_.push_back({"s_axil B", bvalid, bready, {at("s_axil_bresp_o")}, {}});
  channels_.push_back({"s_axil R", rvalid, rready, {at("s_axil_rdata_o"), at("s_axil_rresp_o")}, {}});
  answers_.push_back({"s_axil B", at("s_axil_awvalid_i"), at("s_axil_awready_o"), at("s_axil_wvalid_i"),
                      at("s_axil_wready_o"), bvalid, bready});
  answers_.push_back({"s_axil R", arvalid, arready, arvalid, arready, rvalid, rready});
}

void ProtocolWatch::broken(const char* name, const char* rule) const {
  throw CheckFailed("protocol", fmt::format("{}: {} (clock {} of this model)", name, rule, edge_));
}

void ProtocolWatch::before_edge() {
  ++edge_;
  const bool reset = !reset_.high();
  for (Channel& c : channels_) {
    const bool valid = c.valid.high();
    // A simulated register starts at random and takes a reset that was there from the start with its first edge.
    if (reset && valid && edge_ > 1) broken(c.name, "valid during reset");
    if (!c.waiting && (!valid || c.ready.high())) continue;
    if (c.waiting && !reset && !valid) broken(c.name, "a beat is withdrawn before it is taken");
    std::size_t n = 0;
    for (const Signal& s : c.payload) {
      for (int i = 0; i < (s.bits() + 7) / 8; ++i, ++n) {
        if (c.held.size() <= n) c.held.push_back(0);
        if (c.waiting && !reset && c.held[n] != s.data()[i]) broken(c.name, "the payload changes while the beat waits");
        c.held[n] = s.data()[i];
      }
    }
    c.waiting = !reset && valid && !c.ready.high();
  }
  for (Answers& a : answers_) {
    if (reset) {
      a.requests = a.datas = 0;
      continue;
    }
    if (a.valid.high() && (a.requests == 0 || a.datas == 0)) broken(a.name, "a response without a request");
    const bool answered = a.valid.high() && a.ready.high();
    a.requests += (a.request.high() && a.request_ready.high()) - answered;
    a.datas += (a.data.high() && a.data_ready.high()) - answered;
  }
}

}  // namespace epim
