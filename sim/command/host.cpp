// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/fpga/board.hpp"
#include "gen/base/hash.hpp"
#include "golden/evaluate.hpp"
#include "gen/network/scale_check.hpp"
#include "sim/network_run.hpp"
#include "sim/serial_port.hpp"
#include "sim/simulated_board.hpp"

namespace epim::command {
namespace {

struct HostArguments {
  ConfigOptions config;
  std::string port, other, signature;
  int baud = 115200, clocks_per_bit = 4, images = 1, first = 0;
  bool simulate = false, self_test = false, pty = false, check = false, json = false;
};

/// The board, however it is reached. Members in the order of their construction.
struct Board {
  std::unique_ptr<SimulatedBoard> simulated;
  std::unique_ptr<BoardOnPty> pty;
  std::unique_ptr<SerialPort> serial;
  std::unique_ptr<UartLink> link;
  std::string name;
};

Board reach(const HostArguments& o, const Config& config, const Prepared& p) {
  Board b;
  UartLinkOptions link;
  b.name = o.port;
  if (o.simulate) {
    BoardTop top;
    top.clocks_per_bit = o.clocks_per_bit;
    top.timeout_bits = 12;
    BuildOptions build;
    build.cache = cache();
    const Config asked = o.other.empty() ? config : load_config(o.other);
    const Prepared other_board = o.other.empty() ? Prepared{} : prepare(asked);
    const Prepared& on_board = o.other.empty() ? p : other_board;
    if (o.self_test) {
      top.self_test = self_test(on_board.core, on_board.layers.at(0), asked.locate("hardware.tables"));
      if (!o.signature.empty()) top.self_test.signature = static_cast<std::uint32_t>(std::stoul(o.signature, nullptr, 16));
    }
    if (!o.json) fmt::print(stderr, "building the board's model...\n");
    // 40 clocks stand for a millisecond: the link's waits are then longer than the bridge's 2^12 clocks.
    b.simulated = std::make_unique<SimulatedBoard>(build_board(on_board.core, on_board.layers, top, build), o.clocks_per_bit, 40);
    b.name = "the simulated board";
    if (o.self_test && !b.simulated->self_test()) throw Failed("the self-test failed: its LED is on");
    if (o.pty) {
      b.pty = std::make_unique<BoardOnPty>(*b.simulated);
      b.name = b.pty->path();
    }
  }
  if (b.simulated && !b.pty) {
    b.link = std::make_unique<UartLink>(*b.simulated, link);
  } else {
    b.serial = std::make_unique<SerialPort>(b.name, o.baud);
    b.link = std::make_unique<UartLink>(*b.serial, link);
  }
  return b;
}

void check_bitstream(Board& b, const CoreSpec& core, const CoreParameters& p) {
  const auto wrong = [&](const std::string& what) {
    throw InputError({b.name, 0, 0}, "wrong-bitstream", what + "; legal: the bitstream that epim fpga made from this configuration");
  };
  const std::uint64_t hash = hardware_hash(core);
  try {
    check_identity(*b.link, hash);
  } catch (const InputError& e) {
    wrong(fmt::format("the bitstream is not of hardware {}: {}", hash_text(hash), e.what()));
  }
  if (b.link->tag() != board_tag(p)) wrong("the bitstream has this hardware, but tables for other layers");
}

struct LayerRow {
  std::string name;
  std::size_t frames = 0;
  std::uint64_t load_bytes = 0, bytes = 0;   ///< both directions: to load the layer; to run it
  double seconds = 0;
  bool identical = false;
};

void run_host(const HostArguments& o) {
  if (o.simulate == !o.port.empty())
    throw InputError({"--port", 0, 0}, "bad-argument", "one of --port DEVICE and --simulate is needed");
  const Config config = o.config.load();
  const Prepared p = prepare(config);
  std::vector<Layer> shapes;
  for (const EmitLayer& l : p.layers) shapes.push_back(l.layer);
  const CoreParameters parameters = core_parameters(p.core.hw, shapes);
  const bool rom = p.core.tables == Tables::rom;

  LabelledImages set;
  if (p.network) {
    set = load_images(config, p.network->network, o.first + o.images);
    check_scales(*p.network, set.images);
    if (set.images.size() <= static_cast<std::size_t>(o.first))
      throw InputError({"--first", 0, 0}, "bad-argument", fmt::format("{}: there are {} images", o.first, set.images.size()));
    set.images.erase(set.images.begin(), set.images.begin() + o.first);
    if (!set.labels.empty()) set.labels.erase(set.labels.begin(), set.labels.begin() + o.first);
  }

  Board board = reach(o, config, p);
  UartLink& link = *board.link;
  check_bitstream(board, p.core, parameters);
  std::vector<LayerRow> rows;
  Progress progress("host");
  const auto run_one = [&](std::size_t l, const std::vector<IntTensor>& inputs) {
    const auto begin = std::chrono::steady_clock::now();
    const EmitLayer& e = p.layers[l];
    LayerRow row;
    row.name = e.layer.name;
    row.frames = inputs.size();
    const GoldenLayer golden(p.core.hw, e.layer, e.data);
    const std::uint64_t before = link.bytes_sent() + link.bytes_received();
    load_program(link, build_program(parameters, e.layer, e.data), rom);
    link.check_transfer();
    const std::uint64_t loaded = link.bytes_sent() + link.bytes_received();
    std::vector<IntTensor> outputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      progress.update((static_cast<double>(l) + static_cast<double>(i) / static_cast<double>(inputs.size())) / static_cast<double>(p.layers.size()),
                      e.layer.name);
      golden.check_input(inputs[i]);
      outputs.push_back(link.run(p.core.hw, e.layer, inputs[i]));
      if (!o.check) continue;
      EventCounts events;
      const IntTensor want = golden.run(inputs[i], events);
      for (std::size_t k = 0; k < want.size(); ++k)
        if (outputs.back().data[k] != want.data[k])
          throw CheckFailed("output", fmt::format("layer {}, image {}, value {} of {}: board {} golden {}", e.layer.name,
                                                  o.first + static_cast<int>(i), k, want.size(), outputs.back().data[k], want.data[k]));
    }
    row.load_bytes = loaded - before;
    row.bytes = link.bytes_sent() + link.bytes_received() - loaded;
    row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    row.identical = o.check;
    rows.push_back(row);
    return outputs;
  };
  std::vector<IntTensor> outputs;
  if (p.network) outputs = walk_network(*p.network, set.images, run_one);
  else outputs = run_one(0, {p.input});
  progress.clear();

