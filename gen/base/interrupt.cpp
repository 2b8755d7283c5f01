// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/base/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <string>

namespace epim {
namespace {

std::atomic<int> pending{0};
std::atomic<bool> guarded{false};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may use lock-free atomics only");

extern "C" void remember(int signal) {
  pending = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Interrupted::Interrupted(int signal, const std::string& text)
    : std::runtime_error("stopped by signal " + std::to_string(signal) + (text.empty() ? "" : ": " + text)), signal_(signal) {}

InterruptGuard::InterruptGuard() {
  pending = 0;
  guarded = true;
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
}
InterruptGuard::~InterruptGuard() {
  guarded = false;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupts_guarded() { return guarded; }
int pending_interrupt() { return pending; }
void check_interrupt() {
  if (const int signal = pending) throw Interrupted(signal);
}

}  // namespace epim
