// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a host does with a core, whatever carries its accesses: a model's pins (sim/driver.hpp) or a serial line
/// (sim/uart_link.hpp).
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/core/program.hpp"
#include "golden/hardware.hpp"
#include "golden/layer.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// A difference between RTL and golden: stage and message with the command that reproduces it (exit code 1).
class CheckFailed : public std::runtime_error {
 public:
  CheckFailed(std::string stage, const std::string& text) : std::runtime_error(text), stage_(std::move(stage)) {}
  const std::string& stage() const { return stage_; }

 private:
  std::string stage_;
};

/// Register access to one core. Every function throws CheckFailed "control bus" where the carrier fails.
class CoreLink {
 public:
  virtual ~CoreLink() = default;
  virtual bool try_write(std::uint32_t address, std::uint32_t value) = 0;  ///< false: the core refused (SLVERR)
  virtual std::uint32_t read(std::uint32_t address) = 0;
  /// Writes all values, to one address or (`up`) to consecutive registers. A carrier may report a refusal later, at
  /// the latest with the next read. Throws CheckFailed on a refusal.
  virtual void write_all(std::uint32_t address, std::span<const std::uint32_t> values, bool up);

  void write(std::uint32_t address, std::uint32_t value);  ///< throws CheckFailed where the core refuses
  std::uint64_t read64(std::uint32_t address);
};

/// Throws InputError `wrong-register-image` where no epim core answers, or one of another configuration.
void check_identity(CoreLink& core, std::uint64_t hash);

/// Writes a program over the control bus and commits it; a core with ROM tables takes the number of frames alone.
/// `stored(block)` true: the block has been put into the core another way. May be empty.
void load_program(CoreLink& core, const LayerProgram& program, bool rom,
                  const std::function<bool(const ProgramBlock&)>& stored = {});

/// Input words of one frame.
std::int64_t frame_words(const Hardware& hw, const Layer& layer);

/// Activation on lane `lane` of word `at` of a frame, in the order of the input stream (row, column, channel block). A
/// lane that the map does not have gives `noise`.
std::int64_t lane_value(const Hardware& hw, const Layer& layer, const IntTensor& x, std::int64_t at, int lane,
                        std::int64_t noise);

}  // namespace epim
