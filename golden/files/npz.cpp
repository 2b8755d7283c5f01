// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/files/npz.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

constexpr DType all_types[] = {DType::i8, DType::i16, DType::i32, DType::i64,
                               DType::u8, DType::u16, DType::f32, DType::f64};

const char* code_of(DType type) {
  switch (type) {
    case DType::i8: return "|i1";
    case DType::i16: return "<i2";
    case DType::i32: return "<i4";
    case DType::i64: return "<i8";
    case DType::u8: return "|u1";
    case DType::u16: return "<u2";
    case DType::f32: return "<f4";
    case DType::f64: return "<f8";
  }
  return "???";
}

[[noreturn]] void corrupt(const std::string& file, std::size_t offset, const std::string& what) {
  throw InputError({file, 0, 0}, "corrupt-npz", fmt::format("byte {}: {}", offset, what));
}

/// Bounds-checked little-endian reads.
struct Bytes {
  const std::uint8_t* data;
  std::size_t size;
  const std::string& file;

  std::uint64_t little(std::size_t at, int n, const char* what) const {
    if (at > size || size - at < static_cast<std::size_t>(n))
      corrupt(file, at, fmt::format("{} is cut off; the file has {} bytes", what, size));
    std::uint64_t value = 0;
    for (int i = n - 1; i >= 0; --i) value = value << 8 | data[at + static_cast<std::size_t>(i)];
    return value;
  }
};

/// The Python literal of a .npy header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(const std::string& text, const std::string& file, std::size_t base)
      : text_(text), file_(file), base_(base) {}

  void parse(NpyArray& array) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (peek() != '}') {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        descr = true;
        array.dtype = type(peek() == '[' ? std::string("a record") : quoted());
      } else if (key == "fortran_order" && !order) {
        order = true;
        const std::string value = word();
        if (value == "True")
          throw InputError({file_, 0, 0}, "npy-fortran-order",
                           "the array is in Fortran order; save it in C order (numpy.ascontiguousarray)");
        if (value != "False") fail("fortran_order must be True or False");
      } else if (key == "shape" && !shape) {
        shape = true;
        dimensions(array.shape);
      } else {
        fail(fmt::format("unexpected header key '{}'", key));
      }
      if (peek() == ',') ++at_;
    }
    expect('}');
    if (!descr || !order || !shape) fail("the header lacks descr, fortran_order or shape");
  }

 private:
  [[noreturn]] void fail(const std::string& what) { corrupt(file_, base_ + at_, what); }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    if (at_ >= text_.size()) fail("the array header ends too early");
    return text_[at_];
  }
  void expect(char c) {
    if (peek() != c) fail(fmt::format("'{}' expected in the array header", c));
    ++at_;
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a quoted text expected in the array header");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) fail("a text in the array header does not end");
    const std::string value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return value;
  }
  std::string word() {
    peek();
    const std::size_t start = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return text_.substr(start, at_ - start);
  }
  DType type(const std::string& code) {
    for (DType t : all_types)
      if (code.size() == 3 && code.substr(1) == code_of(t) + 1 &&
          (code[0] == '<' || code[0] == '|' || code[0] == '=' || (code[0] == '>' && code[2] == '1')))
        return t;
    throw InputError({file_, 0, 0}, "npy-type",
                     fmt::format("array type '{}' is not supported; legal: int8, int16, int32, int64, uint8, uint16, "
                                 "float32, float64, little endian", code));
  }
  void dimensions(std::vector<int>& shape) {
    expect('(');
    while (peek() != ')') {
      if (std::isdigit(static_cast<unsigned char>(peek())) == 0) fail("a dimension must be a number");
      std::int64_t value = 0;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
        value = value * 10 + (text_[at_++] - '0');
        if (value > std::numeric_limits<int>::max()) fail("a dimension exceeds 2^31 - 1");
      }
      if (shape.size() == 32) fail("more than 32 dimensions");
      shape.push_back(static_cast<int>(value));
      if (peek() == ',') ++at_;
    }
    expect(')');
  }

  const std::string& text_;
  const std::string& file_;
  std::size_t base_;
  std::size_t at_ = 0;
};

template <class T, class F> void each(const NpyArray& array, F&& put) {
  for (std::size_t i = 0; i < array.bytes.size() / sizeof(T); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    put(i, value);
  }
}

