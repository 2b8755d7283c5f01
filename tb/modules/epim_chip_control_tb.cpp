// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Start, stop and the three gates under random traffic, against what is known from outside: who was ready when, which words passed, what the
/// host wrote.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

namespace reg {
#define REG(name, offset, access, reset, meaning)
#define CHIP(name, offset, access, reset, meaning) constexpr std::uint32_t name = offset;
#include "gen/core/register_map.def"
#undef REG
}  // namespace reg

constexpr int kCores = P_Cores, kQuiet = P_Cores + 3;

/// What the host does in a cycle.
struct Rates {
  int load, pixels, out, ready, hold, stop;
};

struct Chip {
  bool running = false, begun = false, hold = false, stop = false, dropping = false, length = false, waits = false;
  std::int64_t since = 0, last_load = -1000, last_stop = -1000;  // cycle in which it began to run or to stand
  std::uint32_t in = 0, out = 0, words = 0;
};

bool all(const Vdut& d) { return get(d.ready_i, 0, kCores) == mask(kCores); }

/// A register, by the bus. The chip stands still meanwhile: nothing comes.
std::uint32_t read(Vdut& d, std::uint32_t address, std::uint32_t response = 0) {
  d.s_arvalid_i = 1;
  d.s_araddr_i = address;
  settle(d);
  tick(d);
  d.s_arvalid_i = 0;
  settle(d);
  CHECK_EQ(d.s_rvalid_o, 1);
  CHECK_EQ(d.s_rresp_o, response);
  const std::uint32_t value = d.s_rdata_o;
  tick(d);
  return value;
}

void play(Vdut& d, Chip& c, int cycles, const Rates& rate) {
  bool load = false, pixel = false, map = false, pixel_last = false, map_last = false;
  std::int64_t starts = 0, stops = 0, late = 0;
  int due_hold = 0;
  for (int n = 0; n < cycles; ++n, ++late) {
    const std::int64_t t = static_cast<std::int64_t>(cycle);
    const bool was_loading = load;
    load = load || chance(rate.load);
    const bool new_pixel = !pixel && chance(rate.pixels);
    if (new_pixel) pixel_last = chance(20);
    pixel = pixel || new_pixel;
    // The chip gives a map's words when images are in it, never the last word of more images than came.
    if (!map && c.running && c.in != c.out && chance(rate.out)) map = true, map_last = chance(20) && (c.in - c.out > 1 || !c.begun);
    for (int k = 0; k < kCores; ++k) put(d.ready_i, k, 1, chance(rate.ready));
    put(d.error_i, 0, kCores, 0);
    d.length_i = 0;
    d.load_valid_i = load;
    d.in_valid_i = pixel;
    d.in_last_i = pixel_last;
    d.map_valid_i = map;
    d.map_last_i = map_last;
    d.chain_ready_i = chance(70);
    d.pixel_ready_i = chance(70);
    d.out_ready_i = chance(60);
    d.s_bready_i = 1;
    const bool write_hold = chance(rate.hold), write_stop = chance(rate.stop);
    d.s_awvalid_i = d.s_wvalid_i = write_hold || write_stop;
    d.s_awaddr_i = reg::chip_control;
    d.s_wstrb_i = 15;
    due_hold = write_hold ? !c.hold : c.hold;
    d.s_wdata_i = static_cast<std::uint32_t>(due_hold | (write_stop ? 2 : 0));
    settle(d);
    (void)was_loading;
    // Gates: cycle 0 of a run is the third one after the decision, the second one in which it runs is the last that is shut.
    const bool open = c.running && t - c.since >= 2 && !c.dropping && (c.begun || !(c.hold || c.waits || c.stop));
    CHECK_EQ(d.halt_o, !c.running);
    CHECK_EQ(d.flow_rst_no, c.running ? t > c.since : t == c.since && c.last_stop >= 0);
    CHECK_EQ(d.pixel_valid_o, pixel && open);
    CHECK_EQ(d.in_ready_o, (open && d.pixel_ready_i) || c.dropping);
    CHECK_EQ(d.out_valid_o, map && c.running);
    CHECK_EQ(d.map_ready_o, d.out_ready_i && c.running);
    const bool start = !c.running && all(d) && !c.hold && !c.stop && !c.waits && t - c.last_load > kQuiet && t - c.last_stop > kQuiet;
    const bool loads = !c.running && !start;
    CHECK_EQ(d.chain_valid_o, load && loads);
    CHECK_EQ(d.load_ready_o, loads && d.chain_ready_i);
    // What moves.
    const bool cut = c.stop && (!d.out_valid_o || d.out_ready_i);
    const bool stop = c.running && (cut || (!c.begun && c.in == c.out && t - c.since >= 2 && (c.hold || c.waits)));
    const bool taken = pixel && d.in_ready_o, passed = d.pixel_valid_o && d.pixel_ready_i;
    if (passed && !c.begun) ++c.in;
    if (d.out_valid_o && d.out_ready_i) c.out += map_last, map = false;
    if (stop && cut) c.dropping = passed ? !pixel_last : (c.begun || (c.dropping && !(taken && pixel_last)));
    else if (taken && pixel_last) c.dropping = false;
    c.begun = stop ? false : passed ? !pixel_last : c.begun;
    if (taken) pixel = false;
    c.waits = load;
    if (load && d.load_ready_o) c.last_load = t, ++c.words, load = false;
    c.stop = (c.stop && c.running && !stop) || (write_stop && c.running && !stop);
    c.hold = due_hold;
    if (stop) c.running = false, c.since = t + 1, c.last_stop = t, map = false, ++stops;
    if (start) c.running = true, c.since = t + 1, c.in = c.out = 0, ++starts;
    tick(d);
  }
  d.s_awvalid_i = d.s_wvalid_i = 0;
  CHECK_EQ(starts > 3, true);
  CHECK_EQ(stops > 3, true);
}

