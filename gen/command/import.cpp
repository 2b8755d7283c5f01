// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/import/describe.hpp"
#include "gen/import/fidelity.hpp"
#include "gen/import/normalise.hpp"
#include "gen/import/onnx_file.hpp"
#include "gen/import/shapes.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

struct ImportArguments {
  std::string model, images, reference;
  std::vector<std::string> shapes;
  int jobs = 0;
  bool check = false, json = false;
};

void run_import(const ImportArguments& o) {
  if (!o.check)
    throw InputError({"command line", 0, 0}, "bad-argument",
                     "writing a network folder is not built yet, legal: --check, which reads and evaluates the file");
  if (!o.reference.empty() && o.images.empty())
    throw InputError({"--reference", 0, 0}, "bad-argument", "answers without inputs, legal: with --images");
  if (o.reference.empty() && !o.images.empty())
    throw InputError({"--images", 0, 0}, "bad-argument",
                     "inputs without answers, legal: with --reference (it may be the same file)");
  std::map<std::string, importer::Dims> shapes;
  for (const std::string& text : o.shapes)
    if (auto [name, dims] = importer::read_input_shape(text, "--input-shape"); !shapes.emplace(name, dims).second)
      throw InputError({"--input-shape", 0, 0}, "bad-argument",
                       fmt::format("\"{}\" is given twice, legal: once per input", name));
  const int jobs = o.jobs > 0 ? o.jobs : processors();
  importer::Graph file = importer::read_onnx(o.model);
  importer::prepare(file, shapes);
  const importer::Graph graph = importer::normalise(file, jobs);
  nlohmann::ordered_json json = importer::json_of(graph);
  if (!o.json) fmt::print("{}", importer::text_of(graph));
  bool good = true;
  if (!o.images.empty()) {
    Progress progress("evaluating " + o.model);
    const NpzFile reference = read_npz(o.reference);
    const importer::FidelityReport report =
        importer::check_fidelity(graph, importer::images_of(graph, o.images == o.reference ? reference : read_npz(o.images)),
                                 reference, jobs, [&](double share) { progress.update(share); });
    progress.clear();
    for (const importer::OutputFidelity& out : report.outputs) good = good && out.good();
    json["fidelity"] = importer::json_of(report);
    if (!o.json) fmt::print("{}", importer::text_of(report));
  }
  if (o.json) std::cout << json.dump(1) << "\n";
  else fmt::print("checked; writing a network folder from it is not built yet\n");
  if (!good)
    throw Failed(fmt::format("{}: our evaluation differs from the reference by more than {:g} of the largest value", o.model,
                             importer::fidelity_limit));
}

}  // namespace

void add_import(CLI::App& app) {
  auto o = std::make_shared<ImportArguments>();
  CLI::App* verb = app.add_subcommand("import", "Read a network from an ONNX or QONNX file");
  verb->add_option("model", o->model, "The .onnx file (docs/import.md says what it may hold)")->required();
  verb->add_flag("--check", o->check, "Read, check and evaluate the file, print the graph as it is understood; write nothing");
  verb->add_option("--input-shape", o->shapes, "Free sizes of an input: NAME=1,3,32,32 (repeatable)")->allow_extra_args(false);
  verb->add_option("--images", o->images,
                   "With --reference: .npz with the array 'input', or arrays named like the inputs; first axis = images");
  verb->add_option("--reference", o->reference,
                   "Answers to the images: .npz with output0, output1, ..., or arrays named like the outputs");
  verb->add_option("-j,--jobs", o->jobs, "Threads; default: all processors")->check(CLI::Range(1, 1024));
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer(
      "Examples:\n  epim import model.onnx --check\n  epim import model.onnx --check --input-shape image=1,3,224,224\n"
      "  epim import tb/import/cases/float_plain.onnx --check --images tb/import/cases/float_plain.npz --reference "
      "tb/import/cases/float_plain.npz");
  verb->callback([o] { run_import(*o); });
}

}  // namespace epim::command