template <class F> void dispatch(const NpyArray& array, F&& put) {
  switch (array.dtype) {
    case DType::i8: return each<std::int8_t>(array, put);
    case DType::i16: return each<std::int16_t>(array, put);
    case DType::i32: return each<std::int32_t>(array, put);
    case DType::i64: return each<std::int64_t>(array, put);
    case DType::u8: return each<std::uint8_t>(array, put);
    case DType::u16: return each<std::uint16_t>(array, put);
    case DType::f32: return each<float>(array, put);
    case DType::f64: return each<double>(array, put);
  }
}

template <class T> void store(NpyArray& array, const IntTensor& tensor) {
  array.bytes.resize(tensor.size() * sizeof(T));
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const T value = static_cast<T>(tensor.data[i]);
    if (static_cast<std::int64_t>(value) != tensor.data[i])
      throw InputError({}, "npy-range", fmt::format("element {} = {} does not fit {}", i, tensor.data[i],
                                                    name_of(array.dtype)));
    std::memcpy(array.bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
}

std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError({path, 0, 0}, "unreadable-file", "cannot be opened for reading");
  std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) throw InputError({path, 0, 0}, "unreadable-file", "reading failed");
  return bytes;
}

void write_file(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  const std::string temporary = fmt::format("{}.tmp{}", path, ::getpid());
  std::ofstream out(temporary, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw InputError({path, 0, 0}, "unwritable-file", "cannot be written");
  }
}

/// Inflates `size` bytes at `offset` to exactly `expected` bytes.
std::vector<std::uint8_t> inflate_member(const Bytes& in, std::size_t offset, std::size_t size, std::size_t expected) {
  // Deflate expands at most 1032-fold: a larger claim is refused before memory is taken.
  if (expected > size * 1032 + 64)
    corrupt(in.file, offset, fmt::format("{} bytes cannot inflate to {}", size, expected));
  std::vector<std::uint8_t> out(expected + 1);
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) throw std::runtime_error("zlib: inflateInit2 failed");
  stream.next_in = const_cast<Bytef*>(in.data + offset);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  const std::size_t produced = stream.total_out, consumed = stream.total_in;
  inflateEnd(&stream);
  if (status != Z_STREAM_END || produced != expected)
    corrupt(in.file, offset + consumed, fmt::format("deflated data is damaged ({} of {} bytes)", produced, expected));
  out.resize(expected);
  return out;
}

