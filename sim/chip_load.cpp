// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_load.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

#include <fmt/format.h>

#include "gen/core/register_map.hpp"
#include "gen/network/walk.hpp"
#include "golden/events.hpp"
#include "golden/timing/chip_load.hpp"
#include "sim/chip_core.hpp"
#include "sim/chip_frame.hpp"
#include "sim/chip_run.hpp"
#include "sim/chip_traffic.hpp"

namespace epim {
namespace chip_load {
namespace {

constexpr std::uint32_t hold = 1, stop = 2;
constexpr std::uint32_t running = 1, complete = 2, busy = 4, dropping = 8, core_error = 1 << 8, length_error = 1 << 9;
constexpr std::uint32_t irq_image = 1, irq_error = 2, irq_started = 4, irq_stopped = 8;
constexpr std::uint32_t there = 1u << 31;

void require(bool ok, const char* stage, const std::string& text) {
  if (!ok) throw CheckFailed(stage, text);
}

/// A chip that simulates and, where it is a frame, its cores.
class Host {
 public:
  Host(const ChipDesign& chip, const std::string& object, const std::vector<std::string>& cores) : host_(std::make_unique<ChipHost>(chip, object)) {
    if (!cores.empty()) cores_ = link_cores(chip, *host_, cores);
    host_->reset();
  }
  ChipHost& operator*() const { return *host_; }
  ChipHost* operator->() const { return host_.get(); }

 private:
  std::unique_ptr<ChipHost> host_;
  std::shared_ptr<void> cores_;
};

/// Two networks of one shape, their chips, some images and what both make of them.
struct Bench {
  Config config;
  CompiledNetwork net_a, net_b;
  ChipDesign a, b;
  std::vector<IntTensor> images, golden_a, golden_b;
  BuiltChip built;
  std::vector<std::string> core_objects;  ///< where `built` is a frame
  Random random{1};

