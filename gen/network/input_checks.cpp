// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/input_checks.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/graph/node_weights.hpp"

namespace epim {
namespace {

bool ends_with(const std::vector<int>& shape, const std::vector<int>& end) {
  return shape.size() >= end.size() && std::equal(end.rbegin(), end.rend(), shape.rbegin());
}

}  // namespace

void check_images(const IntTensor& images, const Network& network, const std::string& file) {
  const MapShape& in = network.input;
  const std::vector<int>& shape = images.shape;
  const std::vector<int> image = {in.channels, in.height, in.width}, last = {in.height, in.width, in.channels};
  const std::vector<int> grey = {in.height, in.width};
  if (ends_with(shape, image) && shape.size() <= 4) return;
  if (in.channels == 1 && shape.size() == 3 && ends_with(shape, grey)) return;
  if (ends_with(shape, last) && (shape.size() == 3 || shape.size() == 4))
    throw InputError({file, 0, 0}, "images-channels-last",
                     fmt::format("shape [{}] has the channels last; legal: [N, {}], as from numpy.transpose(images, (0, 3, 1, 2))",
                                 fmt::join(shape, ", "), fmt::join(image, ", ")));
  throw InputError({file, 0, 0}, "tensor-shape",
                   fmt::format("shape [{}]; images of {}x{}x{} are needed, legal: [N, {}]", fmt::join(shape, ", "), in.channels,
                               in.height, in.width, fmt::join(image, ", ")));
}

void check_labels(const IntTensor& labels, const Network& network, std::size_t count, const std::string& file) {
  if (labels.shape.size() != 1)
    throw InputError({file, 0, 0}, "labels-shape",
                     fmt::format("shape [{}]; legal: [N], the number of the class of every image", fmt::join(labels.shape, ", ")));
  if (labels.size() < count)
    throw InputError({file, 0, 0}, "tensor-shape", fmt::format("{} labels for {} images, legal: one each", labels.size(), count));
  const std::int64_t classes = network.output_node().out.elements();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels.data[i] < 0 || labels.data[i] >= classes)
      throw InputError({file, 0, 0}, "label-range",
                       fmt::format("label {} is {}; the network's output has {} values, legal: 0..{}", i, labels.data[i], classes,
                                   classes - 1));
}

void say_remarks(const Network& network) {
  for (const std::string& remark : network.remarks) fmt::print(stderr, "{}\n", remark);
}

std::vector<std::string> unused_arrays(const NpzFile& weights, const Network& network, std::vector<std::string>* remarks) {
  std::set<std::string> read;
  for (const Node& node : network.nodes)
    for (const std::string& name : arrays_of(node, weights, remarks)) read.insert(name);
  std::vector<std::string> unused;
  for (const auto& [name, array] : weights.arrays)
    if (read.count(name) == 0) unused.push_back(name);
  return unused;
}

void warn_of_unused_arrays(const NpzFile& weights, const Network& network) {
  std::vector<std::string> names, remarks;
  try {
    names = unused_arrays(weights, network, &remarks);
  } catch (const InputError&) {
    return;  // an array that is needed is missing: about to be refused
  }
  for (const std::string& remark : remarks) fmt::print(stderr, "{}\n", remark);
  if (names.empty()) return;
  const std::size_t shown = std::min<std::size_t>(names.size(), 8);
  fmt::print(stderr, "{}: warning: unused-arrays: no node of {} reads {}{}\n", weights.path, network.name,
             fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
             names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "");
}

}  // namespace epim
