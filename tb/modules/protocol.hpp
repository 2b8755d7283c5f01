// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rules of AXI4-Lite and AXI4-Stream on the ports of a module under test, watched in every cycle of every testbench.
///
/// Ports are found by their names. Of what the module drives: a valid is low during reset; once high it stays, with its
/// payload, until ready; a response answers one request and comes after it. In some cycles inputs of these buses change
/// between two clock edges and come back: no output of a bus may follow (no path from input to output). Modules without
/// a clock are paths by nature and are left out; docs/verification.md.
#ifndef EPIM_TB_MODULES_PROTOCOL_HPP
#define EPIM_TB_MODULES_PROTOCOL_HPP

namespace bench {

/// A channel as it was in the last cycle.
struct Channel {
  bool waiting = false;
  std::string payload;
};

/// The buses of one module: built anew in every cycle, except for what they remember.
class ProtocolWatch {
 public:
  void begin(bool in_reset) {
    in_reset_ = in_reset;
    inputs_.clear();
    outputs_.clear();
  }
  template <class Port>
  void input(Port& port) {
    inputs_.emplace_back(bytes(port), [&port] { flip(port); });
  }
  template <class Port>
  void output(const Port& port) {
    outputs_.emplace_back([&port] { return bytes(port); });
  }
  /// A channel that the module drives.
  template <class Ready, class... Payload>
  void drives(const char* name, bool valid, const Ready& ready, const Payload&... payload) {
    Channel& c = channels_[name];
    const std::string now = (std::string() + ... + bytes(payload));
    if (in_reset_) broken(!valid, name, "valid during reset");
    else if (c.waiting) {
      broken(valid, name, "a beat is withdrawn before it is taken");
      broken(!valid || now == c.payload, name, "the payload changes while the beat waits");
    }
    c.waiting = !in_reset_ && valid && !ready;
    c.payload = now;
  }
  /// Requests taken on channels of `name` so far against responses.
  void answers(const char* name, bool request, bool second_request, bool valid, bool ready) {
    std::array<std::int64_t, 3>& n = counts_[name];
    if (in_reset_) n = {};
    else {
      broken(!valid || n[2] < std::min(n[0], n[1]), name, "a response without a request");
      n[0] += request;
      n[1] += second_request;
      n[2] += valid && ready;
    }
  }
  /// Changes inputs, lets the module follow, compares, and changes them back.
  template <class Dut>
  void between_edges(Dut& d) {
    if (passes_through || inputs_.empty() || !chance(6)) return;
    std::vector<std::string> before;
    for (const auto& o : outputs_) before.push_back(o());
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (chance(50)) changed.push_back(i);
    for (std::size_t i : changed) inputs_[i].second();
    d.eval();
    bool same = true;
    for (std::size_t o = 0; o < outputs_.size(); ++o) same &= outputs_[o]() == before[o];
    for (std::size_t i : changed) inputs_[i].second();
    d.eval();
    broken(same, "bus", "an output follows an input within a cycle");
  }

 private:
  template <class Port>
  static std::string bytes(const Port& port) {
    return std::string(reinterpret_cast<const char*>(&port), sizeof(Port));
  }
  template <class Port>
  static void flip(Port& port) {
    put(port, 0, 1, get(port, 0, 1) ^ 1);
  }
  void broken(bool ok, const char* name, const char* rule) {
    if (!equal("protocol", 0, rule, ok, 1) && failures <= 20) std::printf("  channel %s\n", name);
  }

