// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What users give a network to run on: refused where it cannot be meant as written.
#pragma once
#include <string>
#include <vector>

#include "golden/files/npz.hpp"
#include "golden/graph/network.hpp"

namespace epim {

/// `images` from `file` must be [N][C][H][W] or [C][H][W] of the network's input; with one channel, C may be left out.
/// Throws InputError images-channels-last where they are [N][H][W][C] instead, tensor-shape otherwise.
void check_images(const IntTensor& images, const Network& network, const std::string& file);

/// `labels` from `file` must be one class 0..classes-1 per image, at least `count` of them; classes are the values of the
/// network's output. Throws InputError labels-shape, tensor-shape (too few), label-range.
void check_labels(const IntTensor& labels, const Network& network, std::size_t count, const std::string& file);

/// What reading the network decided, on stderr.
void say_remarks(const Network& network);

/// Arrays of float weights that no node of the network reads, in the order of the file. `remarks`: what nodes take for
/// arrays that are not there.
std::vector<std::string> unused_arrays(const NpzFile& weights, const Network& network, std::vector<std::string>* remarks = nullptr);
/// Says on stderr, in one line, which these are, and what nodes take for arrays that are not there; nothing where there are none, or where a node's weights are missing, which
/// is refused later.
void warn_of_unused_arrays(const NpzFile& weights, const Network& network);

}  // namespace epim
