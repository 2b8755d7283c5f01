// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/accuracy/evaluation_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace epim {
namespace {

using Json = nlohmann::ordered_json;

double share_of(std::int64_t part, std::int64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0; }

Json counted(std::int64_t n, std::int64_t of) { return {{"count", n}, {"of", of}, {"share", share_of(n, of)}}; }

/// Bits of the ADCs of a point, the largest of its cores', and whether none of them can clip.
struct Adc {
  int bits = 0;
  bool lossless = true;
};
Adc adc_of(const CompiledNetwork& net) {
  Adc a;
  for (const CompiledLayer& l : net.layers) {
    a.bits = std::max(a.bits, l.hw.adc_bits);
    a.lossless = a.lossless && l.hw.adc_bits >= l.hw.lossless_adc_bits();
  }
  return a;
}

/// "9", or "3..5" where layers differ.
std::string weight_bits_of(const CompiledNetwork& net) {
  int least = 99, most = 0;
  for (const CompiledLayer& l : net.layers) {
    least = std::min(least, l.weight_bits);
    most = std::max(most, l.weight_bits);
  }
  return least == most ? std::to_string(most) : fmt::format("{}..{}", least, most);
}
int most_weight_bits(const CompiledNetwork& net) {
  int most = 0;
  for (const CompiledLayer& l : net.layers) most = std::max(most, l.weight_bits);
  return most;
}
int act_bits_of(const CompiledNetwork& net) {
  int most = 0;
  for (const CompiledLayer& l : net.layers) most = std::max(most, hardware_for(l.hw, l.layer).act_bits);
  return most;
}

std::int64_t sum(const std::vector<std::int64_t>& v) {
  std::int64_t s = 0;
  for (std::int64_t n : v) s += n;
  return s;
}

/// Conversions of one image in layer l.
std::int64_t conversions_of(const CompiledLayer& l) {
  std::int64_t columns = 0;
  for (const Firing& f : plan_firings(l.layer).firings) columns += l.layer.patches[static_cast<std::size_t>(f.patch)].beta2;
  const Hardware hw = hardware_for(l.hw, l.layer);
  return 2 * columns * hw.slices() * hw.steps() * hw.pe_rows * l.layer.out_h() * l.layer.out_w();
}

std::int64_t energy_of(const CompiledNetwork& net, const PointResult& p, const EnergyTable& energies) {
  std::int64_t total = 0;
  for (std::size_t l = 0; l < p.events.size(); ++l) total += energy(p.events[l], energies, net.layers[l].hw).total;
  return total;
}

Json answers_json(const Answers& a, const EvaluationResult& r) {
  Json j;
  const bool labelled = !r.class_images.empty();
  j["top1"] = labelled ? counted(a.right1, r.images) : Json();
  j["top5"] = labelled && a.predicted.size() > 5 ? counted(a.right5, r.images) : Json();
  j["classes"] = Json::array();
  for (std::size_t c = 0; c < a.predicted.size(); ++c) {
    Json row = {{"class", c}, {"predicted", a.predicted[c]}};
    if (labelled) {
      row["images"] = r.class_images[c];
      row["right"] = a.right[c];
    }
    j["classes"].push_back(std::move(row));
  }
  return j;
}

/// Smallest signal-to-noise ratio of a point's maps: its node, and the ratio.
std::optional<std::pair<std::size_t, double>> worst_map(const PointResult& p) {
  std::optional<std::pair<std::size_t, double>> worst;
  for (std::size_t n = 0; n < p.maps.size(); ++n)
    if (const auto db = p.maps[n].decibels(); db && (!worst || *db < worst->second)) worst.emplace(n, *db);
  return worst;
}

/// Points that differ in their chip alone: the numbers of one group after the other, in the order of the first ones.
std::vector<std::vector<std::size_t>> groups_of(const EvaluationSubject& s) {
  std::vector<std::vector<std::size_t>> groups;
  const auto same = [&](std::size_t a, std::size_t b) {
    return s.settings[a].swept == s.settings[b].swept && most_weight_bits(*s.points[a]) == most_weight_bits(*s.points[b]) &&
           adc_of(*s.points[a]).bits == adc_of(*s.points[b]).bits;
  };
  for (std::size_t p = 0; p < s.settings.size(); ++p) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return same(g.front(), p); });
    if (group == groups.end()) groups.push_back({p});
    else group->push_back(p);
  }
  return groups;
}

/// Share of images that are right, of every chip of a group.
Spread accuracy_of(const EvaluationResult& r, const std::vector<std::size_t>& group) {
  std::vector<double> shares;
  for (const std::size_t p : group) shares.push_back(share_of(r.points[p].answers.right1, r.images));
  return spread_of(shares);
}

Json swept_json(const PointSettings& s) {
  Json j = Json::object();
  for (const auto& [key, value] : s.swept) j[key] = value;
  return j;
}

