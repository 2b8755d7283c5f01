// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <tuple>

#include <nlohmann/json.hpp>

#include "gen/accuracy/data_set.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/command/command.hpp"
#include "gen/import/calibrate.hpp"
#include "gen/import/describe.hpp"
#include "gen/import/fidelity.hpp"
#include "gen/import/import_record.hpp"
#include "gen/import/network_folder.hpp"
#include "gen/import/normalise.hpp"
#include "gen/import/onnx_file.hpp"
#include "gen/import/project.hpp"
#include "gen/import/shapes.hpp"
#include "gen/import/write_onnx.hpp"
#include "golden/files/json_document.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::string model, images, labels, reference, calibrate, method = "minmax", out, onnx_out, project;
  std::vector<std::string> shapes;
  int jobs = 0, act_bits = 9, weight_bits = 9, fidelity_images = 16, calibration_images = 0;
  bool check = false, json = false;
};

[[noreturn]] void bad_argument(const std::string& option, const std::string& text) { throw InputError({option, 0, 0}, "bad-argument", text); }

void check_arguments(const ImportArguments& o) {
  if (o.check) {
    for (const auto& [given, option] : {std::pair{&o.out, "--out"}, {&o.calibrate, "--calibrate"}, {&o.onnx_out, "--write-onnx"}, {&o.labels, "--labels"}, {&o.project, "--project"}})
      if (!given->empty()) bad_argument(option, "with --check, which writes nothing; legal: one of the two");
    if (o.reference.empty() != o.images.empty())
      bad_argument(o.images.empty() ? "--reference" : "--images", o.images.empty() ? "answers without inputs, legal: with --images"
                                                                                   : "inputs without answers, legal: with --reference (it may be the same file)");
    return;
  }
  if (o.out.empty()) bad_argument("--out", "missing, legal: a folder for the network, or --check, which reads and evaluates the file alone");
  if (o.calibrate.empty() && o.images.empty())
    bad_argument("--calibrate", "missing, legal: inputs as .npz or .npy, whose values give the maps their formats (or --images where the file gives all formats)");
  if (!o.reference.empty() && o.images.empty()) bad_argument("--reference", "answers without inputs, legal: with --images");
  if (!o.labels.empty() && o.images.empty()) bad_argument("--labels", "classes without images, legal: with --images");
}

/// Maps and weights of megabytes come and go: memory that is given back to the kernel with each of them is cleared again by it for the next one,
/// a fifth of an import's time. glibc's thresholds in bytes; a hint, whose refusal changes nothing but the time.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
#endif
}

std::string_view bytes_of(const std::vector<std::uint8_t>& v) { return {reinterpret_cast<const char*>(v.data()), v.size()}; }

/// One class per image.
IntTensor read_labels(const ImportArguments& o, std::size_t images) {
  if (o.labels.empty()) return {};
  const IntTensor labels = read_array(o.labels, {"labels"}).ints();
  if (labels.shape.size() != 1 || labels.size() != images)
    throw InputError({o.labels, 0, 0}, "labels-shape", fmt::format("shape [{}], legal: [{}], the class of every image", fmt::join(labels.shape, ", "), images));
  return labels;
}

/// The file's size and hash, read beside the work on the network.
class FileHash {
 public:
  explicit FileHash(const std::string& file)
      : found_(std::async(std::launch::async, [file] {
          std::ifstream in(file, std::ios::binary);
          std::vector<char> piece(std::size_t{1} << 20);
          std::size_t bytes = 0;
          std::uint64_t hash = fnv1a("");
          while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
            const auto count = static_cast<std::size_t>(in.gcount());
            hash = fnv1a({piece.data(), count}, hash);
            bytes += count;
          }
          return std::pair(bytes, hash_text(hash));
        })) {}
  std::pair<std::size_t, std::string> get() { return found_.get(); }

 private:
  std::future<std::pair<std::size_t, std::string>> found_;
};

importer::Graph read_file(const ImportArguments& o, int jobs) {
  std::map<std::string, importer::Dims> shapes;
  for (const std::string& text : o.shapes)
    if (auto [name, dims] = importer::read_input_shape(text, "--input-shape"); !shapes.emplace(name, dims).second)
      bad_argument("--input-shape", fmt::format("\"{}\" is given twice, legal: once per input", name));
  importer::Graph file = importer::read_onnx(o.model);
  importer::prepare(file, shapes);
  return importer::normalise(file, jobs);
}

/// Fidelity (a), where there are answers.
std::optional<importer::FidelityReport> check_answers(const ImportArguments& o, const importer::Graph& graph, const importer::Images& images, int jobs) {
  if (o.reference.empty()) return std::nullopt;
  Progress progress("evaluating " + o.model);
  return importer::check_fidelity(graph, images, read_npz(o.reference), jobs, [&](double share) { progress.update(share); });
}

