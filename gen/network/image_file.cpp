// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/image_file.hpp"

#include <png.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"
#include "golden/files/npz.hpp"

namespace epim {
namespace {

constexpr int kMaxSide = 1 << 16;

/// Pixels before they are scaled: [C][H][W], values 0..top.
struct Pixels {
  IntTensor values;
  std::int64_t top = 255;
};

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
  throw InputError({path, 0, 0}, "corrupt-image", why);
}

/// What libpng reads from, and what it says when it gives up.
struct PngSource {
  const std::string* bytes;
  std::size_t at = 0;
  std::string error;
};

void png_take(png_structp png, png_bytep out, png_size_t count) {
  auto* source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (count > source->bytes->size() - source->at) png_error(png, "the file ends early");
  std::memcpy(out, source->bytes->data() + source->at, count);
  source->at += count;
}
void png_give_up(png_structp png, png_const_charp text) {
  static_cast<PngSource*>(png_get_error_ptr(png))->error = text;
  png_longjmp(png, 1);
}
void png_quiet(png_structp, png_const_charp) {}

/// Decodes into `rows` (allocated here, freed by the caller's vector). False: source.error says why. libpng leaves by
/// longjmp, so nothing with a destructor lives in this function.
bool decode_png(PngSource& source, png_structp png, png_infop info, std::vector<png_byte>& bytes, std::vector<png_bytep>& rows,
                int& channels, int& depth, int& color) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, &source, png_take);
  png_set_user_limits(png, kMaxSide, kMaxSide);
  png_read_info(png, info);
  color = png_get_color_type(png, info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  channels = png_get_channels(png, info);
  depth = png_get_bit_depth(png, info);
  const std::size_t stride = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
  bytes.resize(stride * height);
  rows.resize(height);
  for (std::size_t i = 0; i < height; ++i) rows[i] = bytes.data() + i * stride;
  png_read_image(png, rows.data());
  png_read_end(png, nullptr);
  return true;
}

Pixels read_png(const std::string& path, const std::string& file) {
  PngSource source{&file, 0, {}};
  std::vector<png_byte> bytes;
  std::vector<png_bytep> rows;
  int channels = 0, depth = 0, color = 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, png_give_up, png_quiet);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) throw std::runtime_error("libpng: no memory");
  const bool good = decode_png(source, png, info, bytes, rows, channels, depth, color);
  const int height = good ? static_cast<int>(png_get_image_height(png, info)) : 0;
  const int width = good ? static_cast<int>(png_get_image_width(png, info)) : 0;
  png_destroy_read_struct(&png, &info, nullptr);
  if (!good) corrupt(path, fmt::format("PNG, byte {}: {}", source.at, source.error));
  if (channels != 1 && channels != 3)
    throw InputError({path, 0, 0}, "image-format", "PNG with an alpha channel; legal: grey or RGB without one");
  Pixels p{IntTensor({channels, height, width}), depth == 16 ? 65535 : 255};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        const png_byte* at = rows[static_cast<std::size_t>(y)] + (x * channels + c) * (depth / 8);
        p.values(c, y, x) = depth == 16 ? at[0] * 256 + at[1] : at[0];
      }
  return p;
}

/// PGM and PPM, plain (P2, P3) and raw (P5, P6), as netpbm defines them: one image, comments in the header.
Pixels read_netpbm(const std::string& path, const std::string& file) {
  std::size_t at = 2;
  const auto number = [&](const char* what, std::int64_t lo, std::int64_t hi) {
    for (;;) {
      while (at < file.size() && std::isspace(static_cast<unsigned char>(file[at]))) ++at;
      if (at >= file.size() || file[at] != '#') break;
      while (at < file.size() && file[at] != '\n') ++at;
    }
    const std::size_t from = at;
    std::int64_t v = 0;
    while (at < file.size() && std::isdigit(static_cast<unsigned char>(file[at])) && at - from < 9) v = 10 * v + (file[at++] - '0');
    if (at == from)
      corrupt(path, fmt::format("netpbm, byte {}: {}, a number is needed", from,
                                at >= file.size() ? "the file ends early" : "no digit"));
    if (v < lo || v > hi) corrupt(path, fmt::format("netpbm, byte {}: {} {}; legal: {}..{}", from, what, v, lo, hi));
    return v;
  };
  const char kind = file[1];
  const int channels = kind == '3' || kind == '6' ? 3 : 1;
  const auto width = static_cast<int>(number("width", 1, kMaxSide)), height = static_cast<int>(number("height", 1, kMaxSide));
  const std::int64_t top = number("largest value", 1, 65535);
  const bool raw = kind == '5' || kind == '6';
  const std::size_t size = static_cast<std::size_t>(channels) * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t item = top > 255 ? 2 : 1;
  if (raw) ++at;  // one white space after the largest value
  if (file.size() < at + (raw ? size * item : size))
    corrupt(path, fmt::format("netpbm: {} bytes; {}x{} pixels of {} channels need {} after the header", file.size(), width, height,
                              channels, raw ? size * item : 2 * size - 1));
  Pixels p{IntTensor({channels, height, width}), top};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        std::int64_t v = 0;
        if (raw) {
          for (std::size_t i = 0; i < item; ++i) v = v * 256 + static_cast<unsigned char>(file[at++]);
          if (v > top) corrupt(path, fmt::format("netpbm, byte {}: value {}; legal: 0..{}", at - item, v, top));
        } else {
          v = number("value", 0, top);
        }
        p.values(c, y, x) = v;
      }
  return p;
}

std::string size_text(const IntTensor& t) {
  return fmt::format("{}x{} pixels (width x height) of {} channel{}", t.shape[2], t.shape[1], t.shape[0], t.shape[0] == 1 ? "" : "s");
}

}  // namespace

IntTensor read_image(const std::string& path, const Network& network) {
  const std::string file = read_text(path);
  const int bits = network.input_bits;
  const std::int64_t lo = network.input_signed ? -(std::int64_t{1} << (bits - 1)) : 0, hi = lo + (std::int64_t{1} << bits) - 1;
  IntTensor image;
  if (file.rfind("\x93NUMPY", 0) == 0) {
    image = parse_npy({file.begin(), file.end()}, path).ints();
    if (image.shape.size() == 2) image.shape.insert(image.shape.begin(), 1);
  } else {
    Pixels p;
    if (file.rfind("\x89PNG", 0) == 0) p = read_png(path, file);
    else if (file.size() > 2 && file[0] == 'P' && std::strchr("2356", file[1])) p = read_netpbm(path, file);
    else
      throw InputError({path, 0, 0}, "image-format", "neither PNG, PGM, PPM (P2, P3, P5, P6) nor .npy; legal: one of these");
    for (auto& v : p.values.data) v = (v << bits) / (p.top + 1) + lo;
    image = std::move(p.values);
  }
  const MapShape& in = network.input;
  if (image.shape != std::vector<int>{in.channels, in.height, in.width})
    throw InputError({path, 0, 0}, "tensor-shape",
                     fmt::format("{}; network {} takes {} (nothing is resized or converted here)",
                                 image.shape.size() == 3 ? size_text(image) : fmt::format("{} dimensions", image.shape.size()),
                                 network.name, size_text(IntTensor({in.channels, in.height, in.width}))));
  for (std::size_t i = 0; i < image.size(); ++i)
    if (image.data[i] < lo || image.data[i] > hi)
      throw InputError({path, 0, 0}, "activation-range",
                       fmt::format("element {} is {}; network {} takes {}..{} ({} bits)", i, image.data[i], network.name, lo, hi, bits));
  return image;
}

}  // namespace epim
