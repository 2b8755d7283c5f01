// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// One input of a fuzzer: any bytes are either refused by an InputError of one line (or one list), or read, brought into
/// canonical form, evaluated in both forms with equal results, and planned as a network with finite scales. Whatever else happens is a defect: another exception,
/// a crash, results that differ.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "gen/import/describe.hpp"
#include "gen/import/calibrate.hpp"
#include "gen/import/evaluate.hpp"
#include "gen/import/network_folder.hpp"
#include "gen/import/normalise.hpp"
#include "gen/import/onnx_file.hpp"
#include "gen/import/quantiser.hpp"

namespace {

using namespace epim;
using importer::Graph;
using importer::Value;

/// Products that evaluating takes, roughly; beyond a limit it is left out.
double work_of(const Graph& g) {
  double work = 0;
  for (const auto& node : g.nodes) {
    double places = 0, each = 1;
    for (const auto& out : node.outputs)
      if (!out.empty()) places += static_cast<double>(g.maps.at(out).size());
    for (const auto& in : node.inputs)
      if (!in.empty()) places += static_cast<double>(g.maps.at(in).size());
    for (const std::int64_t k : node.integers("kernel_shape")) each *= static_cast<double>(k);
    if (node.op == "Conv" || node.op == "Gemm" || node.op == "MatMul")
      each = static_cast<double>(g.maps.at(node.inputs[1]).size());
    work += places * each;
  }
  return work;
}

void check_equal(const Graph& file, const Graph& canonical) {
  if (work_of(file) > 2e6 || work_of(canonical) > 2e6) return;
  std::map<std::string, Value> inputs;
  std::uint32_t state = 1;
  for (const auto& in : file.inputs) {
    Value v(in.type, in.dims);
    for (std::int64_t i = 0; i < v.size(); ++i)
      v.set(i, static_cast<double>((state = state * 1664525 + 1013904223) >> 8) / double(1 << 23) - 1);
    inputs.emplace(in.name, std::move(v));
  }
  // Rounding boundaries, ArgMax and huge values may turn small differences into large ones.
  bool compared = true;
  for (const auto& node : file.nodes)
    compared = compared && !importer::is_quantiser(node) && node.op != "ArgMax" && node.op != "Cast";
  const auto watch = [&](const std::string&, const Value& v) {
    for (std::int64_t i = 0; compared && i < v.size(); ++i) compared = std::fabs(v.number(i)) < 1e4;
  };
  const std::vector<Value> a = importer::Evaluator(file, 1).run(inputs, watch),
                           b = importer::Evaluator(canonical, 1).run(inputs, watch);
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k].dims() != b[k].dims()) {
      std::fprintf(stderr, "output %s: %s in the file's form, %s in the canonical form\n", file.outputs[k].name.c_str(),
                   importer::text_of(a[k].dims()).c_str(), importer::text_of(b[k].dims()).c_str());
      std::abort();
    }
    const importer::Fidelity f = importer::compare(b[k], a[k]);
    if (compared && f.largest_difference > 1e-2 * (1 + f.largest_value)) {
      std::fprintf(stderr, "output %s: differs by %g of %g\n", file.outputs[k].name.c_str(), f.largest_difference,
                   f.largest_value);
      std::abort();
    }
  }
}

void check_plan(const Graph& canonical) {
  if (work_of(canonical) > 2e6) return;
  const importer::Evaluator values(canonical, 1);
  importer::Plan plan = importer::plan_network(canonical, values);
  const auto& in = canonical.inputs.at(0);
  Value image(in.type, in.dims);
  for (std::int64_t i = 0; i < image.size(); ++i) image.set(i, static_cast<double>(i % 7) - 3);
  const importer::Images images = {{{in.name, image}}};
  importer::calibrate(plan, canonical, images, {}, 1);
  for (const auto& node : plan.nodes)
    if (!(node.format.scale > 0) || !std::isfinite(node.format.scale) || node.format.bits < 1 || node.format.bits > 16) std::abort();
  const importer::NetworkWeights weights = importer::network_weights(plan, canonical, values, plan.remarks, 1);
  importer::network_text(plan, "fuzz");
  importer::config_text(plan, "fuzz", weights, 9, false);
  importer::input_codes(plan, canonical, images);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    Graph file = importer::parse_onnx({data, size}, "fuzz.onnx");
    importer::prepare(file, {});
    const Graph canonical = importer::normalise(file, 1);
    importer::text_of(canonical);
    importer::json_of(canonical).dump();  // throws where a text is no UTF-8
    check_equal(file, canonical);
    check_plan(canonical);
  } catch (const InputError&) {
    return 0;
  }
  return 0;
}