bool good(const std::optional<importer::FidelityReport>& report) {
  return !report || std::all_of(report->outputs.begin(), report->outputs.end(), [](const auto& out) { return out.good(); });
}

std::string answers_differ(const ImportArguments& o) {
  return fmt::format("{}: our evaluation differs from the reference by more than {:g} of the largest value", o.model, importer::fidelity_limit);
}

void run_check(const ImportArguments& o, int jobs) {
  const importer::Graph graph = read_file(o, jobs);
  nlohmann::ordered_json json = importer::json_of(graph);
  if (!o.json) fmt::print("{}", importer::text_of(graph));
  std::optional<importer::FidelityReport> report;
  if (!o.images.empty()) report = check_answers(o, graph, importer::read_images(graph, o.images, {}), jobs);
  if (report) json["fidelity"] = importer::json_of(*report);
  if (o.json) std::cout << json.dump(1) << "\n";
  else if (report) fmt::print("{}", importer::text_of(*report));
  if (!o.json) fmt::print("checked; --calibrate IMAGES --out NAME writes a network folder from it\n");
  if (!good(report)) throw Failed(answers_differ(o));
}

void run_import(const ImportArguments& o) {
  check_arguments(o);
  const int jobs = o.jobs > 0 ? o.jobs : processors();
  if (o.check) return run_check(o, jobs);
  check_output_folder(o.out);
  const std::optional<DesignChoice> design = o.project.empty() ? std::nullopt : std::optional(design_choice(o.project, "--project"));
  const importer::CalibrationMethod method = importer::calibration_method(o.method);
  const importer::Graph graph = read_file(o, jobs);
  FileHash hash(o.model);
  importer::ImportSource source{fs::path(o.model).filename().string(), 0, "", "none", 0, o.act_bits, o.weight_bits};
  const importer::Evaluator values(graph, jobs);
  importer::Plan plan = importer::plan_network(graph, values);
  plan.remarks.insert(plan.remarks.begin(), graph.remarks.begin(), graph.remarks.end());

  std::string folder = fs::path(o.out).lexically_normal().string();
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::string name = fs::path(folder).filename().string();
  std::optional<importer::Projection> projection;
  if (design) projection = importer::project_weights(plan, graph, values, name, *design);

  importer::Images calibration, images;
  if (!o.calibrate.empty()) calibration = importer::read_images(graph, o.calibrate, {"calibration", "input"}, static_cast<std::size_t>(o.calibration_images));
  if (!o.images.empty()) images = importer::read_images(graph, o.images, {"input"});
  std::map<std::string, importer::Range> ranges;
  {
    Progress progress("calibrating " + o.model);
    if (plan.any_calibrated()) {
      source.method = o.method;
      source.calibration_images = calibration.size();
    }
    ranges = importer::calibrate(plan, projection ? projection->graph : graph, calibration, {method, o.act_bits}, jobs, [&](double share) { progress.update(share); });
  }
  if (images.empty()) images = std::move(calibration);
  const IntTensor labels = read_labels(o, images.size());

  importer::equalise_channels(plan, graph, values, jobs);
  importer::NetworkWeights weights = importer::network_weights(plan, graph, values, plan.remarks, jobs);
  const std::string network_text = importer::network_text(plan, name);
  const std::string config_text = importer::config_text(plan, name, weights, o.weight_bits, !labels.empty());
  const IntTensor codes = importer::input_codes(plan, graph, images);

  const std::optional<importer::FidelityReport> answers = check_answers(o, graph, images, jobs);
  Config config = parse_config(config_text, folder + "/config.toml");
  NpzFile bundle;
  bundle.path = folder + "/weights.npz";
  bundle.arrays = std::move(weights.arrays);
  const Network network = parse_network(network_text, folder + "/network.json");
  if (!o.onnx_out.empty())
    for (const Node& node : network.nodes)
      if (node.wrap != Wrap::off)
        bad_argument("--write-onnx", fmt::format("with node '{}' wrapped by {}, whose copies ONNX has no operator for; legal: a design without wrapping", node.name, o.project));
  CompiledNetwork compiled;
  importer::IntegerFidelity integers;
  if (o.fidelity_images == 0 && o.onnx_out.empty()) {
    compiled.weights = std::move(bundle);
  } else {
    compiled = lay_out_network(config, network, std::move(bundle));
    quantise_network(config, compiled, {}, !o.onnx_out.empty());
  }
  OutputFolder files(folder);
  std::future<void> weights_file =
      std::async(std::launch::async, [&] { files.write("weights.npz", bytes_of(npz_bytes(compiled.weights.arrays, false))); });
  if (o.fidelity_images > 0) {
    Progress progress("evaluating the integers of " + o.model);
    integers = importer::check_integers(plan, graph, compiled, images, codes, static_cast<std::size_t>(o.fidelity_images), labels.data, jobs,
                                        [&](double share) { progress.update(share); });
  }
  std::tie(source.bytes, source.hash) = hash.get();
  nlohmann::ordered_json record = importer::json_of(source, plan, ranges, integers);
  if (projection) record["projection"] = importer::json_of(*projection, o.project);
  if (answers) record["answers"] = importer::json_of(*answers);

  files.write("network.json", network_text);
  files.write("images.npy", bytes_of(npy_bytes(NpyArray::from(codes, DType::i16))));
  files.write("config.toml", config_text);
  files.write("import.json", record.dump(1) + "\n");
  if (!labels.empty()) files.write("labels.npy", bytes_of(npy_bytes(NpyArray::from(labels))));
  weights_file.get();
  files.commit();
  if (!o.onnx_out.empty()) write_file_atomically(o.onnx_out, importer::onnx_bytes(plan, compiled, name));

  if (o.json) {
    std::cout << record.dump(1) << "\n";
  } else {
    fmt::print("{}", importer::text_of(plan, ranges, integers));
    if (answers) fmt::print("{}", importer::text_of(*answers));
    if (projection) fmt::print("{}", importer::text_of(*projection, o.project));
    fmt::print("{}: network.json, weights.npz, images.npy ({}), config.toml, import.json\n", folder, images.size());
  }
  if (!good(answers)) throw Failed(fmt::format("{}; {} is kept", answers_differ(o), folder));
  if (!integers.good()) throw Failed(fmt::format("{}: integers of a map leave the limit of fidelity (b); {} is kept", o.model, folder));
}

}  // namespace

