// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What other verbs wrote as JSON, as sections of a report.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

namespace epim::report {

using Json = nlohmann::ordered_json;

/// What a JSON file is, by the keys at its top.
enum class JsonKind {
  network,   ///< a network description
  run,       ///< result.json of epim run
  import,    ///< import.json
  estimate,  ///< epim estimate --json
  search,    ///< epim search --json
  balance,   ///< the same with --interval or --objective interval
  design,    ///< a design file
  accuracy,  ///< result.json of epim eval
  study,     ///< curves of scripts/device_study.py
  training,  ///< summary of study/summary.py
  chip,      ///< epim sim or estimate --top network --json
  unknown,
};
JsonKind kind_of(const Json& json);

/// Reads a JSON file. Throws InputError unreadable-file and, with line and column, those of parse_json.
Json read_result(const std::string& path);

/// The functions below throw InputError report-source, placed at `file`, where a key is missing or of another type.

/// Signal-to-noise ratio of every map of an import, in decibel, and the first one below `least`.
Json fidelity_section(const Json& record, double least, const std::string& file);
/// Formats of the maps of an import, and the range of values that was seen.
Json formats_section(const Json& record, const std::string& file);
/// Sections "layers" and "energy" (where the model of our own core was asked for) of an estimate.
Json estimate_sections(const Json& estimate, const std::string& file);
/// The chosen design of a search beside uniform ones, and the front.
Json search_section(const Json& result, const std::string& file);
/// The same from the provenance of a design file that a search wrote.
Json design_search_section(const Json& design, const std::string& file);
/// Copies on a chip: the chosen design, the one without copies, the front; what every node takes.
Json balance_section(const Json& result, const std::string& file);
/// Accuracy over a sweep, and per point the signal-to-noise ratio of every map against the float network and the first one below
/// `least`.
Json accuracy_section(const Json& result, double least, const std::string& file);
/// Sections "chip" and "energy" of a network as one chip.
Json chip_sections(const Json& result, const std::string& file);
/// Curves of a study of devices: families of networks, what is swept, means over chips and their intervals.
Json study_section(const Json& study, const std::string& file);
/// Accuracies of the training study with their intervals, and the differences that the claims ask for.
Json training_section(const Json& summary, const std::string& file);

}  // namespace epim::report
