// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "gen/command/command.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/paper/report.hpp"

namespace epim::command {

void add_paper(CLI::App& app) {
  auto out = std::make_shared<std::string>("docs/paper.md");
  CLI::App* verb = app.add_subcommand("paper", "Compute the paper's tables and figures and write them beside the printed numbers");
  verb->add_option("-o,--out", *out, "Markdown file")->capture_default_str();
  verb->footer("Example: epim paper --out docs/paper.md");
  verb->callback([out] {
    PaperInputs in;
    in.paper = load_paper_numbers(home() + "/gen/paper/data/paper.toml");
    in.resnet50 = load_network(network_file("resnet50"));
    in.resnet101 = load_network(network_file("resnet101"));
    in.data = load_estimate_data(home());
    in.base = network_hardware("256x256", 9, 9, 16, {});
    in.study = home() + "/models/digits/quantisation_study.json";
    in.training_study = home() + "/study/results/summary.json";
    PaperVerdicts verdicts;
    std::string text;
    {
      Progress progress("paper");
      text = paper_markdown(in, verdicts, [&](double share, const std::string& what) { progress.update(share, what); });
    }
    write_file_atomically(*out, text);
    fmt::print("{}: {} cells reproduced, {} not reproduced, {} not reproducible here\n", *out, verdicts.reproduced, verdicts.missed,
               verdicts.impossible);
  });
}

}  // namespace epim::command
