// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Overrides that would change nothing are refused instead of being forgotten.
#pragma once
#include <string>
#include <vector>

namespace epim {

/// One line of gen/config/unused_keys.def.
struct UnusedKeys {
  std::vector<std::string> uses;  ///< a verb, or one of: networks (run, map, estimate, search), chip (--top network),
                                  ///< synth-generic (synth for generic gates)
  std::vector<std::string> keys;  ///< KEY, SECTION.* or KEY=VALUE
  std::string reason;
};
const std::vector<UnusedKeys>& unused_keys();

/// Throws InputError unused-key, placed at `--set KEY=VALUE`, for the first of `overrides` that `use` does not read.
void refuse_unused_keys(const std::string& use, const std::vector<std::string>& overrides);

}  // namespace epim
