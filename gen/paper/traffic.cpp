// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gen/paper/searched.hpp"
#include "gen/paper/table1.hpp"

namespace epim {
namespace {

/// Rows of one quantity by both rules.
class Comparison {
 public:
  explicit Comparison(std::string& out) : out_(out) {
    out_ += "\n| what | printed | whole position | error | partial sums | error | nearer |\n|---|---|---|---|---|---|---|\n";
  }
  void row(const std::string& name, double printed, double whole, double partial, int digits) {
    const double a = whole / printed - 1, b = partial / printed - 1;
    const bool same = std::abs(a - b) < 1e-9;
    ++(same ? equal_ : std::abs(b) < std::abs(a) ? better_ : worse_);
    out_ += fmt::format("| {} | {:.{}f} | {:.{}f} | {:+.1f} % | {:.{}f} | {:+.1f} % | {} |\n", name, printed, digits, whole, digits, 100 * a,
                        partial, digits, 100 * b, same ? "the same" : std::abs(b) < std::abs(a) ? "partial sums" : "whole position");
  }
  std::string count() const { return fmt::format("{} nearer by partial sums, {} by whole positions, {} the same", better_, worse_, equal_); }

 private:
  std::string& out_;
  int better_ = 0, worse_ = 0, equal_ = 0;
};

struct Answer {
  double latency = 0, energy = 0;  ///< ms, mJ
  double edp() const { return latency * energy; }
};

class Hypothesis {
 public:
  Hypothesis(const PaperInputs& in, const std::function<void(const std::string&)>& progress) : in_(in), progress_(progress) {}

  std::string write() {
    out_ +=
        "\n## A hypothesis about traffic\n\n"
        "`--traffic partial-sums` ([estimate.md](estimate.md)): an epitome writes and reads its window anew for every activation,\n"
        "reads partial outputs once per input activation and writes outputs once. The paper says nothing of the kind; this section\n"
        "asks what the rule would explain. It is no default, and no verdict above uses it.\n";
    table1();
    figure3();
    figure4();
    return out_;
  }

 private:
  void step(const std::string& what) const {
    if (progress_) progress_("partial sums, " + what);
  }
  MnsimResult answer(const Network& net, MnsimWorkload w, Traffic traffic) const {
    w.traffic = traffic;
    return evaluate_mnsim(net, w, in_.data.mnsim, MnsimQuirks::compat());
  }

  void table1() {
    step("Table 1");
    const std::vector<Table1Row> rows = uniform_rows(in_.paper);
    const auto emulate = [&](Traffic t) { return emulate_table1(rows, in_.resnet50, in_.resnet101, in_.data.mnsim, Table1Layers::timed, t); };
    const Table1Emulation a = emulate(Traffic::whole_position), b = emulate(Traffic::partial_sums);
    for (const bool latency : {true, false}) {
      out_ += fmt::format("\nTable 1, {}, layer set `timed`:\n", latency ? "latency in ms" : "energy in mJ");
      Comparison c(out_);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const Table1Row& r = rows[i];
        if (!r.is_epitome()) continue;
        const std::string name = r.model + (r.weight_bits == 32 ? " FP32" : fmt::format(" W{}A{}", r.weight_bits, r.act_bits));
        if (latency) c.row(name, *r.latency_ms, a.rows[i].latency_ms, b.rows[i].latency_ms, 1);
        else c.row(name, *r.energy_mj, a.rows[i].energy_mj, b.rows[i].energy_mj, 1);
      }
      out_ += fmt::format("\nRows with epitomes: {}. Root mean square over the twelve uniform rows: {:.2f} % and {:.2f} %.\n", c.count(),
                          100 * (latency ? a.latency_rms : a.energy_rms), 100 * (latency ? b.latency_rms : b.energy_rms));
    }
  }

