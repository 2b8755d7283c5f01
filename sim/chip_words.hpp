// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Every map of a chip by the golden model, as the words of its streams.
#pragma once
#include <cstdint>
#include <vector>

#include "gen/chip/chip.hpp"

namespace epim {

/// Words that a block sends, image after image, packed as on its port: lane l of a word in bits [l*bits, (l+1)*bits).
struct WordTape {
  std::size_t size = 1;            ///< 64-bit words of a stream word
  std::int64_t per_image = 0, blocks = 1;
  std::vector<std::uint64_t> words;  ///< lanes that the map does not have hold noise
  std::vector<std::uint64_t> masks;  ///< per channel block: lanes that it has
  std::int64_t count() const { return static_cast<std::int64_t>(words.size() / size); }
  const std::uint64_t* at(std::int64_t n) const { return words.data() + static_cast<std::size_t>(n) * size; }
  bool last(std::int64_t n) const { return (n + 1) % per_image == 0; }
  /// `word` is word n in every lane that the map has.
  bool equals(std::int64_t n, const std::uint64_t* word) const {
    const std::uint64_t *want = at(n), *mask = masks.data() + static_cast<std::size_t>(n % blocks) * size;
    for (std::size_t i = 0; i < size; ++i)
      if ((word[i] ^ want[i]) & mask[i]) return false;
    return true;
  }
};

struct ChipWords {
  std::vector<WordTape> sent;       ///< per block; that of the block "out" is empty
  std::vector<IntTensor> outputs;   ///< the network's, per image
};
/// The words of all blocks for `images`.
ChipWords golden_words(const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads);

}  // namespace epim
