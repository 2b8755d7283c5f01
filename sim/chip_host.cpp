// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_host.hpp"

#include <fmt/format.h>

#include "gen/base/interrupt.hpp"
#include "golden/timing/chip_load.hpp"

namespace epim {

ChipHost::ChipHost(const ChipDesign& chip, const std::string& object)
    : chip_(chip), model_(object), watch_(model_), clk_(model_.port("clk_i")), rst_(model_.port("rst_ni")), in_valid_(model_.port("s_axis_tvalid_i")),
      in_ready_(model_.port("s_axis_tready_o")), out_ready_(model_.port("m_axis_tready_i")) {}

void ChipHost::tick() {
  bool taken = false;
  if (!load_.empty() || offered_) {
    Signal valid = model_.port("s_load_tvalid_i");
    offered_ = !load_.empty() && (offered_ || !stalls_ || !stalls_->stall());
    valid.set(offered_);
    if (offered_) {
      model_.port("s_load_tdata_i").set(load_.front().data);
      model_.port("s_load_tlast_i").set(load_.front().last);
    }
    model_.eval();
    taken = offered_ && model_.port("s_load_tready_o").high();
  }
  if (traffic_) traffic_();
  if (cores_before_) cores_before_();
  watch_.before_edge();
  clk_.set(1);
  model_.eval();
  if (tracing_) model_.trace_dump(static_cast<std::uint64_t>(cycle_) * 10);
  clk_.set(0);
  if (cores_after_) cores_after_();
  model_.eval();
  if (tracing_) model_.trace_dump(static_cast<std::uint64_t>(cycle_) * 10 + 5);
  if (taken) {
    if (first_taken_ < 0) first_taken_ = cycle_;
    last_taken_ = cycle_;
    load_.pop_front();
    offered_ = false;
    if (load_.empty()) {
      model_.port("s_load_tvalid_i").set(0);
      model_.eval();
    }
  }
  ++cycle_;
}

void ChipHost::trace_end() {
  if (tracing_) model_.trace_close();
  tracing_ = false;
}

void ChipHost::reset() {
  const bool loaded = chip_.loaded();
  in_valid_.set(0);
  out_ready_.set(0);
  clk_.set(0);
  rst_.set(0);
  load_.clear();
  offered_ = false;
  if (loaded)
    for (const char* name : {"s_load_tvalid_i", "s_axil_awvalid_i", "s_axil_wvalid_i", "s_axil_arvalid_i"}) model_.port(name).set(0);
  if (loaded)
    for (const char* name : {"s_axil_bready_i", "s_axil_rready_i"}) model_.port(name).set(1);
  if (loaded) model_.port("s_axil_wstrb_i").set(15);
  model_.eval();
  if (cores_in_reset_) {
    cores_in_reset_();
    model_.eval();
  }
  tick();
  tick();
  rst_.set(1);
  model_.eval();
  for (int i = 0; i < 3; ++i) {
    if (in_ready_.high() != (i == 2 && !loaded)) throw CheckFailed("protocol", "s_axis_tready during reset, or late after it");
    tick();  // the synchroniser's two, then the first rising edge without reset: cycle 0 of a chip of images follows
  }
  if (!loaded) return;
  for (int i = 0; i < 20; ++i) {
    if (in_ready_.high()) throw CheckFailed("load port", "s_axis_tready before there is a program");
    tick();
  }
}

std::int64_t ChipHost::load(const std::vector<LoadWord>& words, bool running, bool predicted, const std::function<void(double)>& progress) {
  const auto cores = static_cast<int>(chip_.cores.size());
  const ChipLoad want = predict_chip_load(static_cast<std::int64_t>(words.size()), cores, running);
  const std::int64_t begin = cycle_;
  first_taken_ = last_taken_ = -1;
  queue_load(words);
  const std::int64_t longest = 100 * (want.open + 1000);
  while (!load_.empty()) {
    if (cycle_ - begin > longest) throw CheckFailed("load port", fmt::format("{} of {} words are not taken", load_.size(), words.size()));
    tick();
    if ((cycle_ & 0xFFF) != 0) continue;
    check_interrupt();
    if (progress) progress(1 - static_cast<double>(load_.size()) / static_cast<double>(words.size()));
  }
  if (predicted && (first_taken_ - begin != want.first || last_taken_ - begin != want.last))
    throw CheckFailed("load port", fmt::format("{} words taken in cycles {} to {}, predicted {} to {}", words.size(), first_taken_ - begin, last_taken_ - begin,
                                               want.first, want.last));
  const std::int64_t opens = open_after_load(last_taken_, cores);
  while (cycle_ < opens) {
    if (open()) throw CheckFailed("load port", fmt::format("s_axis_tready {} cycles after the last word, predicted {}", cycle_ - last_taken_, opens - last_taken_));
    tick();
  }
  if (!open()) {
    std::uint32_t failed = read(reg::chip_failed), waiting = read(reg::chip_waiting);
    throw CheckFailed("load port", fmt::format("no run {} cycles after the last word: chip_failed 0x{:08X}, chip_waiting 0x{:08X}", opens - last_taken_, failed, waiting));
  }
  return cycle_ - begin;
}

bool ChipHost::try_write(std::uint32_t address, std::uint32_t value) {
  Signal aw = model_.port("s_axil_awvalid_i"), w = model_.port("s_axil_wvalid_i"), aw_ready = model_.port("s_axil_awready_o"), w_ready = model_.port("s_axil_wready_o");
  const Signal bvalid = model_.port("s_axil_bvalid_o");
  model_.port("s_axil_awaddr_i").set(address);
  model_.port("s_axil_wdata_i").set(value);
  aw.set(1);
  w.set(1);
  model_.eval();
  for (int i = 0; i < 100; ++i) {
    const bool aw_taken = aw.high() && aw_ready.high(), w_taken = w.high() && w_ready.high();
    if (bvalid.high()) {
      const bool okay = model_.port("s_axil_bresp_o").get() == 0;
      tick();
      return okay;
    }
    tick();
    if (aw_taken) aw.set(0);
    if (w_taken) w.set(0);
    model_.eval();
  }
  throw CheckFailed("control bus", fmt::format("write of register 0x{:X}: no answer", address));
}

bool ChipHost::try_read(std::uint32_t address, std::uint32_t& value) {
  Signal ar = model_.port("s_axil_arvalid_i");
  const Signal ready = model_.port("s_axil_arready_o"), rvalid = model_.port("s_axil_rvalid_o");
  model_.port("s_axil_araddr_i").set(address);
  ar.set(1);
  model_.eval();
  for (int i = 0; i < 100; ++i) {
    const bool taken = ar.high() && ready.high();
    if (rvalid.high()) {
      value = static_cast<std::uint32_t>(model_.port("s_axil_rdata_o").get());
      const bool okay = model_.port("s_axil_rresp_o").get() == 0;
      tick();
      return okay;
    }
    tick();
    if (taken) ar.set(0);
    model_.eval();
  }
  throw CheckFailed("control bus", fmt::format("read of register 0x{:X}: no answer", address));
}

std::uint32_t ChipHost::read(std::uint32_t address) {
  std::uint32_t value = 0;
  if (!try_read(address, value)) throw CheckFailed("control bus", fmt::format("read of register 0x{:X} refused", address));
  return value;
}

}  // namespace epim
