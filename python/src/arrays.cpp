// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include <pybind11/stl.h>

#include "gen/core/synthetic.hpp"
#include "golden/evaluate.hpp"
#include "golden/graph/network.hpp"
#include "golden/pool.hpp"
#include "golden/pool_projection.hpp"
#include "golden/quantise.hpp"
#include "golden/sampler.hpp"
#include "python/src/module.hpp"

namespace py = pybind11;

namespace epim::python {
namespace {

using Shape4 = std::tuple<int, int, int, int>;
using PatchTuple = std::tuple<int, int, int, int, int, int, int, int>;

/// A layer of which only weights matter: `patches` as sample() gives them.
Layer weights_layer(int cout, int cin, std::tuple<int, int> kernel, Shape4 epitome, const std::vector<PatchTuple>& patches) {
  Layer l;
  l.cout = cout;
  l.cin = cin;
  std::tie(l.kh, l.kw) = kernel;
  l.h = l.kh;
  l.w = l.kw;
  std::tie(l.epitome.e_out, l.epitome.e_in, l.epitome.p, l.epitome.q) = epitome;
  for (const PatchTuple& t : patches) {
    Patch p;
    std::tie(p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out) = t;
    l.patches.push_back(p);
  }
  return l;
}

std::vector<PatchTuple> sample(int cout, int cin, std::tuple<int, int> kernel, Shape4 epitome, const std::string& sampler, int lanes) {
  if (sampler != "cycle" && sampler != "distinct") fail("unknown-choice", "sampler \"" + sampler + "\"; legal: cycle, distinct");
  EpitomeShape e;
  std::tie(e.e_out, e.e_in, e.p, e.q) = epitome;
  std::vector<PatchTuple> out;
  for (const Patch& p : default_sampler(cin, cout, std::get<0>(kernel), std::get<1>(kernel), e, lanes, sampler == "distinct"))
    out.emplace_back(p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out);
  return out;
}

Shape4 uniform(int cout, int cin, std::tuple<int, int> kernel, int rows, int cols) {
  Node n;
  n.name = "convolution";
  n.op = Op::conv;
  n.cout = cout;
  n.in.channels = cin;
  std::tie(n.kh, n.kw) = kernel;
  const EpitomeShape e = uniform_epitome(n, rows, cols);
  return {e.e_out, e.e_in, e.p, e.q};
}

py::dict quantised(const py::array_t<float, py::array::c_style | py::array::forcecast>& epitome, int cout, int cin,
                   std::tuple<int, int> kernel, const std::vector<PatchTuple>& patches, int weight_bits, const std::string& mode,
                   const std::string& scheme, std::tuple<int, int> crossbar, int lanes) {
  if (scheme != "symmetric" && scheme != "affine") fail("unknown-choice", "scheme \"" + scheme + "\"; legal: symmetric, affine");
  const FloatTensor e = to_tensor<float, float>(epitome);
  if (e.shape.size() != 4) fail("tensor-shape", "an epitome has four axes: e_out, e_in, P, Q");
  const Layer l = weights_layer(cout, cin, kernel, {e.shape[0], e.shape[1], e.shape[2], e.shape[3]}, patches);
  Hardware hw;
  std::tie(hw.xb_rows, hw.xb_cols) = crossbar;
  hw.lanes = lanes;
  hw.weight_bits = weight_bits;
  hw.zero_point = scheme == "affine";
  QuantiseOptions options;
  options.mode = range_mode_from(mode);
  options.affine = scheme == "affine";
  const QuantisedEpitome q = quantise(hw, l, e, options);
  py::list blocks;
  for (const BlockQuantisation& b : q.blocks)
    blocks.append(py::dict(py::arg("pe_row") = b.pe_row, py::arg("pe_col") = b.pe_col, py::arg("scale") = b.scale,
                           py::arg("zero") = b.zero, py::arg("alpha") = b.alpha, py::arg("beta") = b.beta, py::arg("error") = b.error));
  return py::dict(py::arg("codes") = to_array<std::int64_t>(q.codes), py::arg("values") = to_array<float>(q.values),
                  py::arg("pe_array") = std::tuple(q.pe_rows, q.pe_cols), py::arg("blocks") = blocks, py::arg("error") = q.error,
                  py::arg("size") = q.size);
}

/// Weights on a pool as a core of V x V crossbars holds them: trained on it (permutation, a, e), or projected.
py::dict on_pool(const py::array_t<float, py::array::c_style | py::array::forcecast>& weights, int vector, int group, int kept_one_in, int kept_first, int lanes,
                 const std::optional<py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>>& permutation, std::tuple<double, double> scales) {
  const FloatTensor w = to_tensor<float, float>(weights);
  if (w.shape.size() != 4) fail("tensor-shape", "weights have four axes: cout, cin, Kh, Kw");
  Layer l;
  l.cout = w.shape[0];
  l.cin = w.shape[1];
  l.kh = l.h = w.shape[2];
  l.kw = l.w = w.shape[3];
  l.pool = WeightPool{vector, group, kept_one_in, kept_first};
  l.patches = pool_patches(l, lanes);
  l.epitome = pool_shape(l, lanes);
  Hardware hw;
  hw.xb_rows = hw.xb_cols = hw.cols_per_adc = vector;
  hw.lanes = lanes;
  hw.weight_bits = 2;
  hw.cell_bits = 1;
  const PeArray array = pe_array_for(hw, l.epitome);
  hw.pe_rows = array.rows;
  hw.pe_cols = array.cols;
  const IntTensor pool = pool_signs(vector);
  const QuantisedEpitome q =
      permutation ? given_pool(hw, l, pool, w, {to_tensor<std::int64_t, std::int64_t>(*permutation), std::get<0>(scales), std::get<1>(scales)}) : project_on_pool(hw, l, pool, w);
  LayerScales trivial;
  trivial.bn_scale.assign(static_cast<std::size_t>(l.cout), 1.0f);
  trivial.bn_bias.assign(static_cast<std::size_t>(l.cout), 0.0f);
  const IntegerLayer integers = to_integer(hw, l, q, trivial);
  check_pool_data(l, integers.data, lanes);
  const IntTensor& m = integers.data.crossbar_scale;
  return py::dict(py::arg("codes") = to_array<std::int64_t>(q.codes), py::arg("permutation") = to_array<std::int64_t>(q.permutation),
                  py::arg("a") = q.block(0, 0).scale, py::arg("e") = q.pe_rows > 1 ? q.block(1, 0).scale : 0.0, py::arg("error") = q.error, py::arg("size") = q.size,
                  py::arg("multipliers") = std::tuple(m(0, 0), q.pe_rows > 1 ? m(1, 0) : std::int64_t{0}), py::arg("integers") = to_array<std::int64_t>(pool_weights(l, integers.data, lanes)));
}

}  // namespace

void add_arrays(py::module_& m) {
  m.def("sample", &sample, py::arg("cout"), py::arg("cin"), py::arg("kernel"), py::arg("epitome"), py::arg("sampler") = "cycle",
        py::arg("lanes") = 1, "Patches (p, q, c_in, c_out, beta1, beta2, dst_in, dst_out) of the default samplers (golden/sampler.hpp).");
  m.def(
      "repetition_map",
      [](int cout, int cin, std::tuple<int, int> kernel, Shape4 epitome, const std::vector<PatchTuple>& patches) {
        return to_array<std::int64_t>(repetition_map(weights_layer(cout, cin, kernel, epitome, patches)));
      },
      py::arg("cout"), py::arg("cin"), py::arg("kernel"), py::arg("epitome"), py::arg("patches"),
      "R[e_out][e_in][P][Q]: weights of the convolution that read each element.");
  m.def(
      "reconstruct",
      [](const py::array_t<float, py::array::c_style | py::array::forcecast>& epitome, int cout, int cin, std::tuple<int, int> kernel,
         const std::vector<PatchTuple>& patches) {
        const FloatTensor e = to_tensor<float, float>(epitome);
        if (e.shape.size() != 4) fail("tensor-shape", "an epitome has four axes: e_out, e_in, P, Q");
        return to_array<float>(reconstruct(weights_layer(cout, cin, kernel, {e.shape[0], e.shape[1], e.shape[2], e.shape[3]}, patches), e));
      },
      py::arg("epitome"), py::arg("cout"), py::arg("cin"), py::arg("kernel"), py::arg("patches"),
      "W[cout][cin][Kh][Kw] from an epitome [e_out][e_in][P][Q], float32.");
  m.def("uniform_epitome", &uniform, py::arg("cout"), py::arg("cin"), py::arg("kernel"), py::arg("rows"), py::arg("cols"),
        "(e_out, e_in, P, Q) of the uniform design rows x cols (golden/graph/network.hpp).");
  m.def("quantise", &quantised, py::arg("epitome"), py::arg("cout"), py::arg("cin"), py::arg("kernel"), py::arg("patches"),
        py::arg("weight_bits"), py::arg("mode") = "per_crossbar", py::arg("scheme") = "symmetric", py::arg("crossbar") = std::tuple(64, 64),
        py::arg("lanes") = 8, "Codes, values and per-crossbar scales of an epitome (golden/quantise.hpp).");
  m.def("pool_signs", [](int vector) { return to_array<std::int64_t>(pool_signs(vector)); }, py::arg("vector"), "P, [column][row] of -1 and 1.");
  m.def("on_pool", &on_pool, py::arg("weights"), py::arg("vector"), py::arg("group"), py::arg("kept_one_in") = 1, py::arg("kept_first") = 0, py::arg("lanes") = 8,
        py::arg("permutation") = py::none(), py::arg("scales") = std::tuple(1.0, 1.0),
        "Weights [cout][cin][Kh][Kw] on a weight pool: codes, permutation, a, e, their multipliers M and the integer weights M*code. With a "
        "permutation the weights were trained on it, scales are their a and e; without they are projected (golden/pool_projection.hpp).");
}

}  // namespace epim::python
