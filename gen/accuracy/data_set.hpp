// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Images with or without classes, as files bring them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "golden/files/npz.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// An array of .npy, of .npz (the first of `names` that it holds), or of an IDX file, plain or gzip. Throws InputError: those of
/// the readers, missing-array.
NpyArray read_array(const std::string& path, const std::vector<std::string>& names);

/// A part of a data set. Images are turned into integers one at a time.
class DataSet {
 public:
  /// Images [first, first + limit) of the file, up to its end with limit 0: [N][C][H][W], [N][H][W] with one channel. Integers are
  /// codes of the network's input; real numbers become clamp(round(x/scale) + zero, all codes of the input), rounded half to even.
  /// `labels`: one class per image of the file, or "". Throws InputError: those of read_array, check_images and check_labels,
  /// image-range.
  DataSet(const Network& network, const std::string& images, const std::string& labels, std::size_t first, std::size_t limit);
  /// `count` seeded images without classes, as `epim run` makes them.
  DataSet(const Network& network, std::uint64_t seed, std::size_t count);

  std::size_t size() const { return count_; }
  /// Throws InputError activation-range where an integer is no code of the input.
  IntTensor image(std::size_t i) const;
  bool has_labels() const { return !labels_.empty(); }
  std::int64_t label(std::size_t i) const { return labels_[first_ + i]; }
  std::size_t first() const { return first_; }
  /// Of all bytes that images and classes stand in.
  std::uint64_t hash() const;

 private:
  const Network& network_;
  std::string file_;
  NpyArray images_;
  std::vector<std::int64_t> labels_;
  std::size_t first_ = 0, count_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace epim
