// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Runs other programs: compilers, synthesis, patch.
#pragma once
#include <string>

namespace epim {

/// Result of a shell command: exit code (127: no such program, 128 + n: ended by signal n) and both output streams.
struct CommandResult {
  int code = 0;
  std::string output;
};
/// Runs `command` in /bin/sh and waits. Under an InterruptGuard a signal ends it with all its children.
/// Throws Interrupted then, std::runtime_error where no process can be started.
CommandResult run_command(const std::string& command);

}  // namespace epim
