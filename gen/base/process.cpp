// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "gen/base/interrupt.hpp"

namespace epim {

CommandResult run_command(const std::string& command) {
  CommandResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot start: " + command);
  const bool grouped = interrupts_guarded();  // an interrupt then ends the compiler's children as well
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start: " + command);
  if (child == 0) {
    if (grouped) setpgid(0, 0);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  std::array<char, 4096> buffer;
  bool ended = false;
  for (pollfd p{ends[0], POLLIN, 0};;) {
    if (pending_interrupt() != 0 && !ended) {
      kill(grouped ? -child : child, SIGTERM);
      ended = true;
    }
    if (poll(&p, 1, 200) <= 0) continue;
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    if (n <= 0) break;
    result.output.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (ended) check_interrupt();
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace epim
