// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Reads .onnx files. Protobuf is used for the message format alone, by the schema of Debian's libonnx-dev; newer
/// operator sets than that library's are read.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "gen/import/graph.hpp"

namespace epim::importer {

/// The graph of a file, unchecked but for names and order. Constant nodes become constants, nodes without a name are named
/// after their first output. Tensors whose data lie beside the file are read from its folder and what is below it.
/// Throws InputError at `path`: unreadable-file, onnx-too-large (2 GiB or more, more than 20000 nodes), corrupt-onnx,
/// onnx-version (IR version 3..14, operator set 7..28), onnx-feature (functions, sparse or string tensors, fields newer than IR
/// version 14), bad-name (control characters, no UTF-8), bad-tensor (type, sizes and data do not agree), tensor-too-large,
/// not-a-number, external-data, bad-attribute, duplicate-node, duplicate-tensor, unknown-tensor, network-cycle.
Graph read_onnx(const std::string& path);

/// The same from memory; `file` is used in messages, data beside the file are refused.
Graph parse_onnx(std::span<const std::uint8_t> bytes, const std::string& file);

}  // namespace epim::importer
