// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/events.hpp"

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

constexpr std::int64_t EventCounts::*members[] = {
#define X(id, unit, meaning) &EventCounts::id,
#include "golden/events.def"
#undef X
};

}  // namespace

std::int64_t& EventCounts::at(std::size_t i) { return this->*members[i]; }
std::int64_t EventCounts::at(std::size_t i) const { return this->*members[i]; }

EventCounts& EventCounts::operator+=(const EventCounts& other) {
  for (std::size_t i = 0; i < event_count; ++i) at(i) += other.at(i);
  return *this;
}

nlohmann::ordered_json to_json(const EventCounts& counts) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < event_count; ++i) json[event_list[i].name] = counts.at(i);
  return json;
}

EventCounts events_from_json(const nlohmann::ordered_json& json) {
  if (!json.is_object()) throw InputError({}, "event-counts", "event counts must be a JSON object");
  EventCounts counts;
  for (std::size_t i = 0; i < event_count; ++i) {
    const auto it = json.find(event_list[i].name);
    if (it == json.end() || !it->is_number_integer())
      throw InputError({}, "event-counts", fmt::format("'{}' must be there and an integer", event_list[i].name));
    counts.at(i) = it->get<std::int64_t>();
  }
  for (const auto& item : json.items()) {
    bool known = false;
    for (const EventInfo& info : event_list) known = known || item.key() == info.name;
    if (!known) throw InputError({}, "event-counts", fmt::format("unknown event '{}'", item.key()));
  }
  return counts;
}

}  // namespace epim
