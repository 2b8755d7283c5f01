// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/import_record.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace epim::importer {
namespace {

std::string text_of_format(const MapFormat& f) {
  std::string s = fmt::format("{} bits {} {:.5g}", f.bits, f.is_signed ? "signed" : "unsigned", f.scale);
  if (f.zero != 0) s += fmt::format(", zero {}", f.zero);
  return s;
}

const char* text_of_source(FormatSource s) {
  switch (s) {
    case FormatSource::file: return "file";
    case FormatSource::input: return "its input";
    case FormatSource::calibrated: return "images";
  }
  return "";
}

std::string text_of_map(const MapFidelity& m) {
  std::string s = std::isfinite(m.decibels()) ? fmt::format("{:.1f} dB", m.decibels()) : "exact";
  if (!m.judged || m.elements == 0) return s;
  if (m.worst == 0) return s + ", all steps equal";
  s += fmt::format(", {} of {} one step off", m.one_step, m.elements);
  if (m.boundary > 0) s += fmt::format(", {} on a rounding boundary", m.boundary);
  if (m.more > 0) s += fmt::format(", {} by up to {} steps", m.more, m.worst);
  s += fmt::format(" (rounding of scales: {:.1e})", m.scale_error);
  if (!m.good()) s += ": outside the limit";
  return s;
}

const MapFidelity* find_map(const IntegerFidelity& fidelity, const std::string& node) {
  for (const MapFidelity& m : fidelity.maps)
    if (m.node == node) return &m;
  return nullptr;
}

nlohmann::ordered_json json_of_format(const MapFormat& f) {
  return {{"bits", f.bits}, {"signed", f.is_signed}, {"scale", f.scale}, {"zero_point", f.zero}};
}

nlohmann::ordered_json json_of_fidelity(const IntegerFidelity& fidelity) {
  nlohmann::ordered_json j = {{"images", fidelity.images}, {"ok", fidelity.good()}, {"share_limit", step_limit}};
  j["maps"] = nlohmann::ordered_json::array();
  for (const MapFidelity& m : fidelity.maps) {
    nlohmann::ordered_json one = {{"node", m.node}};
    if (std::isfinite(m.decibels())) one["signal_to_noise_db"] = m.decibels();
    else one["signal_to_noise_db"] = nullptr;
    one["scale_error"] = m.scale_error;
    if (m.judged)
      one["steps"] = {{"ok", m.good()}, {"elements", m.elements}, {"one_step", m.one_step}, {"on_rounding_boundary", m.boundary}, {"more", m.more}, {"worst", m.worst}};
    if (m.judged) one["whole_network"] = {{"worst", m.whole_worst}, {"differ", m.whole_off}};
    j["maps"].push_back(std::move(one));
  }
  j["outputs"] = nlohmann::ordered_json::array();
  for (const OutputAgreement& o : fidelity.outputs) {
    nlohmann::ordered_json one = {{"output", o.output}, {"node", o.node}, {"images", o.images}, {"same_largest", o.agree}};
    if (o.right >= 0) {
      one["right_graph"] = o.right_graph;
      one["right"] = o.right;
    }
    j["outputs"].push_back(std::move(one));
  }
  return j;
}

}  // namespace

std::string text_of(const Plan& plan, const std::map<std::string, Range>& ranges, const IntegerFidelity& fidelity) {
  std::string s;
  const auto line = [&](const std::string& a, const std::string& b, const std::string& c, const std::string& d, const std::string& e) {
    std::string l = fmt::format("{:<24} {:<16} {:<40} {:<10} {}", a, b, c, d, e);
    l.erase(l.find_last_not_of(' ') + 1);
    s += l + "\n";
  };
  line("node", "operator", "format", "from", "against the graph");
  line(plan.input_name, "input", text_of_format(plan.input_format), text_of_source(plan.input_source), "");
  for (const PlannedNode& n : plan.nodes) {
    const MapFidelity* m = find_map(fidelity, n.name);
    line(n.name, n.op, text_of_format(n.format), text_of_source(n.source), m ? text_of_map(*m) : "");
  }
  (void)ranges;
  for (const std::string& r : plan.remarks) s += "remark: " + r + "\n";
  std::int64_t judged = 0, bad = 0;
  for (const MapFidelity& m : fidelity.maps) {
    judged += m.judged;
    bad += !m.good();
  }
  if (judged > 0 && fidelity.images > 0)
    s += fmt::format("fidelity (b), integers of {} maps over {} images: {}\n", judged, fidelity.images,
                     bad == 0 ? fmt::format("at most one step off in at most {:g} % of a map", 100 * step_limit) : fmt::format("{} maps outside the limit", bad));
  for (const OutputAgreement& o : fidelity.outputs) {
    const MapFidelity* m = find_map(fidelity, o.node);
    s += fmt::format("fidelity (c), output {}: {}, largest value at the same place in {} of {} images", o.output,
                     m && std::isfinite(m->decibels()) ? fmt::format("{:.1f} dB", m->decibels()) : "exact", o.agree, o.images);
    if (o.right >= 0) s += fmt::format("; right: {}, in the graph {}", o.right, o.right_graph);
    s += "\n";
  }
  return s;
}

nlohmann::ordered_json json_of(const ImportSource& source, const Plan& plan, const std::map<std::string, Range>& ranges, const IntegerFidelity& fidelity) {
  nlohmann::ordered_json j = {{"source", {{"file", source.file}, {"bytes", source.bytes}, {"fnv1a", source.hash}}},
                              {"calibration", {{"method", source.method}, {"images", source.calibration_images}, {"act_bits", source.act_bits}, {"weight_bits", source.weight_bits}}}};
  j["maps"] = nlohmann::ordered_json::array();
  const auto add = [&](const std::string& name, const std::string& op, const std::string& origin, const std::string& tensor, FormatSource from, const MapFormat& format) {
    nlohmann::ordered_json one = {{"node", name}, {"op", op}};
    if (!origin.empty()) one["from_nodes"] = origin;
    one["tensor"] = tensor;
    one["format"] = json_of_format(format);
    one["format_from"] = text_of_source(from);
    if (const auto r = ranges.find(name); r != ranges.end()) one["seen"] = {{"least", r->second.least}, {"most", r->second.most}, {"kept", r->second.kept}};
    j["maps"].push_back(std::move(one));
  };
  add(plan.input_name, "input", "", plan.input_tensor, plan.input_source, plan.input_format);
  for (const PlannedNode& n : plan.nodes) add(n.name, n.op, n.origin, n.tensor, n.source, n.format);
  j["remarks"] = plan.remarks;
  j["integers"] = json_of_fidelity(fidelity);
  return j;
}

}  // namespace epim::importer
