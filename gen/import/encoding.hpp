// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// How files encode numbers and names.
#pragma once
#include <cstdint>
#include <string>

namespace epim::importer {

/// IEEE 754 half precision and bfloat16, exactly.
float from_float16(std::uint16_t bits);
float from_bfloat16(std::uint16_t bits);

/// For messages and JSON: control characters and what is no UTF-8 become '?'.
std::string one_line(std::string s);

}  // namespace epim::importer
