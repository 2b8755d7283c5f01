// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

using Json = nlohmann::ordered_json;

/// Comparisons of the study that ask one claim.
struct Direction {
  int holds = 0, open = 0, against = 0;
  double least = 0, most = 0;  ///< differences of accuracy in points
  std::vector<std::string> pairs;

  int count() const { return holds + open + against; }
  std::string verdict() const {
    if (count() == 0) return "not run";
    if (holds > 0 && against > 0) return "not the same everywhere";
    if (holds + against == 0) return "not separated";
    return std::string(holds > 0 ? "holds" : "does not hold") + (open > 0 ? " where it is separated" : "");
  }
  /// "holds in 2 of 6, not separated in 4; differences -0.10 to +0.52 points"
  std::string numbers() const {
    if (count() == 0) return "the study has no result yet";
    if (count() == 1) return fmt::format("{:+.2f} points", least);
    std::string text;
    for (const auto& [n, what] : {std::pair{holds, "holds"}, {open, "not separated"}, {against, "does not hold"}})
      if (n > 0) text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", what, n);
    return fmt::format("{} of {}; differences {:+.2f} to {:+.2f} points", text, count(), least, most);
  }
};

Direction direction(const Json& study, const std::string& id) {
  Direction d;
  if (study.is_null()) return d;
  for (const Json& c : study.at("claims")) {
    if (c.at("id") != id) continue;
    const double points = 100 * c.at("mean").get<double>();
    d.least = d.count() == 0 ? points : std::min(d.least, points);
    d.most = d.count() == 0 ? points : std::max(d.most, points);
    const std::string verdict = c.at("verdict");
    ++(verdict == "holds" ? d.holds : verdict == "not separated" ? d.open : d.against);
  }
  return d;
}

/// Crossbars of the two networks of the first comparison that asks `id`; 0 without one.
std::pair<int, int> crossbars(const Json& study, const std::string& id) {
  if (!study.is_null())
    for (const Json& c : study.at("claims"))
      if (c.at("id") == id) return {c.at("crossbars").at(0).get<int>(), c.at("crossbars").at(1).get<int>()};
  return {0, 0};
}

/// Cycles of network `a` over those of `b`, both of seed 1, measured in the RTL; 0 where one was not run.
double cycles_ratio(const Json& study, const std::string& a, const std::string& b) {
  if (study.is_null()) return 0;
  const Json& of = study.at("rtl").at("networks");
  if (!of.contains(a) || !of.contains(b)) return 0;
  return of.at(a).at("cycles").get<double>() / of.at(b).at("cycles").get<double>();
}

/// "+0.25 to +1.40 points"
std::string range(const std::vector<double>& points) {
  const auto [least, most] = std::minmax_element(points.begin(), points.end());
  return fmt::format("{:+.2f} to {:+.2f} points", *least, *most);
}

/// Accuracy of method `a` minus that of `b` in Table 3, both networks.
std::vector<double> table3(const PaperNumbers& paper, const std::string& a, const std::vector<std::string>& of) {
  std::vector<double> out;
  for (const Table3Row& x : paper.table3)
    for (const Table3Row& y : paper.table3)
      if (x.method == a && std::find(of.begin(), of.end(), y.method) != of.end()) {
        out.push_back(x.accuracy50 - y.accuracy50);
        out.push_back(x.accuracy101 - y.accuracy101);
      }
  return out;
}

struct Row {
  std::string claim, printed, models, id, sentence;
};

}  // namespace

