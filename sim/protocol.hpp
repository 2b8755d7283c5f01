// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rules of AXI4-Lite and AXI4-Stream on the ports of a model, watched in every cycle of every simulation.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/model.hpp"

namespace epim {

/// Watches what the model drives: a valid is low during reset, from the model's second clock on; once high it stays, with its payload, until ready; a
/// response answers one access and comes after it. Ports are found by their names (s_axil_, m_axis_); where a model has
/// none there is nothing to watch.
class ProtocolWatch {
 public:
  explicit ProtocolWatch(const Model& model);
  /// To be called before every rising edge. Throws CheckFailed "protocol" where a rule is broken.
  void before_edge();

 private:
  struct Channel {
    const char* name;
    Signal valid, ready;
    std::vector<Signal> payload;
    std::vector<std::uint8_t> held;  ///< payload of a beat that waits
    bool waiting = false;
  };
  /// Accesses taken and not answered: their addresses and their data.
  struct Answers {
    const char* name;
    Signal request, request_ready, data, data_ready, valid, ready;
    int requests = 0, datas = 0;
  };
  [[noreturn]] void broken(const char* name, const char* rule) const;

  Signal reset_;
  std::vector<Channel> channels_;
  std::vector<Answers> answers_;
  std::int64_t edge_ = 0;
};

}  // namespace epim
