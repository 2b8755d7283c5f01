// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/chip.hpp"
#include "gen/command/command.hpp"
#include "gen/base/hash.hpp"

namespace epim::command {

void add_gen(CLI::App& app) {
  struct Options {
    ConfigOptions config;
    ChipOptions chip;
    std::string out;
    bool json = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("gen", "Generate SystemVerilog, images, manifests and register map");
  o->config.add(*verb);
  o->chip.add(*verb);
  verb->add_option("-o,--out", o->out, "Output folder; replaced as a whole if epim made it")->required();
  verb->add_flag("--json", o->json, "Summary as JSON on stdout");
  verb->footer("Examples: epim gen --config configs/layer3.toml --crossbar 128x128 --set hardware.adc_bits=6 --out out/l3\n"
               "          epim gen --top network --config configs/digits_residual.toml --out out/chip");
  verb->callback([o] {
    if (o->chip.network()) {
      gen_chip(o->config, o->chip, o->out, o->json);
      return;
    }
    const Config config = o->config.load();
    const Prepared p = prepare(config);
    const Hardware& hw = p.core.hw;
    const FileSet files = emit(config, p.core, p.layers);
    write_output_folder(o->out, files);
    if (o->json) {
      std::cout << files.at(kMarkerFile);
      return;
    }
    fmt::print("{}: {} files, hardware {}\n", o->out, files.size(), hash_text(hardware_hash(p.core)));
    for (const EmitLayer& l : p.layers) {
      const LayerTables t = build_tables(hw, l.layer);
      fmt::print("  {}: {} patches, {} activations per position, {} IFRT sequences, wrapping: {}\n", l.layer.name, t.patches,
                 t.fired_patches, t.ifrt.size(), t.wrapping);
    }
    fmt::print("  {}x{} PEs of {}x{} cells of {} bits, {} crossbars; top module epim_top in {}/rtl\n", hw.pe_rows,
               hw.pe_cols, hw.xb_rows, hw.xb_cols, hw.cell_bits, hw.crossbars(hw.pe_rows, hw.pe_cols), o->out);
  });
}

}  // namespace epim::command
