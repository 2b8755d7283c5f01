// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse checks of table entries that name places which the core does not have.
#pragma once

namespace epim::misuse {

class Bench;

/// OFAT columns, IFRT rows and IFAT blocks outside the core: an error bit, and the run ends. The bench is writable.
void table_places(Bench& b);

}  // namespace epim::misuse
