// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// 64-bit FNV-1a: names configurations; no protection against intent.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace epim {

/// h = (h ^ byte) * 0x100000001b3 over the bytes, from 0xcbf29ce484222325 (or from `h`, to continue).
std::uint64_t fnv1a(std::string_view bytes, std::uint64_t h = 0xcbf29ce484222325ull);
/// Of the bytes of numbers, as they lie in memory.
template <typename Number> std::uint64_t fnv1a(const std::vector<Number>& numbers, std::uint64_t h) {
  return fnv1a(std::string_view(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)), h);
}
/// 16 lower-case hexadecimal digits.
std::string hash_text(std::uint64_t hash);

}  // namespace epim
