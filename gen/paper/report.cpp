// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "gen/paper/claims.hpp"
#include "gen/paper/prune.hpp"
#include "gen/paper/searched.hpp"
#include "gen/paper/table1.hpp"
#include "gen/paper/traffic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

constexpr double simulated_tolerance = 0.05;
constexpr std::uint64_t prune_seed = 1;

/// Rows "| what | printed | ours | ratio | verdict |" of one quantity.
class Rows {
 public:
  Rows(std::string& out, PaperVerdicts& verdicts, const std::string& what, const std::string& unit)
      : out_(out), verdicts_(verdicts) {
    out_ += fmt::format("\n| {} | printed{} | ours | ours / printed | verdict |\n|---|---|---|---|---|\n", what,
                        unit.empty() ? "" : ", " + unit);
  }
  /// A counted number: reproduced where it rounds to the printed digits.
  void counted(const std::string& name, double printed, double ours, int digits, const std::string& note = "") {
    const double unit = std::pow(10.0, -digits);
    row(name, fmt::format("{:.{}f}", printed, digits), fmt::format("{:.{}f}", ours, digits), ours / printed,
        std::abs(ours - printed) < 0.5000001 * unit, note);
  }
  /// A simulated number: reproduced within the tolerance that the head of the file names.
  void simulated(const std::string& name, double printed, double ours, int digits, const std::string& note = "") {
    row(name, fmt::format("{:.{}f}", printed, digits), fmt::format("{:.{}f}", ours, digits), ours / printed,
        std::abs(ours / printed - 1) <= simulated_tolerance, note);
  }
  void impossible(const std::string& name, const std::string& printed, const std::string& why) {
    ++verdicts_.impossible;
    out_ += fmt::format("| {} | {} | - | - | not reproducible here: {} |\n", name, printed, why);
  }
  /// Ours alone; not a verdict.
  void extra(const std::string& name, const std::string& ours, const std::string& note) {
    out_ += fmt::format("| {} | - | {} | - | {} |\n", name, ours, note);
  }

 private:
  void row(const std::string& name, const std::string& printed, const std::string& ours, double ratio, bool good, const std::string& note) {
    ++(good ? verdicts_.reproduced : verdicts_.missed);
    out_ += fmt::format("| {} | {} | {} | {:.3f} | {}{} |\n", name, printed, ours, ratio,
                        good ? "reproduced" : fmt::format("not reproduced ({:+.1f} %)", (ratio - 1) * 100),
                        note.empty() ? "" : "; " + note);
  }
  std::string& out_;
  PaperVerdicts& verdicts_;
};

std::string row_name(const Table1Row& r) {
  if (r.weight_bits == 32) return r.model + " FP32";
  return r.model + (r.weight_bits == 0 ? " W3mp" : fmt::format(" W{}", r.weight_bits)) + fmt::format("A{}", r.act_bits);
}

class Report {
 public:
  Report(const PaperInputs& in, PaperVerdicts& verdicts, const std::function<void(double, const std::string&)>& progress)
      : in_(in), v_(verdicts), progress_(progress) {}

  std::string write() {
    head();
    table1();
    table2();
    table3();
    figure3();
    figure4();
    out_ += traffic_markdown(in_, [&](const std::string& what) { step(0.9, what); });
    step(1, "");
    std::string summary = fmt::format(
        "Of {} printed cells, {} are reproduced, {} are not, {} are not reproducible here.\n",
        v_.reproduced + v_.missed + v_.impossible, v_.reproduced, v_.missed, v_.impossible);
    const std::string mark = "@SUMMARY@";
    out_.replace(out_.find(mark), mark.size(), summary);
    const std::string claims = "@CLAIMS@";
    out_.replace(out_.find(claims), claims.size(), claims_markdown(in_.paper, claims_, in_.training_study));
    return out_;
  }

 private:
  void step(double share, const std::string& what) const {
    if (progress_) progress_(share, what);
  }
  const Network& network(const std::string& name) const { return name == "resnet50" ? in_.resnet50 : in_.resnet101; }

