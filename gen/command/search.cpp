// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/command.hpp"
namespace epim::command {
void add_search(CLI::App&) {}
}  // namespace epim::command