  int cores() const { return static_cast<int>(a.cores.size()); }
  Host host() const { return {a, built.object, core_objects}; }
  Host loaded_host() const {
    auto h = host();
    h->load(chip_load_words(a), false);
    return h;
  }
  void image_through(ChipHost& h, std::size_t n, const std::vector<IntTensor>& golden, int percent = 20) {
    ChipTraffic t(a, h, random.uniform(1, 1 << 30), percent);
    t.send(images[n]);
    t.expect(golden[n]);
    t.finish();
  }
};

/// Other weights and biases in the same hardware.
CompiledNetwork other_weights(CompiledNetwork net) {
  for (CompiledLayer& layer : net.layers) {
    IntTensor& e = layer.data.epitome;
    const IntTensor before = e;
    const int outs = e.shape[0], ins = e.shape[1], p = e.shape[2], q = e.shape[3];
    for (int o = 0; o < outs; ++o)
      for (int c = 0; c < ins; ++c)
        for (int i = 0; i < p; ++i)
          for (int j = 0; j < q; ++j) e(o, c, i, j) = before((o + 1) % outs, c, p - 1 - i, j);
    std::reverse(layer.data.channel_bias.data.begin(), layer.data.channel_bias.data.end());
  }
  return net;
}

Bench make_bench(const std::string& config_file, const BuildOptions& build, std::uint64_t seed, const ChipLoadOptions& options) {
  Bench bench;
  bench.random = Random(seed);
  bench.config = load_config(config_file);
  bench.net_a = compile_network(bench.config, {}, CorePolicy::own);
  bench.net_b = other_weights(bench.net_a);
  bench.a = design_chip(bench.config, bench.net_a);
  bench.b = design_chip(bench.config, bench.net_b);
  if (!bench.a.loaded()) throw InputError({config_file, 0, 0}, "load-stream", "this chip has no load port, legal: hardware.load_stream = true");
  bench.images = load_images(bench.config, bench.net_a.network, 4).images;
  bench.golden_a = run_network_golden(bench.net_a, bench.images, 1);
  bench.golden_b = run_network_golden(bench.net_b, bench.images, 1);
  if (bench.golden_a.at(0).data == bench.golden_b.at(0).data) throw std::logic_error("both networks give the same");
  bench.built = build_chip(bench.a, build, options.rtl, {.cores_outside = options.cores_outside});
  for (std::size_t n = 0; options.cores_outside && n < bench.a.cores.size(); ++n)
    bench.core_objects.push_back(build_core_text(core_text(bench.a, n, options.rtl), build));
  return bench;
}

void expect_status(ChipHost& h, std::uint32_t mask, std::uint32_t want, const char* what) {
  const std::uint32_t status = h.read(reg::chip_status);
  require((status & mask) == want, "status", fmt::format("{}: chip_status 0x{:08X}, expected 0x{:X} of 0x{:X}", what, status, want, mask));
}

// The checks.

void whole_program(Bench& b) {
  auto h = b.host();
  require(h->read(reg::chip_id) == 0x45504348, "control bus", "chip_id");
  require(h->read(reg::chip_cores) == static_cast<std::uint32_t>(b.cores()), "control bus", "chip_cores");
  require(h->read(reg::chip_waiting) == there, "status", "no core has a program: core 0 is the lowest that waits");
  h->write(reg::chip_irq_enable, irq_started);
  const std::vector<LoadWord> words = chip_load_words(b.a);
  h->load(words, false);
  require(h->model().port("irq_o").high(), "interrupt", "none when the chip starts");
  // Cycle, beat and level of everything as in a chip of images.
  ChipRunSettings settings;
  settings.watchdog = 20000;
  const ChipRun run = run_chip(b.a, *h, b.images, b.golden_a, settings);
  SteppedChip stepped(b.a.graph);
  for (std::int64_t t = 0, in = 0, all = b.a.graph.blocks.front().out.words() * static_cast<std::int64_t>(b.images.size()); t < run.cycles; ++t) {
    const bool offer = in < all, taken = offer && stepped.in_ready();
    stepped.step(offer, true);
    in += taken;
  }
  require(h->read(reg::chip_load_words) == words.size(), "status", "chip_load_words");
  require(h->read(reg::chip_images_in) == b.images.size() && h->read(reg::chip_images_out) == b.images.size(), "status", "numbers of images");
  require(h->read(reg::chip_cycles) > run.cycles, "status", "chip_cycles");
  expect_status(*h, running | complete | busy | core_error | length_error, running | complete, "after the images");
  for (int k = 0; k < b.cores(); ++k) {
    const auto block = static_cast<std::size_t>(b.a.cores[static_cast<std::size_t>(k)].block);
    const BlockActivity& did = stepped.activity(block);
    require(h->read(ChipHost::window(k) + reg::id) == 0x4550494D, "control bus", fmt::format("id of core {}", k));
    if (!b.a.common.event_counters) continue;
    EventCounts counted;
    for (std::size_t e = 0; e < event_count; ++e)
      counted.at(e) = static_cast<std::int64_t>(h->read64(ChipHost::window(k) + reg::events + 8 * static_cast<std::uint32_t>(e)));
    require(counted.input_buffer_writes == did.words_in && counted.output_buffer_writes == did.words_out && counted.fire_cycles == did.fire_cycles, "events",
            fmt::format("core {}: {} words in, {} out, {} cycles fired; predicted {}, {}, {}", k, counted.input_buffer_writes, counted.output_buffer_writes,
                        counted.fire_cycles, did.words_in, did.words_out, did.fire_cycles));
  }
}

void stalled_program(Bench& b) {
  auto h = b.host();
  h->stall_load(40, b.random.uniform(1, 1 << 30));
  h->load(chip_load_words(b.a), false, false);
  b.image_through(*h, 0, b.golden_a, 40);
}

/// Sends words and waits until nothing more happens.
void send(ChipHost& h, const std::vector<LoadWord>& words, const Bench& b) {
  h.queue_load(words);
  for (int i = 0; h.load_waits() > 0; ++i) {
    require(i < 200000, "load port", "words are not taken");
    h.tick();
  }
  for (int i = 0; i < 2 * b.cores() + 16; ++i) h.tick();
}

void flipped_bit(Bench& b) {
  std::vector<std::vector<LoadFrame>> frames;
  for (int k = 0; k < b.cores(); ++k) frames.push_back(chip_load_frames(b.a, k));
  for (int round = 0; round < 3 * b.cores(); ++round) {
    const int core = round % b.cores();
    const auto& of = frames[static_cast<std::size_t>(core)];
    const auto n = static_cast<std::size_t>(b.random.uniform(1, static_cast<std::int64_t>(of.size()) - 2));
    const LoadFrame& frame = of[n];
    std::vector<LoadWord> all, bad = load_words({frame});
    // Payload and CRC; every bit of a header is tried in the module's own test.
    const auto word = static_cast<std::size_t>(b.random.uniform(2, static_cast<std::int64_t>(bad.size()) - 1));
    bad[word].data ^= std::uint64_t{1} << b.random.uniform(0, frame.kind == kLoadGeometry && word + 1 < bad.size() ? 31 : 63);
    for (int k = 0; k < b.cores(); ++k)
      for (std::size_t f = 0; f < frames[static_cast<std::size_t>(k)].size(); ++f) {
        const auto w = k == core && f == n ? bad : load_words({frames[static_cast<std::size_t>(k)][f]});
        all.insert(all.end(), w.begin(), w.end());
      }
    auto h = b.host();
    h->write(reg::chip_irq_enable, irq_error);
    send(*h, all, b);
    const std::string what = fmt::format("core {}, frame {} of {}, word {}", core, n, of.size(), word);
    require(!h->open() && h->model().port("error_o").high() && h->model().port("irq_o").high(), "load port", what + ": no error, or no interrupt, or the chip runs");
    require(h->read(reg::chip_failed) == (there | static_cast<std::uint32_t>(core)), "load port", what + ": another core is blamed");
    require(h->read(reg::chip_waiting) == (there | static_cast<std::uint32_t>(core)), "load port", what + ": another core waits");
    const std::uint32_t at = ChipHost::window(core), state = h->read(at + reg::load_status);
    // A number of frames that is out of range is noticed before the CRC.
    require((state & 0xF2) == 0x12 || (frame.kind == kLoadGeometry && (state & 0xF2) == 0x52), "load port", fmt::format("{}: load_status 0x{:08X}", what, state));
    require(h->read(at + reg::load_target) == (static_cast<std::uint32_t>(frame.kind) | static_cast<std::uint32_t>(frame.pe) << 8) && h->read(at + reg::load_address) == frame.address,
            "load port", what + ": another frame is blamed");
    // The frame again, and the end.
    h->write(at + reg::load_status, 2);
    send(*h, load_words({frame, of.back()}), b);
    require(h->open() && !h->model().port("error_o").high(), "load port", what + ": the chip does not run, or error_o stays, after the frame came again");
    b.image_through(*h, static_cast<std::size_t>(round) % b.images.size(), b.golden_a);
  }
}

void reload(Bench& b) {
  auto h = b.loaded_host();
  ChipRunSettings settings;
  settings.watchdog = 20000;
  run_chip(b.a, *h, b.images, b.golden_a, settings);
  h->load(chip_load_words(b.b), true);
  run_chip(b.b, *h, b.images, b.golden_b, settings);
  settings.stalls = {30, 30, true, static_cast<std::uint64_t>(b.random.uniform(1, 1 << 30))};
  h->load(chip_load_words(b.a), true);
  run_chip(b.a, *h, b.images, b.golden_a, settings);
}

/// Programs come while images do: those that have begun keep the old one, the next has the new one.
void reload_in_stream(Bench& b) {
  for (int round = 0; round < 8; ++round) {
    auto h = b.loaded_host();
    ChipTraffic t(b.a, *h, b.random.uniform(1, 1 << 30), round % 2 == 0 ? 0 : 40);
    for (const IntTensor& image : b.images) t.send(image);
    const std::size_t per_image = t.waits_in() / b.images.size();
    // Somewhere in an image.
    const auto words = static_cast<std::size_t>(b.random.uniform(1, static_cast<std::int64_t>(per_image * (b.images.size() - 1)) - 1));
    for (const IntTensor& map : b.golden_a) t.expect(map);
    const std::size_t all = t.waits_in(), per_map = t.waits_out() / b.images.size();
    while (all - t.waits_in() < words) t.cycle();
    // What is offered begins a moment later: the image is that of the word which was taken then.
    h->queue_load(chip_load_words(b.b));
    t.cycle();
    t.cycle();
    const std::size_t begun = (all - t.waits_in() + per_image - 1) / per_image;
    t.forget_last((b.images.size() - begun) * per_map);
    for (std::size_t n = begun; n < b.images.size(); ++n) t.expect(b.golden_b[n]);
    t.finish(200000);
    require(h->read(reg::chip_images_out) == b.images.size() - begun, "status", fmt::format("{} images after the start, {} were due", h->read(reg::chip_images_out), b.images.size() - begun));
  }
}

void hold_images(Bench& b) {
  auto h = b.loaded_host();
  h->write(reg::chip_irq_pending, 15);
  h->write(reg::chip_irq_enable, irq_stopped);
  ChipTraffic t(b.a, *h, b.random.uniform(1, 1 << 30), 20);
  for (std::size_t n = 0; n < 3; ++n) t.send(b.images[n]), t.expect(b.golden_a[n]);
  const std::size_t per_image = t.waits_in() / 3;
  while (t.waits_in() > 2 * per_image + per_image / 2) t.cycle();
  h->write(reg::chip_control, hold);
  for (int i = 0; i < 5000; ++i) t.cycle();
  require(t.waits_in() == 2 * per_image && t.waits_out() % 2 == 0, "hold", fmt::format("{} words wait, {} were due", t.waits_in(), 2 * per_image));
  expect_status(*h, running | complete | busy, complete, "held");
  require(h->model().port("irq_o").high() && (h->read(reg::chip_irq_pending) & (irq_stopped | irq_image | irq_started)) == (irq_stopped | irq_image), "interrupt", "of a stop");
  h->write(reg::chip_irq_pending, irq_stopped);
  for (int i = 0; i < 3; ++i) h->tick();
  require(!h->model().port("irq_o").high(), "interrupt", "stays");
  h->write(reg::chip_control, 0);
  t.finish();
  require(h->read(reg::chip_images_in) == 2 && h->read(reg::chip_images_out) == 2, "status", "images since the last start");
}

void stop_anywhere(Bench& b) {
  auto h = b.loaded_host();
  for (int round = 0; round < 12; ++round) {
    const int percent = round % 3 == 0 ? 0 : 30;
    const bool held = round % 2 == 0;  // else the chip starts anew by itself
    {
      ChipTraffic t(b.a, *h, b.random.uniform(1, 1 << 30), percent);
      const std::size_t images = held ? b.images.size() : 1;
      for (std::size_t n = 0; n < images; ++n) t.send(b.images[n]), t.expect(b.golden_a[n]);
      const std::size_t per_image = t.waits_in() / images;
      h->write(reg::chip_irq_pending, 15);
      for (std::int64_t i = b.random.uniform(0, held ? 1500 : 500); i > 0; --i) t.cycle();
      h->write(reg::chip_control, stop | (held ? hold : 0));
      for (int i = 0; !(h->read(reg::chip_irq_pending) & irq_stopped); ++i) require(i < 1000, "stop", "the chip does not stop");
      t.forget();
      const bool rest = !t.between();
      const std::uint32_t status = h->read(reg::chip_status);
      require(!held || !(status & running), "stop", "the chip runs although it is held");
      require(!(rest && !t.between()) || (status & dropping), "stop", fmt::format("in the middle of an image: chip_status 0x{:X}", status));
      while (!t.between()) t.cycle();  // its rest is dropped
      if (held) {
        const std::size_t left = t.waits_in();
        for (int i = 0; i < 50; ++i) t.cycle();
        require(t.waits_in() == left, "stop", "an image begins although the chip is held");
        expect_status(*h, running | busy | dropping, 0, "stopped");
        for (std::size_t n = images - left / per_image; n < images; ++n) t.expect(b.golden_a[n]);
        h->write(reg::chip_control, 0);
      }
      t.finish();
    }
    b.image_through(*h, 0, b.golden_a, percent);
  }
}

/// A beat that is offered stays until it is taken: the stop waits for it.
void stop_keeps_beat(Bench& b) {
  auto h = b.loaded_host();
  ChipTraffic t(b.a, *h, 1, 0);
  t.send(b.images[0]);
  t.expect(b.golden_a[0]);
  t.hold_output(true);
  for (int i = 0; !t.output_waits(); ++i) {
    require(i < 5000, "stop", "no beat waits at the output");
    t.cycle();
  }
  h->write(reg::chip_control, stop | hold);
  for (int i = 0; i < 20; ++i) t.cycle();
  require(t.output_waits(), "stop", "the beat that waited is withdrawn");
  expect_status(*h, running, running, "a beat waits");
  t.hold_output(false);
  t.cycle();
  t.forget();
  for (int i = 0; i < 20; ++i) t.cycle();
  expect_status(*h, running, 0, "its beat is taken");
}

/// Programs of two cores alone; the others keep theirs.
void reload_of_one(Bench& b) {
  CompiledNetwork mixed = b.net_a;
  mixed.layers.back().data = b.net_b.layers.back().data;
  const std::vector<IntTensor> golden = run_network_golden(mixed, b.images, 1);
  auto h = b.loaded_host();
  b.image_through(*h, 1, b.golden_a);
  send(*h, load_words(chip_load_frames(b.b, b.cores() - 1)), b);
  for (std::size_t n = 0; n < b.images.size(); ++n) b.image_through(*h, n, golden);
  send(*h, load_words(chip_load_frames(b.a, b.cores() - 1)), b);
  b.image_through(*h, 2, b.golden_a);
}

void misuse(Bench& b) {
  auto h = b.loaded_host();
  std::uint32_t value = 0;
  const auto refused = [&](std::uint32_t address, std::uint32_t data, const char* what) { require(!h->try_write(address, data), "control bus", fmt::format("{} is answered OKAY", what)); };
  for (const Register& r : chip_register_map()) {
    require(h->try_read(r.offset, value), "control bus", fmt::format("read of {} refused", r.name));
    if (r.access == Access::RO) refused(r.offset, 1, r.name);
  }
  for (const std::uint32_t address : {0x024u, 0x100u, 0x00Au, ChipHost::window(b.cores()), ChipHost::window(b.cores()) + 8}) {
    if (address >> chip_address_bits(b.a)) continue;
    require(!h->try_read(address, value), "control bus", fmt::format("read of 0x{:X} is answered OKAY", address));
    refused(address, 1, "a write where nothing is");
  }
  // In a run a core's own control may not end it, and its memories are locked.
  ChipTraffic t(b.a, *h, b.random.uniform(1, 1 << 30), 20);
  for (std::size_t n = 0; n < b.images.size(); ++n) t.send(b.images[n]), t.expect(b.golden_a[n]);
  for (int round = 0; round < 30; ++round) {
    const std::uint32_t core = ChipHost::window(round % b.cores());
    for (int i = 0; i < 30; ++i) t.cycle();
    switch (round % 6) {
      case 0: refused(core + reg::control, 1, "a start"); break;
      case 1: h->write(core + reg::control, 2); break;
      case 2: refused(core + reg::control, 8, "a discard"); break;
      case 3: refused(core + reg::last_patch, 0, "a geometry word in a run"); break;
      case 4: refused(core + reg::prog_data, 0, "an entry in a run"); break;
      default: require(h->try_read(core + reg::status, value) && (value & 7) == 5, "status", fmt::format("core status 0x{:08X} in a run", value));
    }
  }
  t.finish();
  // Frames for nobody: the last core says so.
  LoadFrame nobody{b.cores() + 3, 0, 0, 0, 1, {1, 2}};
  send(*h, load_words({nobody}), b);
  const std::uint32_t last = ChipHost::window(b.cores() - 1), state = h->read(last + reg::load_status);
  require(h->read(reg::chip_failed) == (there | static_cast<std::uint32_t>(b.cores() - 1)) && (state & 0xF2) == 0x72 && state >> 16 == static_cast<std::uint32_t>(b.cores() + 3),
          "load port", fmt::format("a frame for core {}: load_status of the last core 0x{:08X}", b.cores() + 3, state));
  require(!h->open(), "load port", "the chip runs while a core shows an error of its load port");
  h->write(last + reg::load_status, 2);
  for (int i = 0; i < 2 * b.cores() + 16; ++i) h->tick();
  b.image_through(*h, 3, b.golden_a);
  // An end frame that nobody asked for does nothing.
  send(*h, load_words({{0, kLoadEnd, 0, 0, 0, {}}}), b);
  b.image_through(*h, 1, b.golden_a);
  // A core without a program stands in the way of all.
  auto g = b.host();
  for (int k = 0; k < b.cores(); ++k)
    if (k != 1) send(*g, load_words(chip_load_frames(b.a, k)), b);
  require(!g->open() && g->read(reg::chip_waiting) == (there | 1) && g->read(reg::chip_failed) == 0, "load port", "core 1 has no program");
  // It comes through the registers.
  class Window : public CoreLink {
   public:
    Window(ChipHost& host, std::uint32_t base) : host_(host), base_(base) {}
    bool try_write(std::uint32_t address, std::uint32_t data) override { return host_.try_write(base_ + address, data); }
    std::uint32_t read(std::uint32_t address) override { return host_.read(base_ + address); }

   private:
    ChipHost& host_;
    std::uint32_t base_;
  } window(*g, ChipHost::window(1));
  load_program(window, chip_program(b.a, 1), false);
  window.write(reg::control, 4);
  for (int i = 0; i < 2 * b.cores() + 16; ++i) g->tick();
  b.image_through(*g, 0, b.golden_a);
}

/// An image that ends early is an error; a stop is enough to go on.
void restart_after_error(Bench& b) {
  auto h = b.loaded_host();
  ChipTraffic t(b.a, *h, b.random.uniform(1, 1 << 30), 0);
  t.send(b.images[0]);
  t.cut();
  t.expect(b.golden_a[0]);
  while (t.waits_in() > 0) t.cycle();
  for (int i = 0; i < 20; ++i) h->tick();
  t.forget();
  require(h->model().port("error_o").high() && (h->read(reg::chip_failed) & there), "status", "an image that ends early is no error");
  h->write(reg::chip_control, stop);
  for (int i = 0; i < 2 * b.cores() + 16; ++i) h->tick();
  require(!h->model().port("error_o").high() && h->read(reg::chip_failed) == 0 && h->open(), "status", "the error outlives the restart");
  b.image_through(*h, 0, b.golden_a);
}

void reset_in_load(Bench& b) {
  auto h = b.host();
  std::vector<LoadWord> words = chip_load_words(b.b);
  words.resize(static_cast<std::size_t>(b.random.uniform(1, static_cast<std::int64_t>(words.size()) - 1)));
  send(*h, words, b);
  h->reset();
  h->load(chip_load_words(b.a), false);
  b.image_through(*h, 0, b.golden_a);
}

struct Check {
  const char* name;
  void (*run)(Bench&);
};
const Check checks[] = {{"whole-program", whole_program}, {"stalled-program", stalled_program}, {"flipped-bit", flipped_bit}, {"reload", reload},
                        {"reload-in-stream", reload_in_stream}, {"hold", hold_images}, {"stop-anywhere", stop_anywhere}, {"stop-keeps-beat", stop_keeps_beat}, {"reload-of-one", reload_of_one},
                        {"misuse", misuse}, {"restart-after-error", restart_after_error}, {"reset-in-load", reset_in_load}};

}  // namespace
}  // namespace chip_load

std::vector<CaseResult> run_chip_load(const std::string& config_file, const BuildOptions& build, std::uint64_t seed, const ChipLoadOptions& options) {
  std::vector<CaseResult> results;
  std::optional<chip_load::Bench> bench;
  for (const chip_load::Check& check : chip_load::checks) {
    CaseResult result;
    result.name = std::string("chip-load-") + check.name;
    result.configurations = 1;
    const auto begin = std::chrono::steady_clock::now();
    record(result, [&] {
      if (!bench) bench = chip_load::make_bench(config_file, build, seed, options);
      check.run(*bench);
    });
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    results.push_back(result);
    if (!result.passed && (options.stop_at_first || !bench)) break;
  }
  return results;
}

}  // namespace epim
