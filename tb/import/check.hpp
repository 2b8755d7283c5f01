// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What the tests of the importer share.
#pragma once
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "gen/import/normalise.hpp"
#include "tb/import/builder.hpp"
#include "tb/unit/catch.hpp"

namespace import_test {

using epim::InputError;
using epim::importer::Dims;
using epim::importer::Graph;
using epim::importer::Node;
using epim::importer::Value;

/// Message of the InputError that `work` throws; "" where it throws none.
inline std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

inline Graph prepared(const Builder& b, const std::map<std::string, Dims>& shapes = {}) {
  Graph g = b.graph();
  epim::importer::prepare(g, shapes);
  return g;
}

/// Outputs of a graph for the values of its inputs in order.
inline std::vector<Value> run(const Graph& g, const std::vector<Value>& inputs) {
  std::map<std::string, Value> named;
  for (std::size_t i = 0; i < inputs.size(); ++i) named.emplace(g.inputs[i].name, inputs[i]);
  return epim::importer::Evaluator(g, 1).run(named);
}

inline Value noise(const Dims& dims, unsigned seed, float lo = -2, float hi = 2) {
  std::mt19937 bits(seed);
  std::uniform_real_distribution<float> draw(lo, hi);
  std::vector<float> data(static_cast<std::size_t>(epim::importer::element_count(dims).value()));
  for (float& x : data) x = draw(bits);
  return Value::of(data, dims);
}
inline std::vector<float> random_floats(std::size_t n, unsigned seed, float lo = -1, float hi = 1) {
  return noise({static_cast<std::int64_t>(n)}, seed, lo, hi).floats();
}

/// The canonical form of a graph; checks that it gives what the file's form gives, on noise.
inline Graph same_when_normalised(const Builder& b, double limit = 2e-6) {
  const Graph before = prepared(b);
  const Graph after = epim::importer::normalise(before, 1);
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::vector<Value> in;
    for (const auto& i : before.inputs) in.push_back(noise(i.dims, seed));
    const std::vector<Value> x = run(before, in), y = run(after, in);
    REQUIRE(x.size() == y.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      CHECK(x[k].dims() == y[k].dims());
      CHECK(epim::importer::compare(y[k], x[k]).relative() <= limit);
    }
  }
  return after;
}

/// Operators of a graph in order, "Conv Relu Gemm"; those of the host in brackets.
inline std::string operators(const Graph& g) {
  std::string s;
  for (const Node& n : g.nodes) s += (s.empty() ? "" : " ") + (n.host ? "(" + n.op + ")" : n.op);
  return s;
}

}  // namespace import_test