  void head() {
    out_ +=
        "<!-- SPDX-FileCopyrightText: 2026 The epim authors -->\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        "<!-- Made by `make paper`; do not edit. -->\n# The paper, table by table\n\n"
        "EPIM (DAC 2024, arXiv 2311.07620v3) beside this project. Printed numbers come from\n"
        "[`gen/paper/data/paper.toml`](../gen/paper/data/paper.toml), which names table or figure; ours are computed by `make paper`.\n\n"
        "@SUMMARY@\n"
        "A counted number (crossbars, rates, utilisation) is *reproduced* where it rounds to the printed digits; a simulated one\n"
        "(latency, energy) within 5 %. Nothing is tuned to a row: the model's constants are those that MNSIM 2.0 ships\n"
        "([`gen/cost/data/mnsim.toml`](../gen/cost/data/mnsim.toml)), and the choices that the paper leaves open are named where they matter.\n"
        "Accuracies of ImageNet networks are not reproducible here: there is neither ImageNet nor the time to train on it.\n\n"
        "@CLAIMS@";
  }

  /// Crossbars of a row by the paper's rule.
  NetworkCount count(const Table1Row& r) const {
    Network net = network(r.network);
    if (r.is_epitome()) apply_uniform(net, 1024, 256);
    // Three bits for all but the classifier: the printed 428 and 734 need a classifier of 4 or 5 bits.
    return count_network(net, uniform_bits(net, r.weight_bits, r.weight_bits == 3 ? 5 : 0), CountRule::paper);
  }

  void table1() {
    step(0.05, "Table 1");
    out_ += "\n## Table 1\n\n"
            "Crossbars by the rule `paper` ([estimate.md](estimate.md)), inferred from this table; it explains 11 of its 12 uniform\n"
            "rows, and the twelfth is left as it is. W3: the classifier keeps 5 bits, without which neither W3 row fits.\n"
            "Layer-wise rows: our own exact search ([search.md](search.md)) at the printed number of crossbars as the budget,\n"
            "candidates none, 256, 512, 1024, 2048 x 256 for every convolution of a block; the paper publishes neither its candidates\n"
            "nor its designs.\n";
    const std::string training = "needs training on ImageNet", traces = "needs Hessian traces of ImageNet networks";
    const std::string no_weights = "needs weights trained with its pruning";
    const auto baseline = [&](const Table1Row& r) {
      Table1Row plain = r;
      plain.epitome = "none";
      plain.weight_bits = 32;
      return static_cast<double>(count(plain).crossbars);
    };
    std::vector<std::optional<Found>> searched;
    for (const Table1Row& r : in_.paper.table1) {
      searched.emplace_back();
      if (r.epitome == "layer-wise")
        searched.back() = search_design(in_, network(r.network), table1_workload(r.weight_bits, r.act_bits), *r.crossbars,
                                        r.model.find("Energy") != std::string::npos ? Objective::energy : Objective::latency, {Wrap::off}, false);
    }
    {
      Rows t(out_, v_, "crossbars", "");
      for (std::size_t i = 0; i < in_.paper.table1.size(); ++i) {
        const Table1Row& r = in_.paper.table1[i];
        if (!r.crossbars) continue;
        if (r.uniform()) t.counted(row_name(r), *r.crossbars, static_cast<double>(count(r).crossbars), 0, r.network == "resnet101" && r.weight_bits == 5 ? "the rule that fits all others gives this; not fitted" : "");
        else if (searched[i]) t.extra(row_name(r), fmt::format("{:.0f}", searched[i]->crossbars), fmt::format("budget {:.0f}, the printed number", *r.crossbars));
        else t.impossible(row_name(r), fmt::format("{:.0f}", *r.crossbars), traces);
      }
    }
    {
      Rows t(out_, v_, "compression rate of crossbars", "");
      for (std::size_t i = 0; i < in_.paper.table1.size(); ++i) {
        const Table1Row& r = in_.paper.table1[i];
        if (!r.compression) continue;
        if (r.network == "resnet50" && r.weight_bits == 3 && r.is_epitome()) claims_.compression = baseline(r) / static_cast<double>(count(r).crossbars);
        if (r.uniform()) t.counted(row_name(r), *r.compression, baseline(r) / static_cast<double>(count(r).crossbars), 2);
        else if (searched[i]) t.extra(row_name(r), fmt::format("{:.2f}", baseline(r) / searched[i]->crossbars), fmt::format("printed {:.2f}", *r.compression));
        else t.impossible(row_name(r), fmt::format("{:.2f}", *r.compression), r.epitome == "pruned" ? no_weights + "; Table 3 counts it" : traces);
      }
    }
    const std::vector<Table1Row> uniform = uniform_rows(in_.paper);
    const Table1Emulation timed = emulate_table1(uniform, in_.resnet50, in_.resnet101, in_.data.mnsim, Table1Layers::timed);
    const Table1Emulation counted = emulate_table1(uniform, in_.resnet50, in_.resnet101, in_.data.mnsim, Table1Layers::counted);
    out_ += "\nLatency and energy: MNSIM 2.0 as it ships (`mnsim`, all quirks), 2-bit cells, a classifier of 10 outputs (MNSIM's data\n"
            "set), and one whole output position per activation. Which layers are epitomes is our own choice: `timed`, closer to\n"
            "the printed latencies; the set of the crossbar counts (`counted`) is given beside it.\n";
    for (const bool latency : {true, false}) {
      Rows t(out_, v_, latency ? "latency" : "energy", latency ? "ms" : "mJ");
      std::size_t at = 0;
      for (std::size_t i = 0; i < in_.paper.table1.size(); ++i) {
        const Table1Row& r = in_.paper.table1[i];
        const auto& printed = latency ? r.latency_ms : r.energy_mj;
        if (!printed) continue;
        if (r.uniform()) {
          const Table1Estimate &a = timed.rows[at], &b = counted.rows[at];
          ++at;
          t.simulated(row_name(r), *printed, latency ? a.latency_ms : a.energy_mj, 1,
                      r.is_epitome() ? fmt::format("`counted`: {:.1f}", latency ? b.latency_ms : b.energy_mj) : "");
        } else if (searched[i]) {
          t.simulated(row_name(r), *printed, latency ? searched[i]->latency_ms : searched[i]->energy_mj, 1, "our own design, not theirs");
        } else {
          t.impossible(row_name(r), fmt::format("{:.1f}", *printed), traces);
        }
      }
    }
    out_ += fmt::format("\nRoot mean square of the relative errors over the twelve uniform rows: latency {:.2f} %, energy {:.2f} % (`timed`);\n"
                        "{:.2f} % and {:.2f} % (`counted`).\n",
                        timed.latency_rms * 100, timed.energy_rms * 100, counted.latency_rms * 100, counted.energy_rms * 100);
    {
      Rows t(out_, v_, "utilisation", "%");
      for (std::size_t i = 0; i < in_.paper.table1.size(); ++i) {
        const Table1Row& r = in_.paper.table1[i];
        if (!r.utilisation) continue;
        if (r.uniform()) t.counted(row_name(r), *r.utilisation, 100 * count(r).utilisation, 1);
        else if (searched[i]) t.extra(row_name(r), fmt::format("{:.1f}", 100 * count_network(searched[i]->network, uniform_bits(searched[i]->network, r.weight_bits), CountRule::paper).utilisation), fmt::format("printed {:.1f}", *r.utilisation));
        else t.impossible(row_name(r), fmt::format("{:.1f}", *r.utilisation), traces);
      }
    }
    {
      Rows t(out_, v_, "accuracy", "%");
      for (const Table1Row& r : in_.paper.table1)
        if (r.accuracy) t.impossible(row_name(r), fmt::format("{:.2f}", *r.accuracy), training);
    }
  }