void add_import(CLI::App& app) {
  auto o = std::make_shared<ImportArguments>();
  CLI::App* verb = app.add_subcommand("import", "Make a network folder from an ONNX or QONNX file, and compare the two");
  verb->add_option("model", o->model, "The .onnx file (docs/import.md says what it may hold)")->required();
  verb->add_option("--out", o->out, "Folder for network.json, weights.npz, images.npy, config.toml, import.json");
  verb->add_option("--calibrate", o->calibrate,
                   "Inputs whose values give formats to the maps that have none: .npy, IDX, or .npz with 'calibration' or 'input'; first axis = images");
  verb->add_option("--calibration-images", o->calibration_images, "Only the first N of them; 0: all")->check(CLI::Range(0, 1000000))->capture_default_str();
  verb->add_option("--method", o->method, "Range of a map: minmax, percentile (99.99), mse (least squared error)")->capture_default_str();
  verb->add_option("--act-bits", o->act_bits, "Bits of maps for which the file has no format")->check(CLI::Range(2, 9))->capture_default_str();
  verb->add_option("--weight-bits", o->weight_bits, "Bits of weights that the file does not quantise")->check(CLI::Range(2, 9))->capture_default_str();
  verb->add_option("--images", o->images, "Inputs that go into images.npy: .npy, IDX, or .npz with 'input' or the input's name; default: those of --calibrate");
  verb->add_option("--labels", o->labels, "Class of every image of --images: .npy, IDX, or .npz with 'labels'");
  verb->add_option("--reference", o->reference,
                   "Answers to --images: .npz with output0, output1, ..., or arrays named like the outputs");
  verb->add_option("--fidelity-images", o->fidelity_images, "Evaluate the integers of the first N images; 0: none")->check(CLI::Range(0, 1000000))->capture_default_str();
  verb->add_option("--write-onnx", o->onnx_out, "Write the quantised network as ONNX with QuantizeLinear and DequantizeLinear, too");
  verb->add_option("--project", o->project,
                   "Project the weights onto the epitomes of a design: ROWSxCOLUMNS or a design file (docs/design-file.md); fine-tuning is needed afterwards");
  verb->add_option("--input-shape", o->shapes, "Free sizes of an input: NAME=1,3,32,32 (repeatable)")->allow_extra_args(false);
  verb->add_flag("--check", o->check, "Read, check and evaluate the file, print the graph as it is understood; write nothing");
  verb->add_option("-j,--jobs", o->jobs, "Threads; default: all processors")->check(CLI::Range(1, 1024));
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer(
      "Examples:\n"
      "  epim import model.onnx --check --input-shape image=1,3,224,224\n"
      "  epim import model.onnx --calibrate calibration.npy --images test.npy --labels labels.npy --out model\n"
      "  epim import tb/import/cases/float_plain.onnx --calibrate tb/import/cases/float_plain.npz --out out/float_plain\n"
      "  epim sim --config out/float_plain/config.toml --images 2\n"
      "  epim import model.onnx --calibrate calibration.npy --project 1024x256 --out model_epitomes\n"
      "  epim import quantised.onnx --images inputs.npz --reference inputs.npz --out quantised --write-onnx quantised/qdq.onnx");
  verb->callback([o] {
    keep_freed_memory();
    run_import(*o);
  });
}

}  // namespace epim::command