  const std::string clocks = board.simulated && !board.pty ? fmt::format("{}", board.simulated->clocks()) : "";
  std::size_t right = 0;
  if (o.json) {
    nlohmann::ordered_json j = {{"board", o.simulate ? (o.pty ? "simulated, over a pseudo-terminal" : "simulated") : o.port},
                                {"hardware", hash_text(hardware_hash(p.core))}, {"checked", o.check}};
    if (o.self_test) j["self_test"] = "passed";
    for (const LayerRow& r : rows)
      j["layers"].push_back({{"layer", r.name}, {"frames", r.frames}, {"load_bytes", r.load_bytes}, {"run_bytes", r.bytes}, {"identical", o.check ? nlohmann::ordered_json(r.identical) : nullptr}});
    for (std::size_t i = 0; p.network && i < outputs.size(); ++i) {
      j["images"].push_back({{"image", o.first + static_cast<int>(i)}, {"class", argmax(outputs[i])}, {"output", outputs[i].data}});
      if (!set.labels.empty()) j["images"].back()["label"] = set.labels[i];
    }
    if (!clocks.empty()) j["clocks"] = board.simulated->clocks();
    std::cout << j.dump(2) << "\n";
    return;
  }
  if (o.self_test) fmt::print("the self-test passed: its LED is on\n");
  fmt::print("board of hardware {} on {}\n", hash_text(hardware_hash(p.core)), o.simulate && !o.pty ? "simulated UART pins" : board.name);
  fmt::print("{:<16} {:>7} {:>12} {:>12} {:>9} {:>11}\n", "layer", "images", "load bytes", "run bytes", "seconds", "outputs");
  for (const LayerRow& r : rows)
    fmt::print("{:<16} {:>7} {:>12} {:>12} {:>9.2f} {:>11}\n", r.name, r.frames, r.load_bytes, r.bytes, r.seconds, o.check ? "identical" : "not checked");
  for (std::size_t i = 0; p.network && i < outputs.size(); ++i) {
    const int c = argmax(outputs[i]);
    fmt::print("image {}: class {}{}\n", o.first + static_cast<int>(i), c,
               set.labels.empty() ? "" : fmt::format(", label {}", set.labels[i]));
    right += !set.labels.empty() && c == set.labels[i];
  }
  if (outputs.size() > 1 && !set.labels.empty()) fmt::print("{} of {} right\n", right, outputs.size());
  if (!clocks.empty()) fmt::print("{} clocks simulated\n", clocks);
}

}  // namespace

void add_host(CLI::App& app) {
  auto o = std::make_shared<HostArguments>();
  CLI::App* verb = app.add_subcommand("host", "Run a layer or a network on an FPGA board over its serial line, or on a simulated one");
  o->config.add(*verb);
  verb->add_option("--port", o->port, "Serial device of the board, such as /dev/ttyUSB1");
  verb->add_option("--baud", o->baud, "Baud rate of the bitstream")->capture_default_str();
  verb->add_flag("--simulate", o->simulate, "The board top in Verilator, driven at its serial pins");
  verb->add_flag("--pty", o->pty, "With --simulate: through a pseudo-terminal, as through a serial device");
  verb->add_option("--clocks-per-bit", o->clocks_per_bit, "Of the simulated line")->check(CLI::Range(4, 100000))->capture_default_str();
  verb->add_option("--first", o->first, "First image")->check(CLI::Range(0, 1000000))->capture_default_str();
  verb->add_option("--images", o->images, "Number of images ([network])")->check(CLI::Range(1, 1000000))->capture_default_str();
  verb->add_option("--board-config", o->other, "With --simulate: configuration of the board, where it is another one");
  verb->add_flag("--self-test", o->self_test, "With --simulate: a board with self-test, which runs first; needs hardware.tables = \"rom\"");
  verb->add_option("--signature", o->signature, "With --self-test: another expected signature, hexadecimal, to see the test fail")
      ->check([](const std::string& v) {
        return v.size() <= 8 && !v.empty() && v.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos ? "" : "legal: up to 8 hexadecimal digits";
      });
  verb->add_flag("--check", o->check, "Compare every layer's output with the golden model");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer("Layers with weights run on the board, one after the other; pools and additions on the host.\n"
               "Examples:\n  epim host --config configs/fpga/digits_small.toml --simulate --check\n"
               "  epim host --config configs/fpga/digits_small.toml --port /dev/ttyUSB1 --images 10 --check\n"
               "Boards, bitstreams and the protocol: docs/fpga.md");
  verb->callback([o] {
    if (!o->simulate && (o->pty || o->self_test || !o->other.empty()))
      throw InputError({"--simulate", 0, 0}, "bad-argument", "--pty, --self-test and --board-config go with --simulate");
    if (!o->signature.empty() && !o->self_test) throw InputError({"--signature", 0, 0}, "bad-argument", "goes with --self-test");
    run_host(*o);
  });
}

}  // namespace epim::command
