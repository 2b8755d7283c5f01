// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_words.hpp"

#include <algorithm>

#include "gen/network/golden_network.hpp"
#include "golden/parallel.hpp"

namespace epim {
namespace {

void put(std::uint64_t* word, int lsb, int bits, std::uint64_t value) {
  value &= bits < 64 ? (std::uint64_t{1} << bits) - 1 : ~std::uint64_t{0};
  word[lsb / 64] |= value << (lsb % 64);
  if (lsb % 64 + bits > 64) word[lsb / 64 + 1] |= value >> (64 - lsb % 64);
}

/// The map of `block` in one image, or the rows of it that a copy has.
void pack(const ChipDesign& chip, std::size_t block, const IntTensor& map, std::size_t image, WordTape& tape) {
  const ChipBlock& b = chip.graph.blocks[block];
  const int bits = chip.types[block].bits, lanes = chip.graph.lanes, channels = map.shape[0];
  const int step = b.kind == BlockKind::merge ? 1 : b.copies;
  std::uint64_t* word = tape.words.data() + image * static_cast<std::size_t>(tape.per_image) * tape.size;
  for (int y = b.kind == BlockKind::merge ? 0 : b.copy; y < map.shape[1]; y += step)
    for (int x = 0; x < map.shape[2]; ++x)
      for (int k = 0; k < static_cast<int>(tape.blocks); ++k, word += tape.size)
        for (int l = 0; l < lanes; ++l) {
          const int c = k * lanes + l;
          put(word, l * bits, bits, static_cast<std::uint64_t>(c < channels ? map(c, y, x) : (x * 7 + y * 13 + l * 3 + 1)));
        }
}

}  // namespace

ChipWords golden_words(const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads) {
  const std::vector<ChipBlock>& blocks = chip.graph.blocks;
  const int lanes = chip.graph.lanes;
  ChipWords all;
  all.sent.resize(blocks.size());
  all.outputs.resize(images.size());
  for (std::size_t b = 0; b + 1 < blocks.size(); ++b) {
    WordTape& tape = all.sent[b];
    const int bits = chip.types[b].bits;
    tape.size = static_cast<std::size_t>((lanes * bits + 63) / 64);
    tape.per_image = blocks[b].out.words();
    tape.blocks = blocks[b].out.blocks;
    tape.words.assign(images.size() * static_cast<std::size_t>(tape.per_image) * tape.size, 0);
    tape.masks.assign(static_cast<std::size_t>(tape.blocks) * tape.size, 0);
    for (int c = 0; c < chip.types[b].channels; ++c)
      put(tape.masks.data() + static_cast<std::size_t>(c / lanes) * tape.size, c % lanes * bits, bits, ~std::uint64_t{0});
  }
  const GoldenNetwork golden(net, false);
  const bool few = images.size() < static_cast<std::size_t>(threads);
  parallel(images.size(), few ? 1 : threads, [&](std::size_t i) {
    const auto observe = [&](int node, const IntTensor& map) {
      for (std::size_t b = 0; b + 1 < blocks.size(); ++b)
        if (blocks[b].node == node) pack(chip, b, map, i, all.sent[b]);
    };
    observe(-1, images[i]);
    all.outputs[i] = golden.run(images[i], few ? threads : 1, observe, nullptr, static_cast<std::int64_t>(i));
  });
  return all;
}

}  // namespace epim
