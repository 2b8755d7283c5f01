// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of table entries: places that the core does not have, wrong bits.
#pragma once

namespace epim::misuse {

class Bench;

/// OFAT columns, IFRT rows and IFAT blocks outside the core: an error bit, and the run ends. The bench is writable.
void table_places(Bench& b);
/// Entries and cells with a wrong bit: an error bit and the interrupt, and the run ends. The bench has `parity`.
void parity_of_entries(Bench& b);
/// The same of every memory that the bench's program fills.
void parity_of_memories(Bench& b);

}  // namespace epim::misuse