void quiet(Vdut& d) {
  d.load_valid_i = d.in_valid_i = d.map_valid_i = d.out_ready_i = d.chain_ready_i = d.pixel_ready_i = d.length_i = 0;
  d.s_awvalid_i = d.s_wvalid_i = d.s_arvalid_i = 0;
  d.s_bready_i = d.s_rready_i = 1;
}

void test(Vdut& d) {
  passes_through = true;
  quiet(d);
  put(d.ready_i, 0, kCores, 0);
  put(d.error_i, 0, kCores, 0);
  reset(d);
  settle(d);
  CHECK_EQ(d.load_ready_o || d.in_ready_o || d.out_valid_o || !d.halt_o, 0);
  tick(d);
  CHECK_EQ(read(d, reg::chip_id), 0x45504348);
  CHECK_EQ(read(d, reg::chip_cores), kCores);
  CHECK_EQ(read(d, 0x024, 2), 0);
  for (int k = 0; k < kCores; ++k) {
    put(d.ready_i, 0, kCores, mask(k));
    put(d.error_i, 0, kCores, mask(kCores) & ~mask(k));
    CHECK_EQ(read(d, reg::chip_waiting), 0x80000000u | static_cast<std::uint32_t>(k));
    CHECK_EQ(read(d, reg::chip_failed), 0x80000000u | static_cast<std::uint32_t>(k));
    CHECK_EQ(d.error_o, 1);
  }
  put(d.error_i, 0, kCores, 0);
  put(d.ready_i, 0, kCores, 0);
  CHECK_EQ(read(d, reg::chip_failed), 0);
  Chip c;
  for (int round = 0; round < 4; ++round) {
    play(d, c, 4000, {8, 80, 80, 100, 1, 0});
    play(d, c, 4000, {3, 60, 60, 97, 2, 0});
    play(d, c, 4000, {2, 90, 50, 99, 2, 2});
  }
  quiet(d);
  put(d.ready_i, 0, kCores, 0);
  CHECK_EQ(read(d, reg::chip_load_words), c.words);
  CHECK_EQ(read(d, reg::chip_images_in), c.in);
  CHECK_EQ(read(d, reg::chip_images_out), c.out);
}

}  // namespace

int main() { return RUN(test); }
