// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Tensors of an imported graph: element type, dimensions, data.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace epim::importer {

/// Element types. float16, bfloat16 and double are read as f32, uint32 and uint64 as i64. i4 and u4 take a byte each.
enum class Type { f32, i64, i32, i16, u16, i8, u8, i4, u4, boolean };

using Dims = std::vector<std::int64_t>;

/// No tensor may have more elements.
constexpr std::int64_t most_elements = std::int64_t{1} << 27;
constexpr std::size_t most_dimensions = 8;

const char* name_of(Type type);  ///< "float32", ...
std::size_t size_of(Type type);  ///< bytes of an element
bool is_quantised(Type type);    ///< what QuantizeLinear may give: i4, u4, i8, u8, i16, u16
std::int64_t lowest(Type type);  ///< of an integer type
std::int64_t highest(Type type);
std::string text_of(const Dims& dims);  ///< "[1,3,32,32]"

/// Product of the dimensions; nothing where one is negative, or the product exceeds most_elements.
std::optional<std::int64_t> element_count(const Dims& dims);

/// Type and dimensions without data.
struct Info {
  Type type = Type::f32;
  Dims dims;
  bool operator==(const Info&) const = default;
  std::int64_t size() const { return element_count(dims).value_or(0); }
};

/// A tensor with its data, row-major.
class Value {
 public:
  Value() = default;
  /// All zero. element_count(dims) must give a number.
  Value(Type type, Dims dims);
  static Value of(std::vector<float> data, Dims dims);         ///< f32
  static Value of(std::vector<std::int64_t> data, Dims dims);  ///< i64

  Type type() const { return info_.type; }
  const Dims& dims() const { return info_.dims; }
  const Info& info() const { return info_; }
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size() / size_of(info_.type)); }

  /// The elements; T must be the C++ type of type() (i4: int8_t, u4 and boolean: uint8_t).
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }
  double number(std::int64_t i) const;                     ///< any type
  std::int64_t integer(std::int64_t i) const;              ///< any type; floats are cut and saturated, not-a-number is 0
  void set(std::int64_t i, double number);                 ///< any type; integers are cut and saturated
  void set_integer(std::int64_t i, std::int64_t integer);  ///< integers wrap around
  std::vector<std::int64_t> integers() const;
  std::vector<float> floats() const;

  /// Same data, other dimensions of the same product.
  Value reshaped(Dims dims) const;
  /// Element order as numpy.transpose(perm).
  Value transposed(const std::vector<int>& perm) const;

 private:
  Info info_;
  std::vector<std::uint8_t> bytes_;
};

using ValuePointer = std::shared_ptr<const Value>;

}  // namespace epim::importer