  bool in_reset_ = false;
  std::vector<std::pair<std::string, std::function<void()>>> inputs_;
  std::vector<std::function<std::string()>> outputs_;
  std::map<std::string, Channel> channels_;
  std::map<std::string, std::array<std::int64_t, 3>> counts_;
};

/// `NAME_` prefix and direction of one stream that the module drives, or takes.
#define WATCH_DRIVEN(valid, ready, data, last)                      \
  if constexpr (requires { d.valid; d.ready; d.data; d.last; }) {   \
    watch.input(d.ready);                                           \
    watch.output(d.valid);                                          \
    watch.output(d.data);                                           \
    watch.output(d.last);                                           \
    watch.drives(#valid, d.valid, d.ready, d.data, d.last);         \
  }
#define WATCH_TAKEN(valid, ready, data, last)                       \
  if constexpr (requires { d.valid; d.ready; d.data; d.last; }) {   \
    watch.input(d.valid);                                           \
    watch.input(d.data);                                            \
    watch.input(d.last);                                            \
    watch.output(d.ready);                                          \
  }

template <class Dut>
void watch_protocol(Dut& d) {
  if constexpr (requires { d.clk_i; d.rst_ni; }) {
    static ProtocolWatch watch;
    watch.begin(!d.rst_ni);
    WATCH_DRIVEN(m_valid_o, m_ready_i, m_data_o, m_last_o)
    WATCH_DRIVEN(m_axis_tvalid_o, m_axis_tready_i, m_axis_tdata_o, m_axis_tlast_o)
    WATCH_TAKEN(s_valid_i, s_ready_o, s_data_i, s_last_i)
    WATCH_TAKEN(s_axis_tvalid_i, s_axis_tready_o, s_axis_tdata_i, s_axis_tlast_i)
    if constexpr (requires { d.s_bvalid_o; d.s_awready_o; }) {
      watch.input(d.s_awvalid_i);
      watch.input(d.s_awaddr_i);
      watch.input(d.s_wvalid_i);
      watch.input(d.s_wdata_i);
      watch.input(d.s_wstrb_i);
      watch.input(d.s_bready_i);
      watch.input(d.s_arvalid_i);
      watch.input(d.s_araddr_i);
      watch.input(d.s_rready_i);
      watch.output(d.s_awready_o);
      watch.output(d.s_wready_o);
      watch.output(d.s_bvalid_o);
      watch.output(d.s_bresp_o);
      watch.output(d.s_arready_o);
      watch.output(d.s_rvalid_o);
      watch.output(d.s_rdata_o);
      watch.output(d.s_rresp_o);
      watch.drives("b", d.s_bvalid_o, d.s_bready_i, d.s_bresp_o);
      watch.drives("r", d.s_rvalid_o, d.s_rready_i, d.s_rdata_o, d.s_rresp_o);
      watch.answers("b", d.s_awvalid_i && d.s_awready_o, d.s_wvalid_i && d.s_wready_o, d.s_bvalid_o, d.s_bready_i);
      const bool read = d.s_arvalid_i && d.s_arready_o;
      watch.answers("r", read, read, d.s_rvalid_o, d.s_rready_i);
    }
    if constexpr (requires { d.m_axil_awvalid_o; d.m_axil_wdata_o; }) {
      watch.input(d.m_axil_awready_i);
      watch.input(d.m_axil_wready_i);
      watch.input(d.m_axil_bvalid_i);
      watch.output(d.m_axil_awvalid_o);
      watch.output(d.m_axil_awaddr_o);
      watch.output(d.m_axil_wvalid_o);
      watch.output(d.m_axil_wdata_o);
      watch.output(d.m_axil_bready_o);
      watch.drives("aw", d.m_axil_awvalid_o, d.m_axil_awready_i, d.m_axil_awaddr_o);
      watch.drives("w", d.m_axil_wvalid_o, d.m_axil_wready_i, d.m_axil_wdata_o);
    }
    if constexpr (requires { d.m_axil_arvalid_o; d.m_axil_rready_o; }) {
      watch.input(d.m_axil_arready_i);
      watch.input(d.m_axil_rvalid_i);
      watch.output(d.m_axil_arvalid_o);
      watch.output(d.m_axil_araddr_o);
      watch.output(d.m_axil_rready_o);
      watch.drives("ar", d.m_axil_arvalid_o, d.m_axil_arready_i, d.m_axil_araddr_o);
    }
    watch.between_edges(d);
  }
}

#undef WATCH_DRIVEN
#undef WATCH_TAKEN

}  // namespace bench

#endif
