// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The module epim._core: arrays and networks. What the command prints as JSON is asked of the command (epim/command.py).
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "golden/tensor.hpp"

namespace epim::python {

/// sample, repetition_map, reconstruct, quantise.
void add_arrays(pybind11::module_& module);
/// Compiled.
void add_networks(pybind11::module_& module);

/// Contiguous arrays to tensors and back; other types are converted where numpy does so without loss of kind.
template <class T, class N> Tensor<T> to_tensor(const pybind11::array_t<N, pybind11::array::c_style | pybind11::array::forcecast>& a) {
  std::vector<int> shape;
  for (pybind11::ssize_t d = 0; d < a.ndim(); ++d) shape.push_back(static_cast<int>(a.shape(d)));
  Tensor<T> t(shape);
  std::copy(a.data(), a.data() + a.size(), t.data.begin());
  return t;
}
template <class N, class T> pybind11::array_t<N> to_array(const Tensor<T>& t) {
  pybind11::array_t<N> a(std::vector<pybind11::ssize_t>(t.shape.begin(), t.shape.end()));
  std::copy(t.data.begin(), t.data.end(), a.mutable_data());
  return a;
}

}  // namespace epim::python
