// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Dense row-major tensor: the only container that data crosses module borders in.
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <vector>

namespace epim {

/// Row-major tensor, last dimension fastest: element (i,j,k) of shape (a,b,c) is data[(i*b+j)*c+k].
template <class T> struct Tensor {
  std::vector<int> shape;
  std::vector<T> data;

  Tensor() = default;
  explicit Tensor(std::vector<int> dims, T fill = T{}) : shape(std::move(dims)), data(size_of(shape), fill) {}

  static std::size_t size_of(const std::vector<int>& dims) {
    std::size_t n = 1;
    for (int d : dims) n *= static_cast<std::size_t>(d);
    return n;
  }
  std::size_t size() const { return data.size(); }
  bool empty() const { return data.empty(); }

  template <class... I> std::size_t index(I... is) const {
    const int idx[] = {static_cast<int>(is)...};
    assert(sizeof...(is) == shape.size());
    std::size_t at = 0;
    for (std::size_t d = 0; d < sizeof...(is); ++d) {
      assert(idx[d] >= 0 && idx[d] < shape[d]);
      at = at * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(idx[d]);
    }
    return at;
  }
  template <class... I> T& operator()(I... is) { return data[index(is...)]; }
  template <class... I> const T& operator()(I... is) const { return data[index(is...)]; }
  bool operator==(const Tensor&) const = default;
};

using IntTensor = Tensor<std::int64_t>;
using FloatTensor = Tensor<float>;

}  // namespace epim
