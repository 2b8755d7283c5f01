// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A Verilated core, loaded as a shared object, with its ports by name.
#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace epim {

/// C interface of a compiled model (the adapter that sim/build.cpp writes).
struct ModelPort {
  const char* name;
  int bits;
};
struct ModelApi {
  int (*ports)(const ModelPort** list);
  void* (*create)();
  void (*destroy)(void*);
  void (*eval)(void*);
  void* (*port)(void*, int index);
  bool (*trace_open)(void*, const char* file);  ///< false: built without tracing
  void (*trace_dump)(void*, std::uint64_t time);
  void (*trace_close)(void*);
  std::uint64_t* (*cells)(void*, int pe_row, int pe_col);  ///< flat cell memory of a PE; null: not reachable
};

/// One port of a model: little-endian storage of `bits` bits.
class Signal {
 public:
  Signal() = default;
  Signal(void* at, int bits) : at_(static_cast<std::uint8_t*>(at)), bits_(bits) {
    bytes_ = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : bits <= 64 ? 8 : (bits + 31) / 32 * 4;
  }
  int bits() const { return bits_; }
  bool high() const { return *at_ != 0; }  ///< ports of one bit
  void set(std::uint64_t value) { std::memcpy(at_, &value, static_cast<std::size_t>(bytes_ < 8 ? bytes_ : 8)); }
  std::uint64_t get() const { return field(0, bits_ < 64 ? bits_ : 64); }
  /// Bits [lsb, lsb+width), width <= 57 or (lsb byte-aligned and width <= 64).
  std::uint64_t field(int lsb, int width) const {
    std::uint64_t v = 0;
    const int first = lsb / 8, last = (lsb + width - 1) / 8;
    std::memcpy(&v, at_ + first, static_cast<std::size_t>(last - first + 1 > 8 ? 8 : last - first + 1));
    v >>= lsb % 8;
    return width >= 64 ? v : v & ((std::uint64_t{1} << width) - 1);
  }
  /// The same, sign-extended.
  std::int64_t signed_field(int lsb, int width) const {
    const std::uint64_t v = field(lsb, width);
    return static_cast<std::int64_t>(v << (64 - width)) >> (64 - width);
  }
  void clear() { std::memset(at_, 0, static_cast<std::size_t>(bytes_)); }
  /// Writes bits [lsb, lsb+width) of a cleared port, width <= 57.
  void put(int lsb, int width, std::uint64_t value) {
    if (width < 64) value &= (std::uint64_t{1} << width) - 1;
    const int first = lsb / 8, count = (lsb + width - 1) / 8 - first + 1;
    std::uint64_t v = 0;
    std::memcpy(&v, at_ + first, static_cast<std::size_t>(count > 8 ? 8 : count));
    v |= value << (lsb % 8);
    std::memcpy(at_ + first, &v, static_cast<std::size_t>(count > 8 ? 8 : count));
  }
  const std::uint8_t* data() const { return at_; }
  /// Whole words of 64 bits, bit 0 of the port first; what lies beyond the port is not written and read as 0.
  void set_words(const std::uint64_t* words) { std::memcpy(at_, words, static_cast<std::size_t>(bytes_)); }
  void get_words(std::uint64_t* words) const {
    words[(bits_ - 1) / 64] = 0;
    std::memcpy(words, at_, static_cast<std::size_t>(bytes_));
  }

 private:
  std::uint8_t* at_ = nullptr;
  int bits_ = 0, bytes_ = 0;
};

/// An instance of a compiled model. Several instances, also of different models, may run in parallel threads.
class Model {
 public:
  /// Throws std::runtime_error where the object cannot be loaded.
  explicit Model(const std::string& shared_object);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// A port; throws std::logic_error where the model has none of that name.
  Signal port(const std::string& name) const;
  bool has(const std::string& name) const;
  void eval() { api_.eval(self_); }
  /// Cell memory of a PE (epim_crossbar's flat array), to fill it without the control bus; null where the model has
  /// none that can be reached.
  std::uint64_t* cells(int pe_row, int pe_col) { return api_.cells(self_, pe_row, pe_col); }
  /// Of a model built with BuildOptions::bare. Images by their names in the model's text, for the first eval, which this thread must
  /// call before it makes another such instance.
  void give_images(const std::map<std::string, std::string>& images);
  /// Register `index` of BuildOptions::registers and its bytes; null where the model has none, since nothing in it reads one.
  std::pair<void*, int> find_register(int index);
  /// Works out what follows from registers that were written so.
  void settle();
  /// Everything that the model keeps from one eval to the next, its ports included.
  std::pair<std::uint8_t*, std::size_t> state();
  /// Makes the folder of `file`. False: built without tracing.
  bool trace_open(const std::string& file);
  void trace_dump(std::uint64_t time) { api_.trace_dump(self_, time); }
  void trace_close() { api_.trace_close(self_); }
  /// Verilator's line and toggle counts so far; throws std::logic_error where the model was built without coverage.
  void write_coverage(const std::string& file) const;

 private:
  void* handle_ = nullptr;
  ModelApi api_{};
  void* self_ = nullptr;
  std::vector<std::pair<std::string, Signal>> ports_;
};

}  // namespace epim
