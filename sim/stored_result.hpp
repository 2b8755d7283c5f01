// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Results of a long run's parts, a JSON file each: a run that was killed goes on with those that are there.
#pragma once
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

namespace epim {

/// Reads the file at `path` into a result by `take`, if its "key" is `key`. False where there is none, it is of other inputs, or
/// incomplete, which counts as none.
bool read_stored(const std::string& path, const std::string& key, const std::function<void(const nlohmann::ordered_json&)>& take);

}  // namespace epim