std::string claims_markdown(const PaperNumbers& paper, const ClaimNumbers& n, const std::string& file) {
  std::vector<double> per_crossbar, overlap;
  for (const Table2Row& r : paper.table2) {
    per_crossbar.push_back(r.crossbar - r.naive);
    overlap.push_back(r.overlap - r.crossbar);
  }
  double compression_printed = 0;  // of ResNet-50 at W3
  for (const Table1Row& r : paper.table1)
    if (r.network == "resnet50" && r.weight_bits == 3 && r.is_epitome()) compression_printed = *r.compression;

  Json study;
  try {
    if (std::filesystem::exists(file)) study = Json::parse(read_text(file));
    const std::string accuracy = "accuracies: needs ImageNet";
    std::vector<Row> rows = {
        {"searched designs with wrapping are up to 3.07 times faster than uniform ones (Figure 4)", fmt::format("{:.2f}", paper.figure4.opt_speedup),
         fmt::format("{:.2f} (`mnsim`), {:.2f} (`rtl`)", n.speedup_mnsim, n.speedup_rtl), "search",
         "A search for latency makes a design faster than the uniform one of its crossbars, by far less than the paper prints."},
        {"3 bits on epitomes: 30 times fewer crossbars than FP32, 4.8 points of accuracy less (Table 1)", fmt::format("{:.2f}", compression_printed),
         fmt::format("{:.2f} of crossbars; {}", n.compression, accuracy), "compression",
         "The crossbars are saved as printed; that accuracy stays within half a point of the plain network's"},
        {"a scale per crossbar is better than one per layer (Table 2)", range(per_crossbar), accuracy, "per-crossbar",
         "That a scale per crossbar is more accurate than one per layer"},
        {"ranges weighted by overlap are better than a scale per crossbar (Table 2)", range(overlap), accuracy, "overlap",
         "That ranges weighted by overlap are more accurate than a scale per crossbar"},
        {"an epitome is more accurate than PIM-Prune (Table 3)", range(table3(paper, "Epitome", {"PIM-Prune 50%", "PIM-Prune 75%"})), accuracy, "pruning",
         "That an epitome is more accurate than pruning whole word lines"},
        {"50 % element pruning on top of an epitome costs little (Table 3)", range(table3(paper, "Epitome + Pruning", {"Epitome"})), accuracy, "element-pruning",
         "That removing half of an epitome's elements costs less than half a point"},
        {"output channel wrapping costs no accuracy (section 5.3)", "no number", "exact: the same outputs are stored once", "wrapping",
         "That wrapping costs less than half a point"},
    };
    std::string out =
        "## The claims\n\nDirection on Fashion-MNIST: the training study ([study.md](study.md)), a ResNet of 20 layers, differences of accuracy paired by\n"
        "seed" + (study.is_null() ? "" : fmt::format(" ({} seeds)", study.at("seeds").size())) + " with 95 %\n"
        "intervals. *Holds*: the interval lies on the claim's side (where a claim is that nothing is lost: above half a point of loss);\n"
        "*does not hold*: it lies on the other side; *not separated*: neither; *where it is separated*: several comparisons ask the claim, some of which\n"
        "are not separated, none says the contrary.\n\n"
        "| claim | printed | here, by our models | direction on Fashion-MNIST | numbers |\n|---|---|---|---|---|\n";
    std::string sentences;
    for (const Row& r : rows) {
      const Direction d = direction(study, r.id);
      std::string numbers = d.numbers();
      if (const auto [a, b] = crossbars(study, r.id); r.id == "compression" && b > 0)
        numbers += fmt::format("; {} crossbars of plain W9 to {}, {:.1f} times fewer", a, b, static_cast<double>(a) / b);
      const double faster = cycles_ratio(study, "256x64-w9", "latency-w9");
      if (r.id == "search" && faster > 0) numbers += fmt::format("; {:.2f} times faster in the RTL (searched for latency, W9)", faster);
      const std::string what = r.id == "search" ? "accuracy stays: " + d.verdict() : d.verdict();
      out += fmt::format("| {} | {} | {} | {} | {} |\n", r.claim, r.printed, r.models, what, numbers);
      if (r.id == "search")
        sentences += fmt::format("- {} Here: {:.2f} times by MNSIM's model, {:.2f} by our core's{}; that accuracy stays within half a point: {}.\n", r.sentence,
                                 n.speedup_mnsim, n.speedup_rtl, faster > 0 ? fmt::format(", {:.2f} on the study's network", faster) : "", d.verdict());
      else
        sentences += fmt::format("- {}: on Fashion-MNIST {} ({}).\n", r.sentence, d.verdict(), d.numbers());
    }
    return out + "\nIn a sentence each:\n\n" + sentences;
  } catch (const nlohmann::json::exception& e) {
    throw InputError({file, 0, 0}, "study-format", e.what());
  }
}

}  // namespace epim
