// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What the hypothesis Traffic::partial_sums would explain: every printed latency and energy that the `mnsim` model answers,
/// by both rules. No verdict of the page comes from it.
#pragma once
#include <functional>
#include <string>

#include "gen/paper/report.hpp"

namespace epim {

/// A section in Markdown: rows of Table 1 (layer set `timed`), Figure 3 and Figure 4 (activations per patch), each with the
/// relative error by either rule and which is nearer; then Figure 4's search and wrapping. `progress(what)` may be empty.
std::string traffic_markdown(const PaperInputs& inputs, const std::function<void(const std::string&)>& progress);

}  // namespace epim
