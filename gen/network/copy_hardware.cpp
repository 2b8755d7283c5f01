// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/copy_hardware.hpp"

#include "gen/config/config.hpp"

namespace epim {

Hardware copy_hardware(const Hardware& core, const Layer& copy) {
  HardwareRequest asked;
  static_cast<FixedHardware&>(asked) = core;
  asked.adc_bits = core.adc_bits;
  asked.adc_step = core.adc_step;
  asked.joint_lanes = core.joint_lanes;
  asked.pe_rows = core.pe_rows;
  asked.pe_cols = core.pe_cols;
  asked.slope_bits = core.slope_bits;
  asked.pool = core.pool;
  asked.buffer_words = std::nullopt;
  Hardware hw = resolve({asked}, {copy}).hw;
  hw.acc_bits = core.acc_bits;
  return hw;
}

}  // namespace epim
