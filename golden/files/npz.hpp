// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// NumPy's .npy and .npz files.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/tensor.hpp"

namespace epim {

enum class DType { i8, i16, i32, i64, u8, u16, f32, f64 };

/// An array as a file holds it: little endian, C order.
struct NpyArray {
  DType dtype = DType::f32;
  std::vector<int> shape;
  std::vector<std::uint8_t> bytes;  ///< size = product(shape) * item size

  static NpyArray from(const IntTensor& tensor, DType dtype = DType::i64);  ///< throws InputError `npy-range`
  static NpyArray from(const FloatTensor& tensor);                          ///< as f32
  /// Integer types only; throws InputError `npy-type` for floats, at `file`.
  IntTensor ints(const std::string& file = {}) const;
  /// Any type, rounded to float.
  FloatTensor floats() const;
};

int item_size(DType dtype);
const char* name_of(DType dtype);  ///< "int8", ...

/// Arrays of an .npz in file order; names without the ".npy".
struct NpzFile {
  std::string path;
  std::vector<std::pair<std::string, NpyArray>> arrays;
  const NpyArray* find(const std::string& name) const;
  /// Throws InputError `missing-array`, naming file and array.
  const NpyArray& at(const std::string& name) const;
};

/// Types int8..int64, uint8, uint16, float32, float64, little endian. All readers throw InputError: `unreadable-file`,
/// `corrupt-npz` (file name, byte offset, what is wrong), `npy-type`, `npy-fortran-order`.
NpyArray read_npy(const std::string& path);
/// Stored and deflated members, CRC checked; no encryption, no archive beyond 4 GiB.
NpzFile read_npz(const std::string& path);
/// The same from memory; `name` stands for the file in errors.
NpyArray parse_npy(const std::vector<std::uint8_t>& bytes, const std::string& name);
NpzFile parse_npz(const std::vector<std::uint8_t>& bytes, const std::string& name);

/// Version 1.0 header, as numpy.save writes it.
std::vector<std::uint8_t> npy_bytes(const NpyArray& array);
/// An archive with a fixed time stamp (1980-01-01): same arrays, same bytes.
std::vector<std::uint8_t> npz_bytes(const std::vector<std::pair<std::string, NpyArray>>& arrays, bool deflated);

/// Written to a temporary file beside `path`, then renamed. Throw InputError `unwritable-file`.
void write_npy(const std::string& path, const NpyArray& array);
void write_npz(const std::string& path, const std::vector<std::pair<std::string, NpyArray>>& arrays,
               bool deflated = true);

}  // namespace epim
