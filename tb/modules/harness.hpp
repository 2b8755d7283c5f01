// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What every module testbench shares: seed and random numbers, the clock, port access of any width, checks.
///
/// Time: inputs are set while the clock is low, `settle` lets combinational outputs follow, the test reads the outputs
/// of the cycle, then `tick` gives the rising edge and starts the next cycle. EPIM_SEED sets the seed.
/// tb/modules/run.sh defines MODULE_NAME, PARAMETERS (text) and P_<name> for every parameter of tb/modules/modules.txt.
#ifndef EPIM_TB_MODULES_HARNESS_HPP
#define EPIM_TB_MODULES_HARNESS_HPP

#include <verilated.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <vector>
#if VM_COVERAGE
#include <verilated_cov.h>
#endif

namespace bench {

using Wide = __int128;

inline const char* module_name = "";
inline std::uint64_t seed = 0, cycle = 0, checks = 0, failures = 0;
inline std::mt19937_64 engine;
/// The module's outputs may follow its inputs within a cycle: `ready` passes through it to the FIFO before.
inline bool passes_through = false;

/// Uniform integer lo..hi, both included.
inline std::int64_t pick(std::int64_t lo, std::int64_t hi) {
  return lo + static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(hi - lo + 1));
}
inline std::uint64_t random_bits(int width) { return width <= 0 ? 0 : engine() >> (64 - std::min(width, 64)); }
/// True in `percent` of all calls.
inline bool chance(int percent) { return pick(0, 99) < percent; }

inline std::uint64_t mask(int width) { return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1; }
inline std::int64_t sign_extend(std::uint64_t v, int width) {
  if (width >= 64) return static_cast<std::int64_t>(v);
  v &= mask(width);
  return static_cast<std::int64_t>(v) - ((v >> (width - 1)) & 1 ? static_cast<std::int64_t>(mask(width)) + 1 : 0);
}
/// Smallest number of bits, at least 1, that tells n things apart.
inline int index_bits(int n) {
  int w = 1;
  while ((std::int64_t{1} << w) < n) ++w;
  return w;
}
/// Smallest number of bits, at least 1, that holds 0..n.
inline int number_bits(int n) { return index_bits(n + 1); }
inline int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// Bits [lsb, lsb+width) of a port, width <= 64.
template <class Port>
std::uint64_t get(const Port& port, int lsb, int width) {
  if constexpr (std::is_integral_v<Port>) {
    return lsb >= 64 ? 0 : (static_cast<std::uint64_t>(port) >> lsb) & mask(width);
  } else {
    std::uint64_t v = 0;
    for (int i = 0; i < width; ++i)
      v |= static_cast<std::uint64_t>((port[(lsb + i) / 32] >> ((lsb + i) % 32)) & 1) << i;
    return v;
  }
}
template <class Port>
std::int64_t get_signed(const Port& port, int lsb, int width) {
  return sign_extend(get(port, lsb, width), width);
}
/// Writes bits [lsb, lsb+width) of a port, width <= 64, and leaves the others.
template <class Port>
void put(Port& port, int lsb, int width, std::uint64_t value) {
  if constexpr (std::is_integral_v<Port>) {
    const std::uint64_t m = mask(width) << lsb;
    port = static_cast<Port>((static_cast<std::uint64_t>(port) & ~m) | ((value << lsb) & m));
  } else {
    for (int i = 0; i < width; ++i) {
      const std::uint32_t bit = 1u << ((lsb + i) % 32);
      auto& word = port[(lsb + i) / 32];
      word = ((value >> i) & 1) ? (word | bit) : (word & ~bit);
    }
  }
}

/// Compares; says where, what, seed and cycle when it differs. The first 20 differences are printed.
inline bool equal(const char* file, int line, const char* what, std::int64_t got, std::int64_t expected) {
  ++checks;
  if (got == expected) return true;
  if (failures++ < 20)
    std::printf("%s:%d: %s = %" PRId64 " (0x%" PRIx64 "), expected %" PRId64 " (0x%" PRIx64 "); %s, seed %" PRIu64
                ", cycle %" PRIu64 "\n",
                file, line, what, got, static_cast<std::uint64_t>(got), expected, static_cast<std::uint64_t>(expected),
                module_name, seed, cycle);
  // Mutation tests want the verdict alone.
  if (std::getenv("EPIM_STOP_AT_FIRST")) std::exit(1);
  return false;
}

/// Rules of AXI4-Lite and AXI4-Stream on the ports that have them (tb/modules/protocol.hpp).
template <class Dut>
void watch_protocol(Dut& d);

template <class Dut>
void settle(Dut& d) {
  d.eval();
}
template <class Dut>
void tick(Dut& d) {
  d.eval();
  watch_protocol(d);
  d.clk_i = 1;
  d.eval();
  d.clk_i = 0;
  d.eval();
  ++cycle;
}
/// Reset for two cycles, and then one cycle of rest.
template <class Dut>
void reset(Dut& d) {
  d.rst_ni = 1;
  d.clk_i = 0;
  d.eval();
  d.rst_ni = 0;
  tick(d);
  tick(d);
  d.rst_ni = 1;
  tick(d);
}

/// Seeds, builds the model with random initial state, runs the test, prints the result line.
template <class Dut, class Test>
int run(Test test, const char* module, const char* parameters) {
  module_name = module;
  const char* text = std::getenv("EPIM_SEED");
  seed = text ? std::strtoull(text, nullptr, 0) : std::random_device{}();
  engine.seed(seed);
  std::printf("%s seed %" PRIu64 "\n", module, seed);
  VerilatedContext context;
  context.randReset(2);
  context.randSeed(static_cast<int>(1 + seed % 1000000));
  {
    Dut dut(&context, "");
    test(dut);
    dut.final();
#if VM_COVERAGE
    context.coveragep()->write("coverage.dat");
#endif
  }
  if (checks == 0) ++failures;
  std::printf("%s %s: %" PRIu64 " checks, %" PRIu64 " failures\n", module, parameters, checks, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace bench

/// Both sides are converted to 64-bit signed integers.
#define CHECK_EQ(got, expected) \
  ::bench::equal(__FILE__, __LINE__, #got, static_cast<std::int64_t>(got), static_cast<std::int64_t>(expected))
#define CHECK(condition) ::bench::equal(__FILE__, __LINE__, #condition, static_cast<bool>(condition) ? 1 : 0, 1)

/// Runs a function `void test(Vdut&)`; the value of main.
#define RUN(test) ::bench::run<Vdut>(test, MODULE_NAME, PARAMETERS)

#include "protocol.hpp"

#endif
