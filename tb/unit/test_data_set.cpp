// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "gen/accuracy/data_set.hpp"
#include "golden/diagnostic.hpp"
#include "golden/files/idx.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;

namespace {

std::string idx_file(const std::string& name, const std::string& bytes, bool compressed = false) {
  const std::string path = (std::filesystem::temp_directory_path() / ("epim-" + name)).string();
  if (compressed) {
    gzFile f = gzopen(path.c_str(), "wb");
    gzwrite(f, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(f);
  } else {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  return path;
}

std::string bytes(std::initializer_list<int> list) {
  std::string s;
  for (int b : list) s += static_cast<char>(b);
  return s;
}

Network network_of_two_pixels(int bits, bool is_signed) {
  Network n;
  n.input = {1, 1, 2, 1};
  n.input_name = "image";
  n.input_bits = bits;
  n.input_signed = is_signed;
  n.input_scale = 0.5;
  n.input_zero = 3;
  return n;
}

}  // namespace

TEST_CASE("IDX files, plain and gzip", "[idx]") {
  const std::string head = bytes({0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3});
  for (const bool compressed : {false, true}) {
    const std::string path = idx_file("a.idx", head + bytes({1, 2, 3, 4, 5, 255}), compressed);
    CHECK(is_idx(path));
    const NpyArray a = read_idx(path);
    CHECK(a.shape == std::vector<int>{2, 3});
    CHECK(a.ints().data == std::vector<std::int64_t>{1, 2, 3, 4, 5, 255});
    REQUIRE_RULE(read_idx(idx_file("short.idx", head + bytes({1, 2, 3, 4, 5}), compressed)), "corrupt-idx");
    REQUIRE_RULE(read_idx(idx_file("long.idx", head + bytes({1, 2, 3, 4, 5, 6, 7}), compressed)), "corrupt-idx");
  }
  // Numbers of several bytes stand with the highest first.
  CHECK(read_idx(idx_file("b.idx", bytes({0, 0, 11, 1, 0, 0, 0, 2, 1, 2, 255, 254}))).ints().data == std::vector<std::int64_t>{258, -2});
  CHECK(read_idx(idx_file("c.idx", bytes({0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0}))).floats().data == std::vector<float>{1.5f});
  REQUIRE_RULE(read_idx(idx_file("d.idx", bytes({0, 0, 7, 1, 0, 0, 0, 1, 5}))), "corrupt-idx");
  REQUIRE_RULE(read_idx(idx_file("e.idx", bytes({0, 0, 8, 0}))), "corrupt-idx");
  REQUIRE_RULE(read_idx(idx_file("f.idx", bytes({0, 0, 8, 1, 0, 0, 0, 0}))), "corrupt-idx");
  REQUIRE_RULE(read_idx(idx_file("g.idx", bytes({0, 0, 8, 4, 127, 255, 255, 255, 127, 255, 255, 255, 0, 0, 0, 9, 0, 0, 0, 9}))), "corrupt-idx");
  REQUIRE_RULE(read_idx("/nowhere/at/all"), "unreadable-file");
}

TEST_CASE("real images are rounded half to even and clamped to the input's codes, integers are taken as they are", "[data-set]") {
  const Network n = network_of_two_pixels(4, true);
  const std::string reals = (std::filesystem::temp_directory_path() / "epim-reals.npy").string();
  FloatTensor x({3, 1, 1, 2});
  x.data = {0.25f, 0.75f, 100.0f, -100.0f, -0.25f, 1.0f};  // half a step: 0.5 -> 0, 1.5 -> 2
  write_npy(reals, NpyArray::from(x));
  const DataSet all(n, reals, "", 0, 0);
  CHECK(all.size() == 3);
  CHECK(all.image(0).data == std::vector<std::int64_t>{3, 5});
  CHECK(all.image(1).data == std::vector<std::int64_t>{7, -8});
  CHECK(all.image(2).data == std::vector<std::int64_t>{3, 5});
  const DataSet part(n, reals, "", 1, 1);
  CHECK(part.size() == 1);
  CHECK(part.image(0) == all.image(1));
  CHECK(part.hash() != all.hash());
  REQUIRE_RULE(DataSet(n, reals, "", 3, 0), "image-range");

  const std::string codes = (std::filesystem::temp_directory_path() / "epim-codes.npy").string();
  IntTensor y({2, 1, 2});
  y.data = {7, -8, 8, 0};
  write_npy(codes, NpyArray::from(y));
  const DataSet ints(n, codes, "", 0, 0);
  CHECK(ints.image(0).data == std::vector<std::int64_t>{7, -8});
  REQUIRE_RULE(ints.image(1), "activation-range");
  x.data[0] = std::numeric_limits<float>::quiet_NaN();
  write_npy(reals, NpyArray::from(x));
  REQUIRE_RULE(DataSet(n, reals, "", 0, 0).image(0), "not-a-number");
}
