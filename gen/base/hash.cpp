// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/base/hash.hpp"

#include <fmt/format.h>

namespace epim {

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t h) {
  for (unsigned char b : bytes) h = (h ^ b) * 0x100000001b3ull;
  return h;
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace epim
