// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Event counters: one member per line of golden/events.def.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace epim {

/// How often each event of golden/events.def happened.
struct EventCounts {
#define X(id, unit, meaning) std::int64_t id = 0;
#include "golden/events.def"
#undef X
  bool operator==(const EventCounts&) const = default;
  EventCounts& operator+=(const EventCounts& other);
  /// Count of event number i, in the order of events.def.
  std::int64_t& at(std::size_t i);
  std::int64_t at(std::size_t i) const;
};

/// Name, unit of count and meaning of one event.
struct EventInfo {
  const char* name;
  const char* unit;
  const char* meaning;
};

/// All events in the order of events.def.
inline constexpr EventInfo event_list[] = {
#define X(id, unit, meaning) {#id, unit, meaning},
#include "golden/events.def"
#undef X
};
inline constexpr std::size_t event_count = sizeof(event_list) / sizeof(event_list[0]);

/// {"activations": n, ...} in the order of events.def.
nlohmann::ordered_json to_json(const EventCounts& counts);
/// Inverse of to_json. Throws InputError `event-counts` for a missing or unknown name or a value that is no integer.
EventCounts events_from_json(const nlohmann::ordered_json& json);

}  // namespace epim
