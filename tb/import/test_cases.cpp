// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Files as exporters and quantisers write them, with the answers of another program.
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "gen/import/fidelity.hpp"
#include "gen/import/onnx_file.hpp"
#include "gen/import/shapes.hpp"
#include "golden/parallel.hpp"
#include "tb/import/check.hpp"

using namespace import_test;
namespace fs = std::filesystem;

namespace {

const std::string kCases = std::string(EPIM_SOURCE_DIR) + "/tb/import/cases";

std::vector<std::string> cases(const std::string& kind) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases))
    if (entry.path().extension() == ".onnx" && entry.path().stem().string().starts_with(kind)) names.insert(entry.path().stem());
  return {names.begin(), names.end()};
}

void check_case(const std::string& name) {
  INFO(name);
  Graph file = epim::importer::read_onnx(kCases + "/" + name + ".onnx");
  epim::importer::prepare(file, {});
  const Graph graph = epim::importer::normalise(file, epim::processors());
  const epim::NpzFile npz = epim::read_npz(kCases + "/" + name + ".npz");
  for (const Graph* g : std::initializer_list<const Graph*>{&file, &graph}) {
    const auto report = epim::importer::check_fidelity(*g, epim::importer::images_of(*g, npz), npz, epim::processors());
    CHECK(report.images == 16);
    REQUIRE(report.outputs.size() == file.outputs.size());
    for (const auto& out : report.outputs) {
      INFO(fmt::format("{}: {:.3g} {:.3g}", out.output, out.exact, out.float32));
      CHECK(out.good());
    }
  }
}

}  // namespace

TEST_CASE("cases: float files give their own answers", "[cases]") {
  CHECK(cases("float_").size() == 9);
  for (const std::string& name : cases("float_")) check_case(name);
}
TEST_CASE("cases: QDQ files give their own answers", "[cases]") {
  CHECK(cases("qdq_").size() == 3);
  for (const std::string& name : cases("qdq_")) check_case(name);
  for (const char* name : {"qcdq_w4a4", "qoperator_u8"}) check_case(name);
}
TEST_CASE("cases: QONNX files give their own answers", "[cases]") {
  CHECK(cases("qonnx_").size() == 1);
  for (const std::string& name : cases("qonnx_")) check_case(name);
}

TEST_CASE("cases: bad files are refused by name", "[cases]") {
  const std::pair<const char*, std::vector<const char*>> expected[] = {
      {"bad_axis", {"node 'dq' (DequantizeLinear)", "3 scales for axis 0 of 4 elements"}},
      {"bad_bias", {"node 'stem' (Conv)", "the bias has 5 elements, the convolution 4 output channels"}},
      {"bad_computed_weights", {"node 'stem' (Conv)", "weights are not constant"}},
      {"bad_dynamic", {"input 'image'", "'height' and 'width' are free", "--input-shape image="}},
      {"bad_group", {"node 'stem' (Conv)", "group 2 does not divide 3 input channels"}},
      {"bad_lstm", {"node 'encoder' (LSTM)", "not an operator that a convolutional network needs"}},
      {"bad_missing", {"node 'stem' (Conv) reads 'nowhere', which nothing provides"}},
      {"bad_nan", {"initializer 'stem.weight': element [1,2,0,0] is not a number"}},
      {"bad_truncated", {"the file is cut off or damaged"}},
  };
  CHECK(cases("bad_").size() == std::size(expected));
  for (const auto& [name, texts] : expected) {
    const std::string path = kCases + "/" + name + ".onnx";
    const std::string said = refusal([&] {
      Graph g = epim::importer::read_onnx(path);
      epim::importer::prepare(g, {});
      epim::importer::normalise(g, 1);
    });
    INFO(name << ": " << said);
    CHECK(said.starts_with(path + ": "));
    CHECK(said.find('\n') == std::string::npos);
    CHECK(said.find("legal") != std::string::npos);
    for (const char* text : texts) CHECK(said.find(text) != std::string::npos);
  }
  // Sizes make the file with free ones a good one.
  Graph g = epim::importer::read_onnx(kCases + "/bad_dynamic.onnx");
  epim::importer::prepare(g, {{"image", {1, 3, 10, 12}}});
  CHECK(g.maps.at(g.outputs[0].tensor).dims == Dims{1, 4, 8, 10});
}

TEST_CASE("cases: every prefix of a file is refused, none crashes", "[cases]") {
  std::ifstream in(kCases + "/qonnx_w4a4.onnx", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  REQUIRE(whole.size() > 10000);
  std::size_t read = 0;
  for (std::size_t n = 0; n < whole.size(); n += n < 600 || n + 600 > whole.size() ? 1 : 97) {
    const std::string said = refusal([&] {
      Graph g = Builder::parse(whole.substr(0, n));
      epim::importer::prepare(g, {});
    });
    if (said.empty()) ++read;
  }
  // The last fields of this file name the operator sets: without them nothing is read.
  CHECK(read == 0);
}