std::vector<std::uint8_t> deflate_member(const std::vector<std::uint8_t>& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib: deflateInit2 failed");
  std::vector<std::uint8_t> out(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib: deflate failed");
  return out;
}

std::uint32_t crc_of(const std::vector<std::uint8_t>& bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int n) {
  for (int i = 0; i < n; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

NpyArray parse_array(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  const Bytes in{bytes.data(), bytes.size(), name};
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0)
    corrupt(name, 0, "no .npy array (its first bytes must be \\x93NUMPY)");
  const int major = bytes[6];
  if (major < 1 || major > 3) corrupt(name, 6, fmt::format("unknown .npy version {}; legal: 1, 2, 3", major));
  const int width = major == 1 ? 2 : 4;
  const std::uint64_t length = in.little(8, width, "the header length");
  const std::size_t start = 8 + static_cast<std::size_t>(width);
  if (length > bytes.size() - start) corrupt(name, start, "the array header is cut off");
  const std::string header(bytes.begin() + static_cast<std::ptrdiff_t>(start),
                           bytes.begin() + static_cast<std::ptrdiff_t>(start + length));
  NpyArray array;
  HeaderParser(header, name, start).parse(array);
  const std::size_t body = bytes.size() - start - static_cast<std::size_t>(length);
  __int128 need = item_size(array.dtype);
  for (int d : array.shape) {
    need *= d;
    if (need > static_cast<__int128>(1) << 62) corrupt(name, start, "the shape is too large");
  }
  if (need != static_cast<__int128>(body))
    corrupt(name, start + static_cast<std::size_t>(length),
            fmt::format("shape ({}) of {} needs {} bytes, the file holds {}", fmt::join(array.shape, ", "),
                        name_of(array.dtype), static_cast<std::int64_t>(need), body));
  array.bytes.assign(bytes.end() - static_cast<std::ptrdiff_t>(body), bytes.end());
  return array;
}

}  // namespace

int item_size(DType type) { return code_of(type)[2] - '0'; }

const char* name_of(DType type) {
  constexpr const char* names[] = {"int8", "int16", "int32", "int64", "uint8", "uint16", "float32", "float64"};
  return names[static_cast<int>(type)];
}

NpyArray NpyArray::from(const IntTensor& tensor, DType type) {
  NpyArray array{type, tensor.shape, {}};
  switch (type) {
    case DType::i8: store<std::int8_t>(array, tensor); break;
    case DType::i16: store<std::int16_t>(array, tensor); break;
    case DType::i32: store<std::int32_t>(array, tensor); break;
    case DType::i64: store<std::int64_t>(array, tensor); break;
    case DType::u8: store<std::uint8_t>(array, tensor); break;
    case DType::u16: store<std::uint16_t>(array, tensor); break;
    case DType::f32: store<float>(array, tensor); break;
    case DType::f64: store<double>(array, tensor); break;
  }
  return array;
}

NpyArray NpyArray::from(const FloatTensor& tensor) {
  NpyArray array{DType::f32, tensor.shape, {}};
  array.bytes.resize(tensor.size() * sizeof(float));
  if (!tensor.empty()) std::memcpy(array.bytes.data(), tensor.data.data(), array.bytes.size());
  return array;
}

IntTensor NpyArray::ints(const std::string& file) const {
  if (dtype == DType::f32 || dtype == DType::f64)
    throw InputError({file, 0, 0}, "npy-type", fmt::format("the array is {}; legal: an integer type, codes as the map of this name has them", name_of(dtype)));
  IntTensor tensor(shape);
  dispatch(*this, [&](std::size_t i, auto value) { tensor.data[i] = static_cast<std::int64_t>(value); });
  return tensor;
}

FloatTensor NpyArray::floats() const {
  FloatTensor tensor(shape);
  dispatch(*this, [&](std::size_t i, auto value) { tensor.data[i] = static_cast<float>(value); });
  return tensor;
}

const NpyArray* NpzFile::find(const std::string& name) const {
  for (const auto& [key, array] : arrays)
    if (key == name) return &array;
  return nullptr;
}

const NpyArray& NpzFile::at(const std::string& name) const {
  const NpyArray* array = find(name);
  if (array == nullptr) throw InputError({path, 0, 0}, "missing-array", fmt::format("holds no array '{}'", name));
  return *array;
}

NpyArray parse_npy(const std::vector<std::uint8_t>& bytes, const std::string& name) { return parse_array(bytes, name); }

NpzFile parse_npz(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  const Bytes in{bytes.data(), bytes.size(), name};
  if (bytes.size() < 22) corrupt(name, bytes.size(), "too short for an .npz archive");
  // The end record is the last thing but a comment of up to 65535 bytes.
  std::size_t end = bytes.size() - 22;
  const std::size_t lowest = end > 65535 ? end - 65535 : 0;
  while (in.little(end, 4, "end record") != 0x06054b50) {
    if (end == lowest) corrupt(name, bytes.size(), "no end record; the archive is cut off or is no .npz");
    --end;
  }
  const std::uint64_t count = in.little(end + 10, 2, "member count");
  std::size_t at = in.little(end + 16, 4, "directory offset");
  if (count == 0xffff || at == 0xffffffff) corrupt(name, end, "zip64 archives are not supported");
  NpzFile file{name, {}};
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (in.little(at, 4, "a directory entry") != 0x02014b50) corrupt(name, at, "directory entry expected");
    const std::uint64_t flags = in.little(at + 8, 2, "flags"), method = in.little(at + 10, 2, "method");
    const std::uint64_t crc = in.little(at + 16, 4, "CRC");
    const std::uint64_t packed = in.little(at + 20, 4, "size"), size = in.little(at + 24, 4, "size");
    const std::uint64_t name_length = in.little(at + 28, 2, "name"), extra = in.little(at + 30, 2, "extra field");
    const std::uint64_t comment = in.little(at + 32, 2, "comment"), local = in.little(at + 42, 4, "offset");
    if (at + 46 + name_length > bytes.size()) corrupt(name, at + 46, "a member name is cut off");
    std::string key(bytes.begin() + static_cast<std::ptrdiff_t>(at + 46),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at + 46 + name_length));
    if ((flags & 1) != 0) corrupt(name, at, fmt::format("member '{}' is encrypted", key));
    if (packed == 0xffffffff || size == 0xffffffff || local == 0xffffffff)
      corrupt(name, at, fmt::format("member '{}' needs zip64, which is not supported", key));
    if (in.little(local, 4, "a member") != 0x04034b50) corrupt(name, local, fmt::format("member '{}' expected", key));
    const std::size_t data = local + 30 + in.little(local + 26, 2, "member name") + in.little(local + 28, 2, "member");
    if (data > bytes.size() || bytes.size() - data < packed)
      corrupt(name, local, fmt::format("member '{}' is cut off", key));
    total += size;
    if (total > 0xffffffffu) corrupt(name, at, "the arrays exceed 4 GiB");
    std::vector<std::uint8_t> content;
    if (method == 0) {
      if (packed != size) corrupt(name, at, fmt::format("member '{}' is stored, but its two sizes differ", key));
      content.assign(bytes.begin() + static_cast<std::ptrdiff_t>(data),
                     bytes.begin() + static_cast<std::ptrdiff_t>(data + packed));
    } else if (method == 8) {
      content = inflate_member(in, data, packed, size);
    } else {
      corrupt(name, at, fmt::format("member '{}' uses compression method {}; legal: 0 (stored), 8 (deflated)", key,
                                    method));
    }
    if (crc_of(content) != crc) corrupt(name, data, fmt::format("the CRC of member '{}' is wrong", key));
    if (key.size() > 4 && key.ends_with(".npy")) key.resize(key.size() - 4);
    if (file.find(key) != nullptr) corrupt(name, at, fmt::format("array '{}' is there twice", key));
    file.arrays.emplace_back(key, parse_array(content, name + ":" + key));
    at += 46 + name_length + extra + comment;
  }
  return file;
}

