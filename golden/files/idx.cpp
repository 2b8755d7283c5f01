// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/files/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

[[noreturn]] void corrupt_idx(const std::string& path, const std::string& why) { throw InputError({path, 0, 0}, "corrupt-idx", why); }

/// A plain or gzip file.
class IdxFile {
 public:
  explicit IdxFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose) {
    if (!file_) throw InputError({path, 0, 0}, "unreadable-file", "no such file, or not readable");
    gzbuffer(file_.get(), 1 << 18);
  }
  /// Exactly n bytes, or refused.
  void read(std::uint8_t* to, std::size_t n, const char* what) {
    for (std::size_t done = 0; done < n;) {
      const auto some = static_cast<unsigned>(std::min<std::size_t>(n - done, 1u << 30));
      const int got = gzread(file_.get(), to + done, some);
      if (got <= 0) corrupt_idx(path_, fmt::format("ends at byte {} of {}, legal: {} bytes", done, what, n));
      done += static_cast<std::size_t>(got);
    }
  }
  bool at_end() {
    std::uint8_t more;
    return gzread(file_.get(), &more, 1) == 0;
  }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

bool is_idx(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  unsigned char b[4] = {1, 1, 0, 0};
  in.read(reinterpret_cast<char*>(b), 4);
  return (b[0] == 0 && b[1] == 0 && b[2] != 0) || (b[0] == 0x1f && b[1] == 0x8b);
}

NpyArray read_idx(const std::string& path) {
  IdxFile file(path);
  std::uint8_t head[4];
  file.read(head, 4, "the header");
  struct Type {
    int code;
    DType type;
  };
  static constexpr Type types[] = {{8, DType::u8}, {9, DType::i8}, {11, DType::i16}, {12, DType::i32}, {13, DType::f32}, {14, DType::f64}};
  const auto* type = std::find_if(std::begin(types), std::end(types), [&](const Type& t) { return t.code == head[2]; });
  if (head[0] != 0 || head[1] != 0 || type == std::end(types))
    corrupt_idx(path, fmt::format("begins with {:02x} {:02x} {:02x}, legal: 00 00 and a type 08, 09, 0b, 0c, 0d, 0e", head[0], head[1], head[2]));
  if (head[3] < 1 || head[3] > 4) corrupt_idx(path, fmt::format("{} dimensions, legal: 1..4", head[3]));
  NpyArray a;
  a.dtype = type->type;
  std::uint64_t bytes = static_cast<std::uint64_t>(item_size(a.dtype));
  for (int d = 0; d < head[3]; ++d) {
    std::uint8_t size[4];
    file.read(size, 4, "the sizes");
    const std::uint32_t n = static_cast<std::uint32_t>(size[0]) << 24 | static_cast<std::uint32_t>(size[1]) << 16 | static_cast<std::uint32_t>(size[2]) << 8 | size[3];
    if (n < 1 || n > 0x7FFFFFFF) corrupt_idx(path, fmt::format("dimension {} is {}, legal: 1..2147483647", d, n));
    a.shape.push_back(static_cast<int>(n));
    bytes *= n;
    if (bytes > (std::uint64_t{1} << 34)) corrupt_idx(path, "more than 16 GiB of elements");
  }
  // What the header promises is only allocated as far as the file holds it.
  const auto size = static_cast<std::size_t>(item_size(a.dtype));
  for (std::uint64_t done = 0; done < bytes;) {
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - done, 1u << 26));
    a.bytes.resize(static_cast<std::size_t>(done) + some);
    file.read(a.bytes.data() + done, some, "the elements");
    done += some;
  }
  if (!file.at_end()) corrupt_idx(path, "goes on behind its last element");
  if (size > 1)
    for (std::size_t i = 0; i < a.bytes.size(); i += size) std::reverse(a.bytes.begin() + static_cast<std::ptrdiff_t>(i), a.bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
  return a;
}

}  // namespace epim
