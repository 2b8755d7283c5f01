// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/accuracy/data_set.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/base/hash.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/diagnostic.hpp"
#include "golden/files/idx.hpp"

namespace epim {
namespace {

bool is_real(DType type) { return type == DType::f32 || type == DType::f64; }

}  // namespace

NpyArray read_array(const std::string& path, const std::vector<std::string>& names) {
  if (path.ends_with(".npz")) {
    const NpzFile file = read_npz(path);
    for (const std::string& name : names)
      if (const NpyArray* a = file.find(name)) return *a;
    throw InputError({path, 0, 0}, "missing-array", fmt::format("none of the arrays {}", fmt::join(names, ", ")));
  }
  if (path.ends_with(".npy") || !is_idx(path)) return read_npy(path);
  return read_idx(path);
}

DataSet::DataSet(const Network& network, const std::string& images, const std::string& labels, std::size_t first, std::size_t limit)
    : network_(network), file_(images), images_(read_array(images, {"images", "input", network.input_name})), first_(first) {
  IntTensor shape;  // of the images alone: their elements are looked at one image at a time
  shape.shape = images_.shape;
  check_images(shape, network, images);
  const std::size_t all = IntTensor::size_of(images_.shape) / static_cast<std::size_t>(network.input.elements());
  if (first >= all) throw InputError({images, 0, 0}, "image-range", fmt::format("{} images, the first that is asked for is {}; legal: 0..{}", all, first, all - 1));
  count_ = limit == 0 ? all - first : std::min(limit, all - first);
  if (labels.empty()) return;
  const IntTensor classes = read_array(labels, {"labels"}).ints();
  check_labels(classes, network, first + count_, labels);
  labels_ = classes.data;
}

DataSet::DataSet(const Network& network, std::uint64_t seed, std::size_t count) : network_(network), count_(count), seed_(seed) {}

IntTensor DataSet::image(std::size_t i) const {
  const MapShape& in = network_.input;
  if (images_.bytes.empty()) return synthetic_image(network_, seed_ + i);
  const std::size_t each = static_cast<std::size_t>(in.elements()), item = static_cast<std::size_t>(item_size(images_.dtype));
  NpyArray one;
  one.dtype = images_.dtype;
  one.shape = {in.channels, in.height, in.width};
  const auto from = images_.bytes.begin() + static_cast<std::ptrdiff_t>((first_ + i) * each * item);
  one.bytes.assign(from, from + static_cast<std::ptrdiff_t>(each * item));
  const ActFormat codes{network_.input_bits, network_.input_signed};
  const std::int64_t least = codes.least(), most = codes.greatest();
  if (is_real(images_.dtype)) {
    const FloatTensor x = one.floats();
    IntTensor y(x.shape);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double code = std::nearbyint(static_cast<double>(x.data[k]) / network_.input_scale) + network_.input_zero;
      if (!std::isfinite(code))
        throw InputError({file_, 0, 0}, "not-a-number", fmt::format("image {}: element {} is not finite", first_ + i, k));
      y.data[k] = static_cast<std::int64_t>(std::clamp(code, static_cast<double>(least), static_cast<double>(most)));
    }
    return y;
  }
  IntTensor y = one.ints();
  for (std::size_t k = 0; k < y.size(); ++k)
    if (y.data[k] < least || y.data[k] > most)
      throw InputError({file_, 0, 0}, "activation-range",
                       fmt::format("image {}: element {} is {}; legal for an input of {} bits: {}..{}", first_ + i, k, y.data[k], network_.input_bits, least, most));
  return y;
}

std::uint64_t DataSet::hash() const {
  std::uint64_t h = fnv1a(fmt::format("{} {} {} {}", first_, count_, seed_, fmt::join(images_.shape, " ")));
  h = fnv1a(images_.bytes, h);
  return fnv1a(labels_, h);
}

}  // namespace epim
