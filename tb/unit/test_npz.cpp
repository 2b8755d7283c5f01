// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "golden/diagnostic.hpp"
#include "golden/files/npz.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

namespace {

constexpr DType integer_types[] = {DType::i8, DType::i16, DType::i32, DType::i64, DType::u8, DType::u16};

std::pair<std::int64_t, std::int64_t> limits(DType type) {
  switch (type) {
    case DType::i8: return {-128, 127};
    case DType::i16: return {-32768, 32767};
    case DType::i32: return {INT32_MIN, INT32_MAX};
    case DType::u8: return {0, 255};
    case DType::u16: return {0, 65535};
    default: return {INT64_MIN + 1, INT64_MAX};
  }
}

IntTensor random_ints(DType type) {
  std::vector<int> shape;
  for (int d = *rc::gen::inRange(0, 4); d > 0; --d) shape.push_back(*rc::gen::inRange(0, 5));
  IntTensor t(shape);
  const auto [lo, hi] = limits(type);
  for (auto& v : t.data) v = *rc::gen::element(lo, hi, std::int64_t{0}, std::int64_t{1}, std::int64_t{100});
  return t;
}

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// A .npy with this header and this many bytes of data.
std::vector<std::uint8_t> hand_made(const std::string& header, std::size_t body) {
  std::string text = "\x93NUMPY";
  text += '\1';
  text += '\0';
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header + std::string(body, '\0');
  return bytes_of(text);
}

}  // namespace

TEST_CASE("integer arrays survive .npy and .npz", "[npz]") {
  property("round trip", [] {
    const DType type = *rc::gen::elementOf(std::vector<DType>(std::begin(integer_types), std::end(integer_types)));
    const IntTensor t = random_ints(type), other = random_ints(DType::i8);
    const NpyArray array = NpyArray::from(t, type);
    const NpyArray back = parse_npy(npy_bytes(array), "memory");
    RC_ASSERT(back.dtype == type);
    RC_ASSERT(back.ints() == t);
    for (bool deflated : {false, true}) {
      const auto bytes = npz_bytes({{"a/b", array}, {"c", NpyArray::from(other, DType::i8)}}, deflated);
      RC_ASSERT(bytes == npz_bytes({{"a/b", array}, {"c", NpyArray::from(other, DType::i8)}}, deflated));
      const NpzFile file = parse_npz(bytes, "memory");
      RC_ASSERT(file.arrays.size() == 2u);
      RC_ASSERT(file.at("a/b").ints() == t);
      RC_ASSERT(file.at("c").ints() == other);
    }
  });
}

TEST_CASE("float arrays survive, and convert", "[npz]") {
  FloatTensor t({2, 2});
  t.data = {1.5f, -0.25f, 1e30f, 0.0f};
  REQUIRE(parse_npy(npy_bytes(NpyArray::from(t)), "m").floats() == t);
  REQUIRE_RULE(NpyArray::from(t).ints(), "npy-type");
  IntTensor i({2});
  i.data = {-3, 7};
  REQUIRE(NpyArray::from(i, DType::f64).floats().data == std::vector<float>{-3, 7});
  REQUIRE(NpyArray::from(i, DType::i16).floats().data == std::vector<float>{-3, 7});
  REQUIRE_RULE(NpyArray::from(i, DType::u8), "npy-range");
  i.data[1] = 128;
  REQUIRE_RULE(NpyArray::from(i, DType::i8), "npy-range");
}

TEST_CASE("the bytes are those of numpy.save", "[npz]") {
  // numpy.save(f, numpy.arange(3, dtype=numpy.int16)) of NumPy 1.24.
  IntTensor t({3});
  t.data = {0, 1, 2};
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }";
  expected.resize(127, ' ');
  expected += std::string("\n\x00\x00\x01\x00\x02\x00", 7);
  std::vector<std::uint8_t> ours = npy_bytes(NpyArray::from(t, DType::i16));
  REQUIRE(parse_npy(bytes_of(expected), "numpy").ints() == t);
  // NumPy pads its header to 64 bytes (1.14 and later, as we do) or 128 with room to grow: compare what is said.
  REQUIRE(std::string(ours.begin() + 10, ours.begin() + 10 + 57) == expected.substr(10, 57));
  REQUIRE((ours.size() - 6) % 64 == 0);
  REQUIRE(parse_npy(hand_made("{\"shape\": (2, 1), 'descr': '<u2', 'fortran_order': False}", 4), "m").shape ==
          std::vector<int>{2, 1});
}