NpyArray read_npy(const std::string& path) { return parse_npy(read_file(path), path); }
NpzFile read_npz(const std::string& path) { return parse_npz(read_file(path), path); }

std::vector<std::uint8_t> npy_bytes(const NpyArray& array) {
  std::string shape = fmt::format("{}", fmt::join(array.shape, ", "));
  if (array.shape.size() == 1) shape += ",";
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", code_of(array.dtype), shape);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::vector<std::uint8_t> out;
  out.reserve(10 + header.size() + array.bytes.size());
  out = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  put(out, header.size(), 2);
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), array.bytes.begin(), array.bytes.end());
  return out;
}

std::vector<std::uint8_t> npz_bytes(const std::vector<std::pair<std::string, NpyArray>>& arrays, bool deflated) {
  std::vector<std::uint8_t> out, directory;
  if (!deflated) {
    std::size_t bytes = 0;
    for (const auto& [key, array] : arrays) bytes += array.bytes.size() + 2 * key.size() + 512;  // headers and directory
    out.reserve(bytes);
  }
  for (const auto& [key, array] : arrays) {
    const std::string name = key + ".npy";
    const std::vector<std::uint8_t> content = npy_bytes(array);
    const std::vector<std::uint8_t> squeezed = deflated ? deflate_member(content) : std::vector<std::uint8_t>();
    const std::vector<std::uint8_t>& packed = deflated ? squeezed : content;
    const std::size_t offset = out.size();
    const std::uint32_t crc = crc_of(content);
    const auto common = [&](std::vector<std::uint8_t>& to) {
      put(to, 20, 2);                // version needed
      put(to, 0, 2);                 // flags
      put(to, deflated ? 8 : 0, 2);  // method
      put(to, 0, 2);                 // time 00:00
      put(to, 0x21, 2);              // date 1980-01-01
      put(to, crc, 4);
      put(to, packed.size(), 4);
      put(to, content.size(), 4);
      put(to, name.size(), 2);
      put(to, 0, 2);                 // extra field
    };
    put(out, 0x04034b50, 4);
    common(out);
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), packed.begin(), packed.end());
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);           // version made by
    common(directory);
    put(directory, 0, 2);            // comment
    put(directory, 0, 2);            // disk
    put(directory, 0, 2);            // internal attributes
    put(directory, 0, 4);            // external attributes
    put(directory, offset, 4);
    directory.insert(directory.end(), name.begin(), name.end());
    if (out.size() + directory.size() > 0xfffffffeu || arrays.size() >= 0xffff)
      throw InputError({}, "npy-range", "the archive exceeds 4 GiB or 65534 arrays");
  }
  const std::size_t start = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  put(out, 0x06054b50, 4);
  put(out, 0, 4);                    // disks
  put(out, arrays.size(), 2);
  put(out, arrays.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);                    // comment
  return out;
}

void write_npy(const std::string& path, const NpyArray& array) { write_file(path, npy_bytes(array)); }

void write_npz(const std::string& path, const std::vector<std::pair<std::string, NpyArray>>& arrays, bool deflated) {
  write_file(path, npz_bytes(arrays, deflated));
}

}  // namespace epim
