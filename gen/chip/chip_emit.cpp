// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/chip/chip.hpp"
#include "gen/base/hash.hpp"
#include "gen/core/manifest.hpp"
#include "gen/core/register_map.hpp"

namespace epim {
namespace {

/// One line per word: `tlast` in the bit above the lanes.
std::string stream_hex(const std::vector<IntTensor>& maps, int lanes, int bits) {
  std::string text;
  const int width = lanes * bits + 1;
  for (const IntTensor& map : maps) {
    const auto words = stream_words(map, lanes);
    for (std::size_t w = 0; w < words.size(); ++w) {
      std::vector<int> digits(static_cast<std::size_t>((width + 3) / 4));
      const auto put = [&](int bit) { digits[static_cast<std::size_t>(bit / 4)] |= 1 << (bit % 4); };
      for (int l = 0; l < lanes; ++l)
        for (int i = 0; i < bits; ++i)
          if (words[w][static_cast<std::size_t>(l)] >> i & 1) put(l * bits + i);
      if (w + 1 == words.size()) put(width - 1);
      for (std::size_t d = digits.size(); d-- > 0;) text += "0123456789abcdef"[digits[d]];
      text += '\n';
    }
  }
  return text;
}

/// Program of a chip with a load port for $readmemh: `tlast` in the bit above the word.
std::string program_hex(const std::vector<LoadWord>& words) {
  std::string text;
  for (const LoadWord& w : words) text += fmt::format("{:d}{:016x}\n", w.last, w.data);
  return text;
}

/// What the testbench has for such a port: declarations, pins, and the words in front of the images.
struct LoadText {
  std::string signals, pins, read, send;
};
LoadText load_text(const ChipDesign& chip) {
  if (!chip.loaded()) return {};
  const int bits = chip_address_bits(chip);
  return {fmt::format("  // Load port; the bus is quiet.\n  localparam int Words_of_program = {};\n  logic load_valid, load_ready, load_last, irq;\n"
                      "  logic [63:0] load_data;\n  logic [64:0] program_words [0:Words_of_program-1];\n  integer loaded;\n",
                      chip_load_words(chip).size()),
          fmt::format("    .s_axil_awvalid_i(1'b0), .s_axil_awready_o(), .s_axil_awaddr_i({0}'d0), .s_axil_wvalid_i(1'b0), .s_axil_wready_o(), .s_axil_wdata_i(32'd0),\n"
                      "    .s_axil_wstrb_i(4'd0), .s_axil_bvalid_o(), .s_axil_bready_i(1'b1), .s_axil_bresp_o(), .s_axil_arvalid_i(1'b0), .s_axil_arready_o(),\n"
                      "    .s_axil_araddr_i({0}'d0), .s_axil_rvalid_o(), .s_axil_rready_i(1'b1), .s_axil_rdata_o(), .s_axil_rresp_o(), .irq_o(irq),\n"
                      "    .s_load_tvalid_i(load_valid), .s_load_tready_o(load_ready), .s_load_tdata_i(load_data), .s_load_tlast_i(load_last),\n",
                      bits),
          "    $readmemh(\"tb/program.hex\", program_words);\n    load_valid = 0;\n    load_data = 'x;\n    load_last = 0;\n    loaded = 0;\n",
          R"(    // The programs of all cores, then the cycles until the chip takes pixels.
    while (loaded < Words_of_program || in_ready !== 1'b1) begin
      load_valid = loaded < Words_of_program;
      if (load_valid) {load_last, load_data} = program_words[loaded];
      #4;
      if (load_valid && load_ready === 1'b1) begin
        loaded = loaded + 1;
        quiet = 0;
      end else quiet = quiet + 1;
      if (quiet == 1000) begin
        $display("FAIL the chip does not start: %0d of %0d words taken, error_o %b", loaded, Words_of_program, error);
        $finish;
      end
      #1 clk = 1;
      #1 load_valid = 0;
      #4 clk = 0;
    end
    quiet = 0;
    cycles = 0;
)"};
}

std::string testbench(const ChipDesign& chip, const ChipStimulus& stimulus) {
  const LoadText load = load_text(chip);
  const int out = static_cast<int>(chip.graph.blocks.size()) - 1;
  const auto bits = [&](int block) { return chip.graph.lanes * chip.types[static_cast<std::size_t>(block)].bits; };
  const auto words = [&](int block) {
    return static_cast<std::int64_t>(stimulus.images.size()) * chip.graph.blocks[static_cast<std::size_t>(block)].out.words();
  };
  return fmt::format(R"(// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0

/// Streams the images of tb/pixels.hex through {0}, back to back, and compares every word that comes out with
/// tb/expected.hex (golden model). +stalls=P stalls both streams in P percent of the cycles, +seed=N seeds that.
/// +images=N plays the first N of them.
/// Run from the folder above: iverilog -g2012 -s {0}_tb -o chip.vvp -f epim.f tb/{0}_tb.sv && vvp -n chip.vvp
module {0}_tb;
  localparam int Images = {5}, Pixels = {1}, Beats = {2}, InW = {3}, OutW = {4};
  localparam int Lanes = {6}, Bits = {7}, Channels = {8}, Words = {9};  // of a place of the output map
  localparam int InDataW = 8 * ((InW + 7) / 8), OutDataW = 8 * ((OutW + 7) / 8);

  logic clk, rst_n, in_valid, in_ready, in_last, out_valid, out_ready, out_last, error;
  logic [InDataW-1:0]  in_data;
  logic [OutDataW-1:0] out_data, held;
  logic                held_last, holding;
  logic [InW:0]        pixels [0:Pixels-1];
  logic [OutW:0]       expected [0:Beats-1];
  logic [OutW:0]       differs;  // lanes that the map does not have do not count
  integer sent, got, cycles, stalls, seed, wrong, quiet, lane, images, pixels_due, beats_due;
{10}
  {0} dut (
    .clk_i(clk), .rst_ni(rst_n),
{11}    .s_axis_tvalid_i(in_valid), .s_axis_tready_o(in_ready), .s_axis_tdata_i(in_data), .s_axis_tlast_i(in_last),
    .m_axis_tvalid_o(out_valid), .m_axis_tready_i(out_ready), .m_axis_tdata_o(out_data), .m_axis_tlast_o(out_last),
    .error_o(error)
  );

  initial begin
    $readmemh("tb/pixels.hex", pixels);
    $readmemh("tb/expected.hex", expected);
{12}    if (!$value$plusargs("stalls=%d", stalls)) stalls = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("images=%d", images) || images < 1 || images > Images) images = Images;
    pixels_due = Pixels / Images * images;
    beats_due = Beats / Images * images;
    clk = 0; rst_n = 0; in_valid = 0; in_last = 0; in_data = 'x; out_ready = 0; holding = 0;
    sent = 0; got = 0; wrong = 0; quiet = 0; cycles = -3;  // reset ends two clocks later inside
    repeat (4) #5 clk = !clk;
    rst_n = 1;
{13}    while (got < beats_due && wrong == 0 && quiet < 100000) begin
      if (!in_valid && cycles >= 0 && sent < pixels_due && ($urandom(seed) % 100 >= stalls)) begin
        in_valid = 1;
        in_data  = {{{{(InDataW-InW){{1'b0}}}}, pixels[sent][InW-1:0]}};
        in_last  = pixels[sent][InW];
      end
      out_ready = $urandom(seed) % 100 >= stalls;
      #4;
      quiet = quiet + 1;
      if (out_valid !== 1'b0 && out_valid !== 1'b1) begin
        $display("FAIL cycle %0d: m_axis_tvalid is %b", cycles, out_valid);
        wrong = wrong + 1;
      end
      if (holding && (!out_valid || out_data !== held || out_last !== held_last)) begin
        $display("FAIL cycle %0d: a waiting word changed", cycles);
        wrong = wrong + 1;
      end
      holding   = out_valid && !out_ready;
      held      = out_data;
      held_last = out_last;
      if (out_valid && out_ready) begin
        differs = {{out_last, out_data[OutW-1:0]}} ^ expected[got];
        for (lane = 0; lane < Lanes; lane = lane + 1)
          if (got % Words * Lanes + lane >= Channels) differs[lane*Bits +: Bits] = '0;
        if (differs !== '0) begin
          $display("FAIL cycle %0d: word %0d is %h, expected %h", cycles, got, {{out_last, out_data[OutW-1:0]}}, expected[got]);
          wrong = wrong + 1;
        end
        got   = got + 1;
        quiet = 0;
      end
      #1 clk = 1;
      if (in_valid && in_ready === 1'b1) begin
        sent  = sent + 1;
        quiet = 0;
        #1 in_valid = 0;
        in_data = 'x;
        in_last = 1'bx;
        #4;
      end else #5;
      clk = 0;
      cycles = cycles + 1;
    end
    if (wrong == 0 && got == beats_due && error === 1'b0)
      $display("PASS %0d images, %0d words in %0d cycles", images, got, cycles);
    else
      $display("FAIL after %0d of %0d words, error_o %b", got, beats_due, error);
    $finish;
  end
endmodule
)",
                     chip.module, words(0), words(out), bits(0), bits(out), stimulus.images.size(),
                     chip.graph.lanes, chip.types.back().bits, chip.types.back().channels, chip.graph.blocks.back().out.blocks, load.signals, load.pins, load.read, load.send);
}

std::string readme(const ChipDesign& chip, const Config& config) {
  const ChipGraph& g = chip.graph;
  std::string s = fmt::format("# {}\n\nNetwork {} as one chip, generated by `epim gen --top network` from configuration {}.\n\n"
                              "| block | kind | core |\n|---|---|---|\n",
                              chip.module, g.name, config.name);
  for (std::size_t b = 0; b < g.blocks.size(); ++b) {
    const ChipCore* core = chip.core_of(static_cast<int>(b));
    s += fmt::format("| {} | {} | {} |\n", g.blocks[b].name, name_of(g.blocks[b].kind),
                     core ? fmt::format("{}x{} PEs of {}x{}, {} words of buffer, accumulators of {} bits, {} bits out", core->hw.pe_rows,
                                        core->hw.pe_cols, core->hw.xb_rows, core->hw.xb_cols, core->hw.buffer_words,
                                        core->hw.acc_bits, core->hw.out_bits)
                          : "");
  }
  s += "\n| FIFO | words | bits per lane |\n|---|---|---|\n";
  for (std::size_t f = 0; f < g.streams.size(); ++f) {
    const StreamType& t = chip.types[static_cast<std::size_t>(g.streams[f].from)];
    s += fmt::format("| {} | {} | {}{} |\n", g.stream_name(static_cast<int>(f)), g.streams[f].depth, t.bits,
                     t.is_signed() ? " signed" : "");
  }
  if (chip.loaded())
    s += fmt::format("\n`program.bin` holds the frames of all {} cores, {} words of 64 bits, least significant byte first: send it to the load port as it is,\n"
                     "`tlast` with the last word of each frame (docs/load.md). `registers.md` and `include/epim_regs.h`: the bus.\n",
                     chip.cores.size(), chip_load_words(chip).size());
  s += fmt::format("\n`epim.f` lists the sources in compile order; images are read from `mem/` of the folder where the\n"
                   "tool runs, or from the folder that the parameter `MemDir` names. From this folder:\n\n"
                   "```\niverilog -g2012 -s {0}_tb -o chip.vvp -f epim.f tb/{0}_tb.sv && vvp -n chip.vvp\n"
                   "verilator --binary --timing -Wno-fatal -Wno-lint --top-module {0}_tb -f epim.f tb/{0}_tb.sv && obj_dir/V{0}_tb\n```\n",
                   chip.module);
  return s;
}

}  // namespace

Elaboration elaborate_chip(const ChipDesign& chip, const ElaborateOptions& options) {
  Elaboration e = chip_top(chip, options);
  std::vector<std::string> blocks = {"epim_fifo", "epim_reset_sync"};
  if (!options.cores_outside) blocks.push_back("epim_core");
  if (chip.loaded()) blocks.insert(blocks.end(), {"epim_axil_router", "epim_chip_control"});
  for (std::size_t b = 0; b < chip.graph.blocks.size(); ++b) {
    const std::string module = chip_module(chip, static_cast<int>(b));
    if (!module.empty() && module != "epim_core") blocks.push_back(module);
    if (chip.graph.blocks[b].kind != BlockKind::table) continue;
    const int bits = chip.types[b].bits;
    std::string& text = e.images[chip.ids[b] + "/table.hex"];
    for (std::int64_t y : chip_table(chip, static_cast<int>(b)))
      text += fmt::format("{:0{}x}\n", y & ((std::int64_t{1} << bits) - 1), (bits + 3) / 4);
  }
  e.blocks = block_files(blocks);
  for (const ChipCore& core : chip.cores) {
    if (options.cores_outside || chip.loaded()) break;
    const CoreParameters p = core_parameters(core.hw, {core.layer});
    for (auto& [name, text] : program_images(p, build_program(p, core.layer, core.data), chip.common.storage == Storage::ram))
      e.images[chip.ids[static_cast<std::size_t>(core.block)] + "/" + name] = std::move(text);
  }
  return e;
}

FileSet emit_chip(const ChipDesign& chip, const Config& config, const CompiledNetwork& net, const ChipStimulus& stimulus) {
  FileSet files;
  Manifest manifest;
  manifest.name = config.name;
  manifest.top = chip.module;
  manifest.library = "chip";
  manifest.description = "Epitome processing-in-memory network " + chip.graph.name + " as one chip";
  Elaboration plain = elaborate_chip(chip);
  for (auto& [name, text] : plain.sources()) {
    manifest.sources.push_back("rtl/" + name);
    files["rtl/" + name] = std::move(text);
  }
  for (auto& [name, text] : plain.images) {
    manifest.data.push_back(kMemDir + name);
    files[kMemDir + name] = std::move(text);
  }
  if (!stimulus.images.empty()) {
    files["tb/" + chip.module + "_tb.sv"] = testbench(chip, stimulus);
    files["tb/pixels.hex"] = stream_hex(stimulus.images, chip.graph.lanes, chip.types.front().bits);
    files["tb/expected.hex"] = stream_hex(stimulus.outputs, chip.graph.lanes, chip.types.back().bits);
  }
  if (chip.loaded()) {
    const std::vector<LoadWord> words = chip_load_words(chip);
    files["program.bin"] = load_bytes(words);
    if (!stimulus.images.empty()) files["tb/program.hex"] = program_hex(words);
    files["registers.md"] = registers_markdown();
    files["include/epim_regs.h"] = registers_c();
  }
  files["epim.f"] = file_list(manifest);
  files["epim_dir.f"] = file_list(manifest, "$(EPIM_DIR)/");
  files[config.name + ".core"] = fusesoc_core(manifest);
  files["Bender.yml"] = bender_yml(manifest);
  files["README.md"] = readme(chip, config);
  std::vector<Layer> shapes;
  for (const CompiledLayer& l : net.layers) shapes.push_back(l.layer);
  std::string cores = "\n# cores: name pe_rows pe_cols buffer_words acc_bits out_bits\n";
  for (const ChipCore& core : chip.cores)
    cores += fmt::format("# {} {} {} {} {} {}\n", core.layer.name, core.hw.pe_rows, core.hw.pe_cols, core.hw.buffer_words,
                         core.hw.acc_bits, core.hw.out_bits);
  for (const ChipBlock& block : chip.graph.blocks)
    if (block.kind == BlockKind::merge) cores += fmt::format("# {}: {} copies\n", block.name, block.copies);
  files["resolved.toml"] = resolved_toml(config, chip.common, shapes) + cores;
  nlohmann::ordered_json marker = {{"tool", "epim"},
                                   {"schema", 1},
                                   {"name", config.name},
                                   {"hardware_hash", hash_text(hardware_hash(chip.common))},
                                   {"config_hash", hash_text(fnv1a(files["resolved.toml"]))},
                                   {"top", chip.module}};
  for (std::size_t b = 0; b < chip.graph.blocks.size(); ++b) {
    nlohmann::ordered_json block = {{"name", chip.graph.blocks[b].name}, {"kind", name_of(chip.graph.blocks[b].kind)}};
    if (const ChipCore* core = chip.core_of(static_cast<int>(b)))
      block.update({{"pe_rows", core->hw.pe_rows},
                    {"pe_cols", core->hw.pe_cols},
                    {"buffer_words", core->hw.buffer_words},
                    {"acc_bits", core->hw.acc_bits},
                    {"out_bits", core->hw.out_bits}});
    marker["blocks"].push_back(block);
  }
  for (std::size_t f = 0; f < chip.graph.streams.size(); ++f)
    marker["fifos"].push_back({{"name", chip.graph.stream_name(static_cast<int>(f))}, {"depth", chip.graph.streams[f].depth}});
  for (const auto& [name, text] : files) marker["files"][name] = hash_text(fnv1a(text));
  files[kMarkerFile] = marker.dump(2) + "\n";
  return files;
}

}  // namespace epim
