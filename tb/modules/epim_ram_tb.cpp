// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Registered read, hold, read of the old word when a write meets it, initial content.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kDepth = P_Depth, kWidth = P_Width;
using Word = std::vector<std::uint64_t>;

Word random_word() {
  Word w;
  for (int lsb = 0; lsb < kWidth; lsb += 64) w.push_back(random_bits(std::min(64, kWidth - lsb)));
  return w;
}
int chunk(int i) { return std::min(64, kWidth - 64 * i); }

#ifdef P_InitFile
/// Writes a random image for $readmemh before the model starts.
std::vector<Word> write_image() {
  std::vector<Word> image;
  std::FILE* f = std::fopen(P_InitFile, "w");
  for (int a = 0; a < kDepth; ++a) {
    image.push_back(random_word());
    std::string line;
    for (int lsb = 4 * ((kWidth - 1) / 4); lsb >= 0; lsb -= 4)
      line += "0123456789abcdef"[(image.back()[static_cast<std::size_t>(lsb / 64)] >> (lsb % 64)) & 15];
    std::fprintf(f, "%s\n", line.c_str());
  }
  std::fclose(f);
  return image;
}
#endif

void test(Vdut& d) {
  std::map<int, Word> memory;
#ifdef P_InitFile
  const std::vector<Word> image = write_image();
  for (int a = 0; a < kDepth; ++a) memory[a] = image[static_cast<std::size_t>(a)];
#endif
  d.clk_i = 0;
  d.re_i = 0;
  d.we_i = 0;
  settle(d);
  bool known = false;  // the output register holds a word that the test knows
  Word expected;
  for (int i = 0; i < 4000; ++i) {
    // Once through all words first, then at random, often the same address on both ports.
    const bool fill = i < kDepth && memory.size() < kDepth;
    d.we_i = fill || chance(40);
    d.waddr_i = static_cast<std::uint32_t>(fill ? i : pick(0, kDepth - 1));
    d.re_i = chance(60);
    d.raddr_i =
        static_cast<std::uint32_t>(chance(30) ? static_cast<int>(d.waddr_i) : static_cast<int>(pick(0, kDepth - 1)));
    const Word word = random_word();
    for (std::size_t c = 0; c < word.size(); ++c)
      put(d.wdata_i, 64 * static_cast<int>(c), chunk(static_cast<int>(c)), word[c]);
    if (d.re_i) {
      const auto it = memory.find(d.raddr_i);
      known = it != memory.end();
      if (known) expected = it->second;
    }
    if (d.we_i) memory[d.waddr_i] = word;
    tick(d);
    if (known)
      for (std::size_t c = 0; c < expected.size(); ++c)
        CHECK_EQ(get(d.rdata_o, 64 * static_cast<int>(c), chunk(static_cast<int>(c))), expected[c]);
  }
}

}  // namespace

int main() { return RUN(test); }