TEST_CASE("hostile headers are refused", "[npz]") {
  const auto parse = [](const std::string& header, std::size_t body) {
    return parse_npy(hand_made(header, body), "bad");
  };
  const std::string rest = "'fortran_order': False, 'shape': (2,), }";
  REQUIRE_RULE(parse("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8), "npy-fortran-order");
  REQUIRE_RULE(parse("{'descr': '>f4', " + rest, 8), "npy-type");
  REQUIRE_RULE(parse("{'descr': '<c8', " + rest, 16), "npy-type");
  REQUIRE_RULE(parse("{'descr': '|O', " + rest, 16), "npy-type");
  REQUIRE_RULE(parse("{'descr': [('a', '<f4')], " + rest, 8), "npy-type");
  REQUIRE_RULE(parse("{'descr': '<f4', " + rest, 7), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f4', " + rest, 9), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f4', 'fortran_order': False, }", 8), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f8', 'fortran_order': False, 'shape': "
                     "(2147483647, 2147483647, 2147483647, 2147483647, 8), }", 8), "corrupt-npz");
  REQUIRE_RULE(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", 8), "corrupt-npz");
  REQUIRE_RULE(parse("", 8), "corrupt-npz");
  REQUIRE_RULE(parse_npy(bytes_of("hello"), "bad"), "corrupt-npz");
  REQUIRE_RULE(parse_npy({}, "bad"), "corrupt-npz");
}

TEST_CASE("every truncation and every flipped byte of an archive is noticed or harmless", "[npz]") {
  FloatTensor t({3, 5});
  for (std::size_t i = 0; i < t.size(); ++i) t.data[i] = static_cast<float>(i) * 0.5f;
  for (bool deflated : {false, true}) {
    const auto good = npz_bytes({{"w", NpyArray::from(t)}, {"v", NpyArray::from(t)}}, deflated);
    for (std::size_t n = 0; n < good.size(); ++n) {
      const std::vector<std::uint8_t> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
      REQUIRE_RULE(parse_npz(cut, "cut"), "corrupt-npz");
    }
    for (std::size_t n = 0; n < good.size(); ++n)
      for (int bit : {0, 7}) {
        auto bad = good;
        bad[n] = static_cast<std::uint8_t>(bad[n] ^ (1 << bit));
        try {
          // What still reads must read the same: only names and time stamps may differ unnoticed.
          for (const auto& [name, array] : parse_npz(bad, "flipped").arrays) REQUIRE(array.floats() == t);
        } catch (const InputError& e) {
          REQUIRE(e.where().file.find("flipped") == 0);
        }
      }
  }
}

TEST_CASE("an archive that claims to inflate to gigabytes is refused at once", "[npz]") {
  auto bytes = npz_bytes({{"w", NpyArray::from(IntTensor({4}), DType::i64)}}, true);
  std::size_t directory = bytes.size() - 22;
  while (!(bytes[directory] == 'P' && bytes[directory + 1] == 'K' && bytes[directory + 2] == 1)) --directory;
  for (std::size_t i = 0; i < 4; ++i) bytes[directory + 24 + i] = i == 0 ? 0xfe : 0xff;
  try {
    parse_npz(bytes, "bomb");
    FAIL("accepted");
  } catch (const InputError& e) {
    REQUIRE(e.rule() == "corrupt-npz");
    REQUIRE(e.text().find("cannot inflate") != std::string::npos);  // before any memory is taken
  }
}

TEST_CASE("files are written whole and read back", "[npz]") {
  const std::string path = "/tmp/epim_npz_test_" + std::to_string(::getpid()) + ".npz";
  IntTensor t({2, 3}, 9);
  write_npz(path, {{"t", NpyArray::from(t)}});
  REQUIRE(read_npz(path).at("t").ints() == t);
  REQUIRE_RULE(read_npz(path).at("u"), "missing-array");
  std::remove(path.c_str());
  REQUIRE_RULE(read_npz(path), "unreadable-file");
  REQUIRE_RULE(write_npy("/nonexistent/x.npy", NpyArray::from(t)), "unwritable-file");
}
