// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/value.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace epim::importer {
namespace {

struct TypeFacts {
  const char* name;
  std::size_t bytes;
  std::int64_t lo, hi;
};

const TypeFacts& facts(Type type) {
  using limit = std::numeric_limits<std::int64_t>;
  static const TypeFacts table[] = {{"float32", 4, 0, 0},
                                    {"int64", 8, limit::min(), limit::max()},
                                    {"int32", 4, INT32_MIN, INT32_MAX},
                                    {"int16", 2, INT16_MIN, INT16_MAX},
                                    {"uint16", 2, 0, UINT16_MAX},
                                    {"int8", 1, INT8_MIN, INT8_MAX},
                                    {"uint8", 1, 0, UINT8_MAX},
                                    {"int4", 1, -8, 7},
                                    {"uint4", 1, 0, 15},
                                    {"bool", 1, 0, 1}};
  return table[static_cast<int>(type)];
}

}  // namespace

const char* name_of(Type type) { return facts(type).name; }
std::size_t size_of(Type type) { return facts(type).bytes; }
std::int64_t lowest(Type type) { return facts(type).lo; }
std::int64_t highest(Type type) { return facts(type).hi; }
bool is_quantised(Type type) {
  return type == Type::i8 || type == Type::u8 || type == Type::i16 || type == Type::u16 || type == Type::i4 || type == Type::u4;
}
std::string text_of(const Dims& dims) { return fmt::format("[{}]", fmt::join(dims, ",")); }

std::optional<std::int64_t> element_count(const Dims& dims) {
  std::int64_t n = 1;
  for (const std::int64_t d : dims) {
    if (d < 0) return std::nullopt;
    if (d == 0) return 0;
  }
  for (const std::int64_t d : dims) {
    if (d > most_elements / n) return std::nullopt;
    n *= d;
  }
  return n;
}

Value::Value(Type type, Dims dims) : info_{type, std::move(dims)} {
  bytes_.resize(static_cast<std::size_t>(element_count(info_.dims).value()) * size_of(type));
}
Value Value::of(std::vector<float> data, Dims dims) {
  Value v(Type::f32, std::move(dims));
  std::memcpy(v.bytes_.data(), data.data(), std::min(v.bytes_.size(), data.size() * sizeof(float)));
  return v;
}
Value Value::of(std::vector<std::int64_t> data, Dims dims) {
  Value v(Type::i64, std::move(dims));
  std::memcpy(v.bytes_.data(), data.data(), std::min(v.bytes_.size(), data.size() * sizeof(std::int64_t)));
  return v;
}

std::int64_t Value::integer(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  switch (info_.type) {
    case Type::f32: {
      const double x = as<float>()[at];
      if (std::isnan(x)) return 0;
      if (x >= 9.2e18) return std::numeric_limits<std::int64_t>::max();
      if (x <= -9.2e18) return std::numeric_limits<std::int64_t>::min();
      return static_cast<std::int64_t>(x);
    }
    case Type::i64: return as<std::int64_t>()[at];
    case Type::i32: return as<std::int32_t>()[at];
    case Type::i16: return as<std::int16_t>()[at];
    case Type::u16: return as<std::uint16_t>()[at];
    case Type::i8:
    case Type::i4: return as<std::int8_t>()[at];
    case Type::u8:
    case Type::u4:
    case Type::boolean: return as<std::uint8_t>()[at];
  }
  return 0;
}
double Value::number(std::int64_t i) const {
  if (info_.type == Type::f32) return as<float>()[static_cast<std::size_t>(i)];
  return static_cast<double>(integer(i));
}
void Value::set_integer(std::int64_t i, std::int64_t x) {
  const auto at = static_cast<std::size_t>(i);
  switch (info_.type) {
    case Type::f32: as<float>()[at] = static_cast<float>(x); break;
    case Type::i64: as<std::int64_t>()[at] = x; break;
    case Type::i32: as<std::int32_t>()[at] = static_cast<std::int32_t>(x); break;
    case Type::i16: as<std::int16_t>()[at] = static_cast<std::int16_t>(x); break;
    case Type::u16: as<std::uint16_t>()[at] = static_cast<std::uint16_t>(x); break;
    case Type::i8: as<std::int8_t>()[at] = static_cast<std::int8_t>(x); break;
    case Type::u8: as<std::uint8_t>()[at] = static_cast<std::uint8_t>(x); break;
    case Type::i4:
      as<std::int8_t>()[at] = static_cast<std::int8_t>(static_cast<int>((static_cast<unsigned>(x) & 15u) ^ 8u) - 8);
      break;
    case Type::u4: as<std::uint8_t>()[at] = static_cast<std::uint8_t>(x & 15); break;
    case Type::boolean: as<std::uint8_t>()[at] = x != 0; break;
  }
}
void Value::set(std::int64_t i, double x) {
  if (info_.type == Type::f32) {
    as<float>()[static_cast<std::size_t>(i)] = static_cast<float>(x);
    return;
  }
  if (info_.type == Type::boolean) return set_integer(i, x != 0);
  const double lo = static_cast<double>(lowest(info_.type)), hi = static_cast<double>(highest(info_.type));
  if (std::isnan(x)) set_integer(i, 0);
  else if (x >= hi) set_integer(i, highest(info_.type));
  else if (x <= lo) set_integer(i, lowest(info_.type));
  else set_integer(i, static_cast<std::int64_t>(x));
}
std::vector<std::int64_t> Value::integers() const {
  std::vector<std::int64_t> out(static_cast<std::size_t>(size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = integer(static_cast<std::int64_t>(i));
  return out;
}
std::vector<float> Value::floats() const {
  if (info_.type == Type::f32) {
    const auto all = as<float>();
    return {all.begin(), all.end()};
  }
  std::vector<float> out(static_cast<std::size_t>(size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(integer(static_cast<std::int64_t>(i)));
  return out;
}

Value Value::reshaped(Dims dims) const {
  Value v = *this;
  v.info_.dims = std::move(dims);
  return v;
}

Value Value::transposed(const std::vector<int>& perm) const {
  const std::size_t rank = info_.dims.size();
  Dims dims(rank);
  std::vector<std::int64_t> step(rank, 1), from(rank);  // elements between neighbours: of this, of axis k of the result
  for (std::size_t k = rank; k-- > 1;) step[k - 1] = step[k] * info_.dims[k];
  for (std::size_t k = 0; k < rank; ++k) {
    dims[k] = info_.dims[static_cast<std::size_t>(perm[k])];
    from[k] = step[static_cast<std::size_t>(perm[k])];
  }
  Value v(info_.type, dims);
  const std::size_t item = size_of(info_.type);
  std::vector<std::int64_t> at(rank, 0);
  std::int64_t source = 0;
  for (std::int64_t i = 0, n = v.size(); i < n; ++i) {
    std::memcpy(v.bytes_.data() + static_cast<std::size_t>(i) * item, bytes_.data() + static_cast<std::size_t>(source) * item,
                item);
    for (std::size_t k = rank; k-- > 0;) {
      source += from[k];
      if (++at[k] < dims[k]) break;
      source -= from[k] * dims[k];
      at[k] = 0;
    }
  }
  return v;
}

}  // namespace epim::importer
