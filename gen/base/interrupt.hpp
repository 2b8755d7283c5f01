// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// SIGINT and SIGTERM end long work at the next safe place, with nothing half written.
#pragma once
#include <stdexcept>
#include <string>

namespace epim {

/// A signal asked to stop. The command ends with 128 + signal.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int signal, const std::string& text = "");  ///< text: what is kept
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// While one exists, SIGINT and SIGTERM are remembered instead of ending the process. A second signal ends it at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// A guard exists.
bool interrupts_guarded();
/// The signal that came, 0: none.
int pending_interrupt();
/// Throws Interrupted where one came.
void check_interrupt();

}  // namespace epim