std::string swept_text(const PointSettings& s) {
  std::string t;
  for (const auto& [key, value] : s.swept) t += fmt::format("{}{} {}", t.empty() ? "" : ", ", key, value);
  return t.empty() ? "as given" : t;
}

}  // namespace

double student_quantile(std::size_t df) {
  static constexpr double table[] = {12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
                                     2.200985,  2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963,
                                     2.079614,  2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272};
  if (df >= 1 && df <= std::size(table)) return table[df - 1];
  // Cornish-Fisher in 1/df, exact to five digits from 30 on.
  const double z = 1.959963985, n = static_cast<double>(df);
  return z + (z * z * z + z) / (4 * n) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

Spread spread_of(const std::vector<double>& samples) {
  Spread s;
  s.chips = samples.size();
  for (const double v : samples) s.mean += v / static_cast<double>(s.chips);
  if (s.chips < 2) return s;
  double squares = 0;
  for (const double v : samples) squares += (v - s.mean) * (v - s.mean);
  s.deviation = std::sqrt(squares / static_cast<double>(s.chips - 1));
  s.half_width = student_quantile(s.chips - 1) * s.deviation / std::sqrt(static_cast<double>(s.chips));
  return s;
}

Json json_of(const EvaluationSubject& s, const EvaluationResult& r, const EnergyTable& energies) {
  const CompiledNetwork& first = *s.points.at(0);
  const Hardware& hw = first.layers.at(0).hw;
  const auto file = [](const std::string& name) { return name.empty() ? Json() : Json(name); };
  Json j = {{"schema", 1}, {"kind", "eval"}, {"network", first.network.name}, {"network_file", s.network_file}, {"weights", file(s.weights)},
            {"seeded", first.seeded}, {"calibrated_on", file(s.calibrated_on)},
            {"images", {{"file", file(s.images)}, {"first", s.first}, {"count", r.images}}}, {"labels", file(s.labels)},
            {"crossbar", fmt::format("{}x{}", hw.xb_rows, hw.xb_cols)}, {"cell_bits", hw.cell_bits}, {"dac_bits", hw.dac_bits}};
  j["float"] = r.reference ? answers_json(*r.reference, r) : Json();
  j["points"] = Json::array();
  for (std::size_t p = 0; p < r.points.size(); ++p) {
    const CompiledNetwork& net = *s.points[p];
    const PointResult& point = r.points[p];
    const Adc adc = adc_of(net);
    Json row = {{"weight_bits", most_weight_bits(net)}, {"act_bits", act_bits_of(net)}, {"adc_bits", adc.bits}, {"adc_lossless", adc.lossless}};
    if (!s.settings.empty()) {
      row["settings"] = swept_json(s.settings[p]);
      row["device_seed"] = s.settings[p].device_seed;
    }
    row.update(answers_json(point.answers, r));
    row["agreement"] = r.reference ? counted(point.answers.agree, r.images) : Json();
    row["maps"] = Json::array();
    for (std::size_t n = 0; n < point.maps.size(); ++n) {
      const MapFormat& f = format_of(net.arithmetic.formats, static_cast<int>(n));
      const Node& node = net.network.nodes[n];
      const auto db = point.maps[n].decibels();
      row["maps"].push_back({{"node", node.name}, {"op", op_name(node.op)}, {"bits", f.bits}, {"signed", f.is_signed}, {"scale", f.scale}, {"zero", f.zero},
                             {"snr_db", db ? Json(*db) : Json()}, {"signal", point.maps[n].signal}, {"noise", point.maps[n].noise}});
    }
    row["layers"] = Json::array();
    for (std::size_t l = 0; l < net.layers.size(); ++l) {
      const CompiledLayer& layer = net.layers[l];
      Json x = {{"layer", layer.layer.name}, {"node", net.network.nodes[static_cast<std::size_t>(layer.node)].name}, {"weight_bits", layer.weight_bits},
                {"adc_bits", layer.hw.adc_bits}, {"adc_conversions", conversions_of(layer) * r.images}, {"adc_saturated", point.clipped[l]}};
      if (!point.events.empty()) {
        x["events"] = to_json(point.events[l]);
        x["energy_aJ"] = energy(point.events[l], energies, layer.hw).total;
      }
      row["layers"].push_back(std::move(x));
    }
    if (!point.events.empty()) row["energy_aJ"] = energy_of(net, point, energies);
    j["points"].push_back(std::move(row));
  }
  if (s.settings.empty() || r.class_images.empty()) return j;
  j["groups"] = Json::array();
  for (const std::vector<std::size_t>& group : groups_of(s)) {
    const Spread a = accuracy_of(r, group);
    Json row = {{"settings", swept_json(s.settings[group[0]])}, {"weight_bits", most_weight_bits(*s.points[group[0]])}, {"adc_bits", adc_of(*s.points[group[0]]).bits},
                {"points", group}, {"chips", a.chips}, {"top1_mean", a.mean}};
    row["top1_deviation"] = a.chips > 1 ? Json(a.deviation) : Json();
    row["top1_interval"] = a.chips > 1 ? Json{a.mean - a.half_width, a.mean + a.half_width} : Json();
    j["groups"].push_back(std::move(row));
  }
  return j;
}

std::string text_of(const EvaluationSubject& s, const EvaluationResult& r, const EnergyTable& energies) {
  const bool labelled = !r.class_images.empty();
  const auto percent = [&](std::int64_t n) { return fmt::format("{:.2f} %", 100 * share_of(n, r.images)); };
  const auto right = [&](const Answers& a) { return labelled ? percent(a.right1) : std::string("-"); };
  const auto right5 = [&](const Answers& a) { return labelled && a.predicted.size() > 5 ? percent(a.right5) : std::string("-"); };
  std::string t = fmt::format("{}: {} images of {}{}\n\n", s.points.at(0)->network.name, r.images, s.images.empty() ? "seeded data" : s.images,
                              s.first > 0 ? fmt::format(", from number {}", s.first) : "");
  const bool events = !r.points.at(0).events.empty();
  if (!s.settings.empty() && labelled) {
    t += fmt::format("{:<58} {:<8} {:<4} {:>6} {:>9}  {}\n", "device", "weights", "ADC", "chips", "top-1", "95 % interval of the mean");
    for (const std::vector<std::size_t>& group : groups_of(s)) {
      const Spread a = accuracy_of(r, group);
      t += fmt::format("{:<58} {:<8} {:<4} {:>6} {:>7.2f} %  {}\n", swept_text(s.settings[group[0]]), weight_bits_of(*s.points[group[0]]), adc_of(*s.points[group[0]]).bits,
                       a.chips, 100 * a.mean, a.chips > 1 ? fmt::format("+- {:.2f} %", 100 * a.half_width) : "one chip");
    }
    if (r.reference) t += fmt::format("{:<58} {:<8} {:<4} {:>6} {:>9}\n", "float network", "", "", "", right(*r.reference));
    return t;
  }
  t += fmt::format("{:<8} {:<5} {:<13} {:>9} {:>9} {:>10} {:>10}  {}{}\n", "weights", "acts", "ADC", "top-1", "top-5", "as float", "clipped", "worst map",
                   events ? ", energy an image" : "");
  if (r.reference) t += fmt::format("{:<8} {:<5} {:<13} {:>9} {:>9} {:>10} {:>10}\n", "float", "", "", right(*r.reference), right5(*r.reference), "", "");
  for (std::size_t p = 0; p < r.points.size(); ++p) {
    const CompiledNetwork& net = *s.points[p];
    const PointResult& point = r.points[p];
    const Adc adc = adc_of(net);
    std::int64_t conversions = 0;
    for (const CompiledLayer& l : net.layers) conversions += conversions_of(l) * r.images;
    const auto worst = worst_map(point);
    t += fmt::format("{:<8} {:<5} {:<13} {:>9} {:>9} {:>10} {:>9.4f}%  {}{}\n", weight_bits_of(net), act_bits_of(net),
                     fmt::format("{}{}", adc.bits, adc.lossless ? " lossless" : ""), right(point.answers), right5(point.answers),
                     r.reference ? percent(point.answers.agree) : "-", 100 * share_of(sum(point.clipped), conversions),
                     worst ? fmt::format("{} {:.1f} dB", net.network.nodes[worst->first].name, worst->second) : "-",
                     events ? fmt::format(", {:.3f} uJ", static_cast<double>(energy_of(net, point, energies)) * 1e-12 / static_cast<double>(r.images)) : "");
  }
  const auto point_heads = [&] {
    std::string heads;
    for (const CompiledNetwork* net : s.points) heads += fmt::format(" {:>12}", fmt::format("W{} ADC {}", weight_bits_of(*net), adc_of(*net).bits));
    return heads + "\n";
  };
  if (labelled && r.class_images.size() <= 100) {
    t += fmt::format("\nright, by class\n{:<8} {:>7} {:>9}", "class", "images", r.reference ? "float" : "") + point_heads();
    for (std::size_t c = 0; c < r.class_images.size(); ++c) {
      const auto cell = [&](const Answers& a) { return fmt::format("{:.2f} %", 100 * share_of(a.right[c], r.class_images[c])); };
      t += fmt::format("{:<8} {:>7} {:>9}", c, r.class_images[c], r.reference ? cell(*r.reference) : "");
      for (const PointResult& p : r.points) t += fmt::format(" {:>12}", cell(p.answers));
      t += "\n";
    }
  }
  if (r.reference) {
    t += fmt::format("\nsignal-to-noise ratio of the maps, dB\n{:<26}", "map") + point_heads();
    for (std::size_t n = 0; n < r.points[0].maps.size(); ++n) {
      t += fmt::format("{:<26}", s.points[0]->network.nodes[n].name);
      for (const PointResult& p : r.points) {
        const auto db = p.maps[n].decibels();
        t += fmt::format(" {:>12}", db ? fmt::format("{:.1f}", *db) : "exact");
      }
      t += "\n";
    }
  }
  return t;
}

}  // namespace epim
