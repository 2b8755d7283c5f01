// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The parameters of module epim_core: what the hardware fixes and how large the tables must be.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

/// Sizes that the layers of a core ask for, and the field widths that follow. Names as in rtl/epim_core.sv.
struct CoreParameters {
  Hardware hw;
  int max_patches = 1, ifrt_depth = 1, param_depth = 1;
  int max_window = 1, max_blocks = 1, max_channels = 1;

  int window_width() const;
  int block_width() const;
  int channel_width() const;
  int ifrt_addr_width() const;
  int group_width() const;     ///< joint groups of a column step
  int lane_width() const;      ///< columns of a joint group
  int cstep_width() const;
  int pe_col_width() const;
  int pe_row_width() const;
  int line_width() const;      ///< word-line groups of a PE row
  int column_width() const { return lane_width() + group_width() + cstep_width() + pe_col_width(); }
  int opt_width() const { return hw.adcs() * cstep_width(); }  ///< of an OPT entry
  int opt_depth() const { return max_patches * hw.column_steps(); }
  int zero_bits() const { return hw.zero_bits(); }
  int psum_width() const;      ///< psum of a column, signed: PsumW of epim_core
  int planes() const { return 2 * hw.slices() * hw.word_bits(); }
  int converters() const { return 2 * hw.slices() * hw.adcs(); }  ///< ADCs of a PE
  int chunks() const { return (hw.xb_rows + 63) / 64; }
};

/// Bits of an index 0..n-1 and of a number 0..n, at least 1: the same functions as rtl/epim_pkg.sv.
int idx_width(int n);
int num_width(int n);

/// Smallest sizes that hold every layer. `hw` must be resolved.
/// Throws InputError `table-entry-too-wide` where an entry would exceed the 64 bits of the program port.
CoreParameters core_parameters(const Hardware& hw, const std::vector<Layer>& layers);

}  // namespace epim
