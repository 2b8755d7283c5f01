// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/patch_words.hpp"

#include <algorithm>

#include "golden/evaluate.hpp"

namespace epim {

int patch_words_count(const Layer& layer, const Patch& patch, int lanes) {
  return (patch.beta1 + lanes - 1) / lanes * layer.patch_taps();
}

std::vector<PatchWord> patch_words(const Layer& layer, const Patch& p, int lanes) {
  std::vector<PatchWord> words;
  int error = p.c_in;
  for (int a = 0; a < p.beta1; a += lanes) {
    const int channels = std::min(lanes, p.beta1 - a);
    if (layer.pool) {
      PatchWord word{a, channels, p.ky, p.kx, {a, -1}};
      if (layer.pool->keeps(a / lanes)) {
        word.rows[1] = error;
        error += lanes;
      }
      words.push_back(word);
      continue;
    }
    for (int ky = 0; ky < layer.kh; ++ky)
      for (int kx = 0; kx < layer.kw; ++kx)
        words.push_back({a, channels, ky, kx, {physical_row(layer.epitome, lanes, p.c_in + a, p.p + ky, p.q + kx), -1}});
  }
  return words;
}

CellRow::CellRow(const Layer& layer, const LayerData& data, int lanes, int patch, int row)
    : order_(nullptr), first_(layer.patches[static_cast<std::size_t>(patch)].c_out) {
  const EpitomeShape& e = layer.epitome;
  const int line = row / lanes, place = line % (e.p * e.q), channel = line / (e.p * e.q) * lanes + row % lanes;
  weights_ = &data.epitome(0, channel, place / e.q, place % e.q);
  stride_ = std::ptrdiff_t{e.e_in} * e.p * e.q;
  if (layer.pool && row < layer.pool->vector) order_ = &data.permutation(patch, 0);
}

}  // namespace epim