  void figure3() {
    step("Figure 3");
    out_ += "\nFigure 3, latency (ms) and energy (mJ) that a uniform 256x256 design adds to single layers:\n";
    Network epitome = in_.resnet50;
    apply_uniform(epitome, 256, 256);
    const MnsimWorkload w = table1_workload(32, 32);
    const MnsimResult plain = answer(in_.resnet50, w, Traffic::whole_position);
    const MnsimResult a = answer(epitome, w, Traffic::whole_position), b = answer(epitome, w, Traffic::partial_sums);
    Comparison c(out_);
    for (const Figure3Layer& f : in_.paper.figure3) {
      const MnsimLayerResult &p = plain.layer(f.node), &x = a.layer(f.node), &y = b.layer(f.node);
      c.row(fmt::format("{} ({}), latency", f.layer, f.node), f.latency_ms, (x.busy - p.busy) * 1e-6, (y.busy - p.busy) * 1e-6, 1);
      c.row(fmt::format("{} ({}), energy", f.layer, f.node), f.energy_mj, (x.energy.total() - p.energy.total()) * 1e-6,
            (y.energy.total() - p.energy.total()) * 1e-6, 1);
    }
  }

  Answer both_of(const Network& net, Traffic traffic) const {
    const MnsimResult r = answer(net, figure4_workload(), traffic);
    return {r.latency_ms(), r.energy_mj()};
  }
  void figure4() {
    const Figure4Ratios& p = in_.paper.figure4;
    const Network& plain = in_.resnet50;
    const Answer base = both_of(plain, Traffic::whole_position);
    out_ += "\nFigure 4, ratios, ResNet-50 W9A9, activations per patch; \"both\": the largest ratio over the four sizes of the section above:\n";
    Comparison c(out_);
    Network above = plain, timed = plain, chosen = plain;
    apply_uniform(above, 256, 256);
    apply_table1_layers(chosen, Table1Layers::timed);
    for (std::size_t i = 0; i < timed.nodes.size(); ++i)
      if (chosen.nodes[i].epitome) timed.nodes[i].epitome = uniform_epitome(timed.nodes[i], 256, 256);
    infer_shapes(timed);
    for (const auto& [name, uniform] : {std::pair{"as in the section above", &above}, std::pair{"`timed`", &timed}}) {
      const Answer a = both_of(*uniform, Traffic::whole_position), b = both_of(*uniform, Traffic::partial_sums);
      c.row(fmt::format("uniform 256x256 over no epitomes, latency, layers {}", name), p.uniform_256_latency, a.latency / base.latency, b.latency / base.latency, 2);
      c.row(fmt::format("uniform 256x256 over no epitomes, energy, layers {}", name), p.uniform_256_energy, a.energy / base.energy, b.energy / base.energy, 2);
    }
    double best[2][3] = {};
    for (const int rows : {256, 512, 1024, 2048}) {
      step(fmt::format("Figure 4, {}x256", rows));
      Network uniform = plain;
      apply_uniform(uniform, rows, 256);
      const auto budget = static_cast<double>(count_network(uniform, uniform_bits(uniform, 9), CountRule::paper).crossbars);
      for (const Traffic traffic : {Traffic::whole_position, Traffic::partial_sums}) {
        const Answer u = both_of(uniform, traffic);
        for (const Objective objective : {Objective::latency, Objective::energy, Objective::edp}) {
          const Found found = search_design(in_, plain, figure4_workload(traffic), budget, objective, {Wrap::off, Wrap::copies}, false);
          const Answer f{found.latency_ms, found.energy_mj};
          double* b = best[traffic == Traffic::partial_sums];
          b[0] = std::max(b[0], u.latency / f.latency);
          b[1] = std::max(b[1], u.energy / f.energy);
          b[2] = std::max(b[2], u.edp() / f.edp());
        }
      }
    }
    c.row("both over uniform, speed-up", p.opt_speedup, best[0][0], best[1][0], 2);
    c.row("both over uniform, energy", p.opt_energy, best[0][1], best[1][1], 2);
    c.row("both over uniform, EDP", p.opt_edp, best[0][2], best[1][2], 2);
    out_ += fmt::format("\nOf these rows, {}.\n", c.count());
  }

  const PaperInputs& in_;
  const std::function<void(const std::string&)>& progress_;
  std::string out_;
};

}  // namespace

std::string traffic_markdown(const PaperInputs& inputs, const std::function<void(const std::string&)>& progress) {
  return Hypothesis(inputs, progress).write();
}

}  // namespace epim
