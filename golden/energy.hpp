// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Energy = counted events times a table of energies per event, in whole attojoules.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "golden/events.hpp"
#include "golden/hardware.hpp"

namespace epim {

/// What an entry is multiplied with.
enum class EnergyScale {
  none,             ///< energy of one event
  adc_bits,         ///< by_value[adc_bits]
  dac_bits,         ///< by_value[dac_bits]
  cell_bits,        ///< by_value[cell_bits]
  input_word_bits,  ///< energy of one bit, times lanes*act_bits
  output_word_bits, ///< energy of one bit, times lanes*out_bits
};

/// One entry of the table.
struct EnergyEntry {
  std::string component;                    ///< group in the report
  std::int64_t energy = 0;                  ///< attojoules per event (or per bit of it)
  EnergyScale scale = EnergyScale::none;
  std::map<int, std::int64_t> by_value;     ///< attojoules per event by the parameter that `scale` names
  std::string unit, node, source, note;
};

/// One entry per event of events.def, in that order.
struct EnergyTable {
  std::array<EnergyEntry, event_count> entries;
  /// Attojoules of one event number i on this hardware. Throws InputError `energy-range` where the table has no value
  /// for the hardware's parameter.
  std::int64_t per_event(std::size_t i, const Hardware& hardware) const;
};

/// Attojoules of a run.
struct EnergyReport {
  std::array<std::int64_t, event_count> by_event{};
  std::vector<std::pair<std::string, std::int64_t>> by_component;  ///< in order of first appearance
  std::int64_t total = 0;
};

/// Reads a table (golden/data/energy.toml). Every event must be there, nothing else may be. Throws InputError with
/// file, line and column: `toml-syntax`, `energy-table`, `unreadable-file`.
EnergyTable load_energy_table(const std::string& path);

/// energy = sum over events of count * per_event. Throws InputError `energy-range` where it exceeds 63 bits (9.2 J).
EnergyReport energy(const EventCounts& counts, const EnergyTable& table, const Hardware& hardware);

/// {"unit": "aJ", "total": n, "components": {...}, "events": {...}}
nlohmann::ordered_json to_json(const EnergyReport& report);

}  // namespace epim
