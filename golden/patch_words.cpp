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

PatchCells::PatchCells(const Layer& layer, const LayerData& data, int lanes, int patch)
    : layer_(layer), data_(data), lanes_(lanes), patch_(patch) {}

int PatchCells::column(int pe_row, int filter) const {
  if (layer_.pool && pe_row == 0) return static_cast<int>(data_.permutation(patch_, filter));
  return layer_.patches[static_cast<std::size_t>(patch_)].c_out + filter;
}

std::int64_t PatchCells::operator()(int row, int filter) const {
  const EpitomeShape& e = layer_.epitome;
  const int line = row / lanes_, place = line % (e.p * e.q);
  const int pe_row = layer_.pool && row >= layer_.pool->vector ? 1 : 0;
  return data_.epitome(column(pe_row, filter), line / (e.p * e.q) * lanes_ + row % lanes_, place / e.q, place % e.q);
}

}  // namespace epim
