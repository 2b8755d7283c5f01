// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "python/src/module.hpp"

#include "golden/diagnostic.hpp"

namespace py = pybind11;

PYBIND11_MODULE(_core, module) {
  module.doc() = "Golden model and RTL of epim; see the package epim.";
  // Exceptions: module epim.errors defines them, so that the command's lines give the same ones.
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const epim::InputError& e) {
      const py::object type = py::module_::import("epim.errors").attr("InputError");
      const py::object error = type(e.rule(), e.text(), e.where().file, e.where().line, e.where().column);
      PyErr_SetObject(type.ptr(), error.ptr());
    } catch (const epim::MissingTool& e) {
      PyErr_SetString(py::object(py::module_::import("epim.errors").attr("MissingTool")).ptr(), e.what());
    }
  });
  epim::python::add_arrays(module);
  epim::python::add_networks(module);
}