  void table2() {
    step(0.3, "Table 2");
    out_ += "\n## Table 2\n\nAccuracy with quantisation-aware training: one scale per layer, per crossbar, ranges weighted by overlap.\n";
    Rows t(out_, v_, "network and scheme", "%");
    for (const Table2Row& r : in_.paper.table2)
      for (const auto& [name, value] : {std::pair{"naive", r.naive}, std::pair{"per crossbar", r.crossbar}, std::pair{"overlap", r.overlap}})
        t.impossible(r.model + ", " + name, fmt::format("{:.2f}", value), "needs training on ImageNet");
    if (!std::filesystem::exists(in_.study)) {
      out_ += fmt::format("\nThe study on networks that can be trained here has no result yet (`{}`).\n",
                          std::filesystem::path(in_.study).filename().string());
      return;
    }
    out_ += "\nThe same comparison on networks that can be trained here ([quantisation.md](quantisation.md)); mean and standard deviation\n"
            "over the seeds, percent of the test images:\n";
    try {
      const auto study = nlohmann::ordered_json::parse(read_text(in_.study));
      out_ += fmt::format("\n| setting | scheme | naive | per crossbar | overlap | naive to per crossbar | per crossbar to overlap |\n|---|---|---|---|---|---|---|\n");
      for (const auto& [name, setting] : study.at("settings").items())
        for (const auto& scheme : setting.at("schemes")) {
          const auto cell = [&](const char* mode) {
            if (!scheme.at("modes").contains(mode)) return std::string("-");
            const auto& m = scheme.at("modes").at(mode);
            return fmt::format("{:.2f} ± {:.2f}", 100 * m.at("mean").get<double>(), 100 * m.at("std").get<double>());
          };
          const auto difference = [&](const char* key) {
            if (!scheme.at("differences").contains(key)) return std::string("-");
            const auto& d = scheme.at("differences").at(key);
            return fmt::format("{:+.2f} ± {:.2f}, {}", 100 * d.at("mean").get<double>(), 100 * d.at("ci95").get<double>(), d.at("verdict").get<std::string>());
          };
          out_ += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name, scheme.at("scheme").get<std::string>(), cell("naive"),
                              cell("per_crossbar"), cell("overlap"), difference("naive -> per_crossbar"), difference("per_crossbar -> overlap"));
        }
    } catch (const nlohmann::json::exception& e) {
      throw InputError({in_.study, 0, 0}, "study-format", e.what());
    }
  }

  void table3() {
    step(0.35, "Table 3");
    out_ += "\n## Table 3\n\nParameter compression, batch norm and classifier kept, at the nominal share of pruned weights. The paper does not say\n"
            "what was pruned; its numbers fit no single reading.\n";
    struct One {
      NetworkCount plain, epitome;
      Network network;
    };
    std::vector<One> nets;
    for (const Network* n : {&in_.resnet50, &in_.resnet101}) {
      One one{count_network(*n, uniform_bits(*n, 32), CountRule::paper), {}, *n};
      apply_uniform(one.network, 1024, 256);
      one.epitome = count_network(one.network, uniform_bits(one.network, 32), CountRule::paper);
      nets.push_back(std::move(one));
    }
    {
      Rows t(out_, v_, "parameter compression", "");
      for (const Table3Row& r : in_.paper.table3)
        for (std::size_t k = 0; k < 2; ++k) {
          const One& n = nets[k];
          const double printed = k == 0 ? r.resnet50 : r.resnet101;
          const std::string name = fmt::format("{}, ResNet-{}", r.method, k == 0 ? 50 : 101);
          if (r.method == "Epitome") {
            t.counted(name, printed, parameter_rate(n.plain, n.epitome), 2);
          } else if (r.method == "Epitome + Pruning") {
            t.counted(name, printed, element_pruning_rate(n.network, n.plain, n.epitome, 0.5, true), 2,
                      fmt::format("epitome and plain convolutions pruned; epitomes alone: {:.2f}", element_pruning_rate(n.network, n.plain, n.epitome, 0.5, false)));
          } else {
            const double share = r.method.find("75") != std::string::npos ? 0.75 : 0.5;
            t.counted(name, printed, element_pruning_rate(k == 0 ? in_.resnet50 : in_.resnet101, n.plain, n.plain, share, true), 2, "nominal share");
          }
        }
    }
    {
      Rows t(out_, v_, "accuracy", "%");
      for (const Table3Row& r : in_.paper.table3) {
        t.impossible(r.method + ", ResNet-50", fmt::format("{:.2f}", r.accuracy50), "needs training on ImageNet");
        t.impossible(r.method + ", ResNet-101", fmt::format("{:.2f}", r.accuracy101), "needs training on ImageNet");
      }
    }
    out_ += "\nCrossbars of a PIM-Prune-like network (our own definition: [`gen/paper/prune.hpp`](../gen/paper/prune.hpp)), FP32, seeded weights\n"
            "instead of trained ones, which decides where zeros lie, not how many. Element pruning of an epitome frees no crossbar: the\n"
            "zeros are scattered, so an epitome with 50 % element pruning needs the crossbars of the epitome.\n"
            "\n| network | pruned | unpruned | columns pruned, packed left | rows pruned | rows pruned, strips merged | rates | epitome 1024x256 |\n|---|---|---|---|---|---|---|---|\n";
    for (std::size_t k = 0; k < 2; ++k)
      for (const double share : {0.5, 0.75}) {
        step(0.4 + 0.1 * static_cast<double>(k), "pruning");
        const PruneCount p = pim_prune_like(k == 0 ? in_.resnet50 : in_.resnet101, share, 32, {}, prune_seed);
        const auto rate = [&](std::int64_t n) { return static_cast<double>(p.plain) / static_cast<double>(n); };
        out_ += fmt::format("| ResNet-{} | {:.1f} % | {} | {} | {} | {} | {:.2f}, {:.2f}, {:.2f} | {} ({:.2f}) |\n", k == 0 ? 50 : 101, 100 * p.share, p.plain,
                            p.columns, p.rows, p.rows_merged, rate(p.columns), rate(p.rows), rate(p.rows_merged), nets[k].epitome.crossbars,
                            static_cast<double>(nets[k].plain.crossbars) / static_cast<double>(nets[k].epitome.crossbars));
      }
    out_ += "\nTable 1 prints crossbar rates of 2.18 and 1.90 for PIM-Prune without saying at which share. Unpruned counts are below those of\n"
            "Table 1, because strips of pruned matrices cut channels, plain convolutions in Table 1 do not.\n";
  }

  void figure3() {
    step(0.6, "Figure 3");
    out_ += "\n## Figure 3\n\nWhat a uniform 256x256 design changes in single layers of ResNet-50. Latency: the layer's busy time (`mnsim`, FP32\n"
            "conventions of Table 1). The nodes are identified by the parameters saved. Layer 41 is drawn without numbers, and with this\n"
            "numbering it would be an addition.\n";
    const Network& plain = in_.resnet50;
    Network epitome = plain;
    apply_uniform(epitome, 256, 256);
    const MnsimWorkload w = table1_workload(32, 32);
    const MnsimResult a = evaluate_mnsim(plain, w, in_.data.mnsim, MnsimQuirks::compat());
    const MnsimResult b = evaluate_mnsim(epitome, w, in_.data.mnsim, MnsimQuirks::compat());
    const auto alone = [&](int node) {  // this layer alone is an epitome
      Network net = plain;
      net.nodes[static_cast<std::size_t>(node)].epitome = epitome.nodes[static_cast<std::size_t>(node)].epitome;
      infer_shapes(net);
      return evaluate_mnsim(net, w, in_.data.mnsim, MnsimQuirks::compat());
    };
    Rows t(out_, v_, "layer and quantity", "");
    for (const Figure3Layer& f : in_.paper.figure3) {
      const int node = plain.find(f.node);
      const auto weights = [&](const Network& n) {
        const EpitomeShape e = n.nodes[static_cast<std::size_t>(node)].weight_shape();
        return static_cast<double>(e.e_out) * e.e_in * e.p * e.q;
      };
      const std::string name = fmt::format("{} ({})", f.layer, f.node);
      const MnsimResult single = alone(node);
      const MnsimLayerResult &before = a.layer(f.node), &after = b.layer(f.node), &by_itself = single.layer(f.node);
      t.counted(name + ": parameters saved, thousands", f.parameters_k, (weights(plain) - weights(epitome)) / 1000, 1);
      t.simulated(name + ": latency added, ms", f.latency_ms, (after.busy - before.busy) * 1e-6, 1,
                  fmt::format("{:.1f} where this layer alone is an epitome", (by_itself.busy - before.busy) * 1e-6));
      t.simulated(name + ": energy added, mJ", f.energy_mj, (after.energy.total() - before.energy.total()) * 1e-6, 1,
                  fmt::format("{:.1f} where this layer alone is; fewer tiles cancel more activations", (by_itself.energy.total() - before.energy.total()) * 1e-6));
    }
    t.impossible("41", "drawn only", "no number is printed");
  }

  /// One design by a model.
  Found evaluate(const Network& net, bool rtl) const {
    Found f;
    f.crossbars = static_cast<double>(count_network(net, uniform_bits(net, 9), CountRule::paper).crossbars);
    if (rtl) {
      EstimateRequest r;
      r.mnsim = false;
      r.base = in_.base;
      const NetworkEstimate e = estimate_network(net, r, in_.data);
      f.latency_ms = static_cast<double>(e.cycles) * 1e-6;
      f.energy_mj = static_cast<double>(e.energy.total) * 1e-15;
    } else {
      const MnsimResult m = evaluate_mnsim(net, figure4_workload(), in_.data.mnsim, MnsimQuirks::compat());
      f.latency_ms = m.latency_ms();
      f.energy_mj = m.energy_mj();
    }
    return f;
  }

  void figure4() {
    out_ += "\n## Figure 4\n\nResNet-50, W9A9. *Uniform*: one epitome size. *Wrapping*: the same, output channels wrapped (`copies`). *Search*: our exact\n"
            "search without wrapping, at no more crossbars than the uniform design. *Both*: the same with wrapping as a choice.\n"
            "Activations are counted per patch. The search is exact in the sum of busy times (latency) or in energy; latency in the table is the\n"
            "model's own, pipelined one.\n";
    const Network& plain = in_.resnet50;
    double best[2][3] = {};
    Found base[2] = {evaluate(plain, false), evaluate(plain, true)};
    Found small;
    for (const bool rtl : {false, true}) {
      const char* unit = rtl ? "Mcycles" : "ms";
      out_ += fmt::format("\n### {}\n\nWithout epitomes: {:.0f} crossbars, {:.2f} {}, {:.2f} mJ.\n\n"
                          "| size | design | crossbars | {} | mJ | EDP | speed-up | energy | EDP over uniform |\n|---|---|---|---|---|---|---|---|---|\n",
                          rtl ? "Our own core (`rtl`), layer after layer" : "MNSIM (`mnsim`)", base[rtl].crossbars, base[rtl].latency_ms, unit,
                          base[rtl].energy_mj, unit);
      for (const int rows : {256, 512, 1024, 2048}) {
        step(0.65 + (rtl ? 0.12 : 0.0) + 0.03 * std::log2(rows / 256.0), fmt::format("Figure 4, {}x256", rows));
        Network uniform = plain, wrapped;
        apply_uniform(uniform, rows, 256);
        wrapped = uniform;
        for (Node& node : wrapped.nodes)
          if (node.epitome && node.epitome->e_out < node.cout) node.wrap = Wrap::copies;
        infer_shapes(wrapped);
        const Found u = evaluate(uniform, rtl), w = evaluate(wrapped, rtl);
        if (!rtl && rows == 256) small = u;
        const auto line = [&](const std::string& name, const Found& f) {
          out_ += fmt::format("| {}x256 | {} | {:.0f} | {:.2f} | {:.2f} | {:.1f} | {:.2f} | {:.2f} | {:.2f} |\n", rows, name, f.crossbars, f.latency_ms,
                              f.energy_mj, f.latency_ms * f.energy_mj, u.latency_ms / f.latency_ms, u.energy_mj / f.energy_mj,
                              u.latency_ms * u.energy_mj / (f.latency_ms * f.energy_mj));
        };
        line("uniform", u);
        line("wrapping", w);
        for (const auto& [name, wraps] : {std::pair{"search", std::vector<Wrap>{Wrap::off}}, std::pair{"both", std::vector<Wrap>{Wrap::off, Wrap::copies}}})
          for (const auto& [goal, objective] : {std::pair{"latency", Objective::latency}, std::pair{"energy", Objective::energy}, std::pair{"EDP", Objective::edp}}) {
            const Found f = search_design(in_, plain, figure4_workload(), u.crossbars, objective, wraps, rtl);
            line(fmt::format("{} for {}", name, goal), f);
            if (std::string(name) == "both") {
              best[rtl][0] = std::max(best[rtl][0], u.latency_ms / f.latency_ms);
              best[rtl][1] = std::max(best[rtl][1], u.energy_mj / f.energy_mj);
              best[rtl][2] = std::max(best[rtl][2], u.latency_ms * u.energy_mj / (f.latency_ms * f.energy_mj));
            }
          }
      }
    }
    claims_.speedup_mnsim = best[0][0];
    claims_.speedup_rtl = best[1][0];
    const Figure4Ratios& p = in_.paper.figure4;
    out_ += "\nPrinted ratios (\"up to\": the largest over the sizes above; the paper does not say which sizes it drew):\n";
    Rows t(out_, v_, "ratio", "");
    t.simulated("uniform 256x256 over no epitomes, latency (`mnsim`)", p.uniform_256_latency, small.latency_ms / base[0].latency_ms, 2, "the layer set is not published");
    t.simulated("uniform 256x256 over no epitomes, energy (`mnsim`)", p.uniform_256_energy, small.energy_mj / base[0].energy_mj, 2, "the layer set is not published");
    for (const bool rtl : {false, true}) {
      const char* model = rtl ? "`rtl`" : "`mnsim`";
      t.simulated(fmt::format("both over uniform, speed-up ({})", model), p.opt_speedup, best[rtl][0], 2);
      t.simulated(fmt::format("both over uniform, energy ({})", model), p.opt_energy, best[rtl][1], 2);
      t.simulated(fmt::format("both over uniform, EDP ({})", model), p.opt_edp, best[rtl][2], 2);
    }
  }

  const PaperInputs& in_;
  PaperVerdicts& v_;
  ClaimNumbers claims_;
  const std::function<void(double, const std::string&)>& progress_;
  std::string out_;
};

}  // namespace

std::string paper_markdown(const PaperInputs& inputs, PaperVerdicts& verdicts,
                           const std::function<void(double, const std::string&)>& progress) {
  return Report(inputs, verdicts, progress).write();
}

}  // namespace epim
