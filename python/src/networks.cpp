// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pybind11/stl.h>

#include "gen/config/config.hpp"
#include "gen/network/compile.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"
#include "python/src/module.hpp"
#include "sim/driver.hpp"
#include "sim/network_run.hpp"

namespace py = pybind11;

namespace epim::python {
namespace {

using Codes = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

/// A network whose layers are integers on one core, as `epim sim` compiles it; with weight pools each on its own, as on a chip.
class Compiled {
 public:
  Compiled(const std::string& config, const std::vector<std::string>& set, const std::string& mode, const std::string& scheme)
      : config_(load_config(config, set)) {
    if (!config_.network) throw InputError({config, 0, 0}, "layer-or-network", "a configuration with [network] is needed");
    QuantiseOptions options;
    options.mode = range_mode_from(mode);
    options.affine = scheme == "affine";
    net_ = compile_network(config_, options, policy_for(config_));
  }

  py::array_t<std::int64_t> golden(const Codes& images) const {
    const std::vector<IntTensor> in = split(images);
    std::vector<IntTensor> out;
    {
      py::gil_scoped_release free;
      out = run_network_golden(net_, in, processors());
    }
    return stack(out);
  }

  py::array_t<std::int64_t> rtl(const Codes& images, const std::string& cache) const {
    if (!net_.core)
      fail("pool-core", "layers with weight pools have cores of their own; legal: backend golden, or epim run and epim sim --top network");
    const std::vector<IntTensor> in = split(images);
    std::vector<IntTensor> out;
    {
      py::gil_scoped_release free;
      std::vector<Layer> layers;
      for (const CompiledLayer& l : net_.layers) layers.push_back(l.layer);
      BuildOptions build;
      build.cache = cache;
      out = run_network(build_core(*net_.core, layers, nullptr, build), net_, in, {}, {}).outputs;
    }
    return stack(out);
  }

  std::string name() const { return net_.network.name; }
  std::vector<int> input_shape() const { return {net_.network.input.channels, net_.network.input.height, net_.network.input.width}; }

 private:
  std::vector<IntTensor> split(const Codes& images) const {
    const IntTensor all = to_tensor<std::int64_t, std::int64_t>(images);
    const std::vector<int> shape = input_shape();
    if (all.shape.size() != 4 || std::vector<int>(all.shape.begin() + 1, all.shape.end()) != shape)
      fail("tensor-shape", fmt::format("images have shape [{}], legal: [N, {}]", fmt::join(all.shape, ", "), fmt::join(shape, ", ")));
    check_images(all, net_.network, "images");
    std::vector<IntTensor> out;
    const std::size_t size = IntTensor::size_of(shape);
    for (int i = 0; i < all.shape[0]; ++i) {
      IntTensor one(shape);
      std::copy_n(all.data.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * size), size, one.data.begin());
      out.push_back(std::move(one));
    }
    return out;
  }
  static py::array_t<std::int64_t> stack(const std::vector<IntTensor>& maps) {
    IntTensor all;
    all.shape = {static_cast<int>(maps.size())};
    if (!maps.empty()) all.shape.insert(all.shape.end(), maps[0].shape.begin(), maps[0].shape.end());
    for (const IntTensor& m : maps) all.data.insert(all.data.end(), m.data.begin(), m.data.end());
    return to_array<std::int64_t>(all);
  }
  Config config_;
  CompiledNetwork net_;
};

}  // namespace

void add_networks(py::module_& m) {
  py::class_<Compiled>(m, "Compiled", "A network with [network] configuration, compiled to integers on one core.")
      .def(py::init<const std::string&, const std::vector<std::string>&, const std::string&, const std::string&>(), py::arg("config"),
           py::arg("set") = std::vector<std::string>{}, py::arg("mode") = "per_crossbar", py::arg("scheme") = "symmetric")
      .def("golden", &Compiled::golden, py::arg("images"), "Outputs [N, ...] of the golden model for codes [N, C, H, W].")
      .def("rtl", &Compiled::rtl, py::arg("images"), py::arg("cache"),
           "The same from the generated RTL in Verilator, every stage of every layer compared on the way.")
      .def_property_readonly("name", &Compiled::name)
      .def_property_readonly("input_shape", &Compiled::input_shape);
}

}  // namespace epim::python
