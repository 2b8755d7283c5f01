// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Results of a chunk of images on disk, from which an evaluation goes on.
#pragma once
#include <optional>
#include <string>

#include "gen/accuracy/evaluation.hpp"

namespace epim {

class ChunkFiles {
 public:
  /// Makes the folder; files of another key are not read, and replaced. Removes what a killed run was writing.
  ChunkFiles(std::string folder, std::string key);
  /// Nothing where there is no whole file of this key.
  std::optional<EvaluationResult> read(std::size_t chunk) const;
  void write(std::size_t chunk, const EvaluationResult& result) const;

 private:
  std::string path(std::size_t chunk) const;
  std::string folder_, key_;
};

}  // namespace epim
