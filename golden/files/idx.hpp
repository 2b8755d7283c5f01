// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// IDX files, in which MNIST and its successors come (LeCun's format), plain or compressed by gzip.
#pragma once
#include "golden/files/npz.hpp"

namespace epim {

/// The first bytes of the file are those of an IDX file, or of a gzip file.
bool is_idx(const std::string& path);

/// Two zero bytes, a type (8 unsigned byte, 9 signed byte, 11 short, 12 int, 13 float, 14 double), the number of dimensions (1..4),
/// their sizes, the elements: big endian, last dimension fastest. Throws InputError: unreadable-file, corrupt-idx.
NpyArray read_idx(const std::string& path);

}  // namespace epim
