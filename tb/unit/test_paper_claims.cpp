// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "gen/paper/claims.hpp"
#include "golden/diagnostic.hpp"
#include "tb/unit/catch.hpp"
#include "tb/unit/files.hpp"

using namespace epim;

namespace {

std::string claim(const char* id, double points, const char* verdict) {
  return "{\"id\": \"" + std::string(id) + "\", \"mean\": " + std::to_string(points / 100) + ", \"verdict\": \"" + verdict + "\", \"crossbars\": [200, 50]}";
}

/// A file of the test's own, gone with it.
struct Written {
  std::filesystem::path path;
  explicit Written(const std::string& text) : path(std::filesystem::temp_directory_path() / ("epim-claims-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path) << text;
  }
  ~Written() { std::filesystem::remove(path); }
};

std::string row_of(const std::string& text, const std::string& claim) {
  const std::size_t at = text.find("| " + claim);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("what the training study says of the paper's claims", "[paper]") {
  PaperNumbers paper;
  paper.table2 = {{"a", 70.0, 71.5, 71.6}, {"b", 72.0, 72.25, 72.0}};
  paper.table3 = {{"Epitome", 0, 0, 74, 76}, {"Epitome + Pruning", 0, 0, 73.5, 75}, {"PIM-Prune 50%", 0, 0, 72, 76.5}};
  const Written file(
      "{\"seeds\": [1, 2, 3], \"claims\": [" + claim("overlap", -0.5, "not separated") + "," + claim("overlap", 1.25, "holds") + "," + claim("pruning", -2, "does not hold") + "," +
                          claim("per-crossbar", 1, "holds") + "," + claim("per-crossbar", -1, "does not hold") + "," + claim("compression", -0.1, "holds") +
                          "], \"rtl\": {\"networks\": {\"256x64-w9\": {\"cycles\": 300}, \"latency-w9\": {\"cycles\": 200}}}}");
  const std::string text = claims_markdown(paper, {1.37, 1.17, 30.65}, file.path.string());
  CHECK(text.find("paired by\nseed (3 seeds) with 95 %") != std::string::npos);
  CHECK(row_of(text, "ranges weighted").find("| -0.25 to +0.10 points | accuracies: needs ImageNet | holds where it is separated | holds in 1, not separated in 1 of 2; "
                                             "differences -0.50 to +1.25 points |") != std::string::npos);
  CHECK(row_of(text, "a scale per crossbar").find("| not the same everywhere |") != std::string::npos);
  CHECK(row_of(text, "an epitome is more").find("| -0.50 to +2.00 points | accuracies: needs ImageNet | does not hold | -2.00 points |") != std::string::npos);
  CHECK(row_of(text, "3 bits").find("| holds | -0.10 points; 200 crossbars of plain W9 to 50, 4.0 times fewer |") != std::string::npos);
  CHECK(row_of(text, "searched").find("1.50 times faster in the RTL") != std::string::npos);
  CHECK(row_of(text, "output channel").find("| not run |") != std::string::npos);

  const std::string nothing = claims_markdown(paper, {}, "absent/summary.json");
  CHECK(row_of(nothing, "ranges weighted").find("| not run | the study has no result yet |") != std::string::npos);
  const Written bad("{\"claims\": [{}]}");
  CHECK_THROWS_AS(claims_markdown(paper, {}, bad.path.string()), InputError);
}
