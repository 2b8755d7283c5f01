// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "gen/command/balance.hpp"
#include "gen/command/command.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/search/evolution.hpp"
#include "gen/search/exact.hpp"

namespace epim::command {
namespace {

struct SearchArguments {
  std::string network, budget = "1024x256", objective = "latency", model = "mnsim", method = "exact", layers = "bottleneck";
  std::string crossbar = "256x256", count, bits_from, evaluate = "table", checkpoint, out, activations = "patches", traffic = "whole-position";
  std::vector<std::string> candidates = {"none", "256x256", "512x256", "1024x256", "2048x256"}, wrap = {"off", "copies"}, set;
  std::vector<int> rows_per_read;
  int weight_bits = 9, classifier_bits = 0, act_bits = 9, lanes = 16, seeds = 1;
  EvolutionOptions evolution;
  std::int64_t interval = 0;
  bool compat = false, refine = false, front = false, json = false, bits_given = false, budget_given = false, model_given = false;
  bool balances() const { return interval > 0 || objective == "interval"; }
};

Objective objective_of(const std::string& text) {
  for (Objective o : {Objective::latency, Objective::energy, Objective::edp})
    if (text == objective_name(o)) return o;
  throw InputError({"--objective", 0, 0}, "unknown-objective", "\"" + text + "\"; legal: latency, energy, edp, interval");
}

/// --candidates: none, ROWSxCOLUMNS or pool:SHARE.
std::vector<CandidateSize> sizes_of(const std::vector<std::string>& texts) {
  std::vector<CandidateSize> sizes;
  for (const std::string& t : texts) {
    if (t.empty()) continue;
    if (const auto pool = pool_choice(t)) {
      sizes.push_back({0, 0, pool});
      continue;
    }
    const auto size = uniform_size(t);
    if (t != "none" && (!size || size->first < 1 || size->second < 1))
      throw InputError({"--candidates", 0, 0}, "bad-candidate", "\"" + t + "\"; legal: none, ROWSxCOLUMNS, e.g. 1024x256, and pool:SHARE, e.g. pool:0.5");
    sizes.push_back(t == "none" ? CandidateSize{} : CandidateSize{size->first, size->second});
  }
  return sizes;
}

std::vector<Wrap> wraps_of(const std::vector<std::string>& texts) {
  std::vector<Wrap> wraps;
  for (const std::string& t : texts) {
    if (t.empty()) continue;
    wraps.push_back(read_wrap(parse_json(nlohmann::json(t).dump(), "--wrap"), "--wrap"));
  }
  return wraps;
}

/// Widths of the layers: those of the file, else --weight-bits; the classifier by --classifier-bits.
void set_bits(Network& net, const SearchArguments& o) {
  if (!o.bits_from.empty()) {
    Design d = read_design(o.bits_from);
    if (o.bits_given) check_bits(d, o.weight_bits);
    for (LayerDesign& l : d.layers) l.has_epitome = false;
    apply_design(net, d);
  }
  if (o.classifier_bits == 0) return;
  for (Node& node : net.nodes) {
    if (node.role != Role::classifier) continue;
    if (node.weight_bits > 0 && node.weight_bits != o.classifier_bits)
      throw InputError(node.where, "contradictory-bits",
                       fmt::format("layer '{}' has weight_bits {} in the design, --classifier-bits says {}; leave one of them out", node.name,
                                   node.weight_bits, o.classifier_bits));
    node.weight_bits = o.classifier_bits;
  }
}

struct Space {
  std::unique_ptr<CostModel> model;
  CountOptions count;
  int weight_bits = 9;
};

Space build_space(const SearchArguments& o) {
  Space s;
  Network net = load_network(network_file(o.network));
  say_remarks(net);
  set_bits(net, o);
  s.weight_bits = o.weight_bits;
  const bool rtl = o.model == "rtl";
  const HardwareRequest hw = network_hardware(o.crossbar, rtl ? o.weight_bits : std::min(o.weight_bits, 9), std::min(o.act_bits, rtl ? 32 : 9), o.lanes, o.set);
  const std::string rule = !o.count.empty() ? o.count : rtl ? "physical" : "paper";
  s.count.rule = rule == "paper" ? CountRule::paper : CountRule::physical;
  s.count.geometry = {hw.xb_rows, hw.xb_cols, hw.cell_bits, hw.lanes};
  for (const Node& node : net.nodes) s.count.weight_bits.push_back(node.weight_bits > 0 ? node.weight_bits : o.weight_bits);
  SpaceOptions space{sizes_of(o.candidates), wraps_of(o.wrap), o.layers == "conv", hw.lanes};
  std::vector<SearchLayer> layers = search_layers(net, space);
  if (rtl) {
    s.model = rtl_cost_model(net, std::move(layers), s.count, hw, load_activity(home() + "/golden/data/activity.toml"),
                             load_energy_table(home() + "/golden/data/energy.toml"));
    return s;
  }
  for (const CandidateSize& size : space.sizes)
    if (size.pool) throw InputError({"--candidates", 0, 0}, "mnsim-pool", size_name(size) + ": MNSIM's model does not know weight pools, legal: --model rtl");
  MnsimData data = load_mnsim_data(home() + "/gen/cost/data/mnsim.toml");
  data.config.device_level = 1 << hw.cell_bits;
  set_mnsim_key(data.config, "Xbar_Size", {static_cast<double>(hw.xb_rows), static_cast<double>(hw.xb_cols)}, {"--crossbar", 0, 0});
  // As many converters per row and column as MNSIM's 256x256 crossbar has.
  data.config.adc_num = std::max(1, data.config.adc_num * hw.xb_cols / 256);
  data.config.dac_num = std::max(1, data.config.dac_num * hw.xb_rows / 256);
  MnsimWorkload w;
  w.weight_bits = o.weight_bits;
  w.node_weight_bits = s.count.weight_bits;
  w.act_bits = o.act_bits;
  w.activations = o.activations == "rows" ? ActivationRule::rows : ActivationRule::patches;
  w.traffic = o.traffic == "partial-sums" ? Traffic::partial_sums : Traffic::whole_position;
  MnsimQuirks quirks = o.compat ? MnsimQuirks::compat() : MnsimQuirks{};
  quirks.one_pair_per_bit = false;  // cells of hw.cell_bits, as the crossbar counts have them
  s.model = mnsim_cost_model(net, std::move(layers), s.count, w, data, quirks);
  return s;
}

/// A number of rows per read and the optimum of the table that it gives.
struct ReadChoice {
  int rows = 0;
  Cost optimum;
};

Network uniform_network(const Network& net, int rows, int cols) {
  Network u = net;
  apply_uniform(u, rows, cols);
  return u;
}

std::int64_t budget_of(const SearchArguments& o, const Space& s) {
  if (const auto size = uniform_size(o.budget))
    return s.model->evaluate(uniform_network(s.model->network(), size->first, size->second)).crossbars;
  if (o.budget.empty() || o.budget.size() > 12 || o.budget.find_first_not_of("0123456789") != std::string::npos)
    throw InputError({"--budget", 0, 0}, "bad-budget",
                     "\"" + o.budget + "\"; legal: a number of crossbars, or ROWSxCOLUMNS for as many as that uniform design has");
  return std::stoll(o.budget);
}

/// --rows-per-read: the table's optimum for each of them; that with the best one goes into the hardware. All cores read alike.
std::vector<ReadChoice> choose_rows_per_read(SearchArguments& o, Objective objective) {
  if (o.rows_per_read.empty()) return {};
  if (o.model != "rtl") throw InputError({"--rows-per-read", 0, 0}, "bad-argument", "model " + o.model + " knows no row groups, legal: --model rtl");
  for (const std::string& s : o.set)
    if (s.rfind("hardware.rows_per_read=", 0) == 0)
      throw InputError({"--set " + s, 0, 0}, "bad-argument", "--rows-per-read is given as well, legal: one of them");
  const auto with = [&](int rows) {
    SearchArguments one = o;
    one.set.push_back(fmt::format("hardware.rows_per_read={}", rows));
    return one;
  };
  std::vector<ReadChoice> tried;
  const ReadChoice* best = nullptr;
  tried.reserve(o.rows_per_read.size());
  for (const int rows : o.rows_per_read) {
    const SearchArguments one = with(rows);
    const Space space = build_space(one);
    tried.push_back({rows, solve(space.model->table(), objective, budget_of(one, space)).cost});
    const auto order = [&](const ReadChoice& r) {
      return std::tuple(value_of(r.optimum, objective), objective == Objective::energy ? r.optimum.latency : r.optimum.energy, -r.rows);
    };
    if (!best || order(tried.back()) < order(*best)) best = &tried.back();
  }
  o = with(best->rows);
  return tried;
}

/// A design with what it costs.
struct Row {
  std::string name;
  Cost cost;
};

nlohmann::ordered_json cost_json(const CostModel& m, const Cost& c) {
  const std::string unit = m.latency_unit() == "ms" ? "latency_ps" : "cycles";
  return {{"crossbars", c.crossbars}, {unit, c.latency}, {"energy_aJ", c.energy}};
}

double edp(const CostModel& m, const Cost& c) { return m.latency(c) * CostModel::energy_mj(c); }
double value(const CostModel& m, const Cost& c, Objective o) {
  return o == Objective::latency ? m.latency(c) : o == Objective::energy ? CostModel::energy_mj(c) : edp(m, c);
}
std::string unit_of(const CostModel& m, Objective o) {
  return o == Objective::latency ? m.latency_unit() : o == Objective::energy ? "mJ" : m.latency_unit() + " mJ";
}

struct SeedResult {
  std::uint64_t seed = 0;
  Selection selection;
  Cost searched, model;  ///< by what evolution was shown; by the model
  std::int64_t evaluations = 0;
};

SeedResult evolve(const SearchArguments& o, const Space& s, Objective objective, std::int64_t budget, std::uint64_t seed, Progress& progress, int n) {
  EvolutionOptions options = o.evolution;
  options.seed = seed;
  const CostModel& m = *s.model;
  Evolution e(m, objective, budget, o.evaluate == "model" ? Evolution::Evaluate([&](const Selection& x) { return m.evaluate(x); })
                                                          : [&](const Selection& x) { return m.table().additive(x); },
              options);
  const std::string identity = hash_text(fnv1a(fmt::format(
      "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", m.network().name, design_text(design_of(m.network())), budget,
      o.objective, o.model, o.layers, o.crossbar, o.count, o.evaluate, o.activations, o.traffic, fmt::join(o.candidates, ","), fmt::join(o.wrap, ","),
      fmt::join(o.set, " "), o.weight_bits, o.classifier_bits, o.act_bits, o.lanes, o.compat, options.population, options.iterations,
      options.mutated_layers, options.crossover, seed)));
  const std::string file = o.checkpoint.empty() || o.seeds == 1 ? o.checkpoint : fmt::format("{}.{}", o.checkpoint, seed);
  if (!file.empty() && std::filesystem::exists(file)) e.resume(read_evolution_state(file, identity, m.layers()));
  else e.start();
  auto saved = std::chrono::steady_clock::now();
  while (!e.done()) {
    e.step();
    progress.update((n + static_cast<double>(e.state().iteration) / options.iterations) / o.seeds, fmt::format("seed {}", seed));
    if (file.empty() || std::chrono::steady_clock::now() - saved < std::chrono::seconds(1)) continue;
    write_file_atomically(file, evolution_state_text(e.state(), identity));
    saved = std::chrono::steady_clock::now();
  }
  if (!file.empty()) write_file_atomically(file, evolution_state_text(e.state(), identity));
  return {seed, e.best(), e.best_cost(), m.evaluate(e.best()), e.state().evaluations};
}

/// "12 x 1024x256 copies, ..." in order of the candidates.
std::string histogram(const CostModel& m, const Selection& selection) {
  std::map<std::string, int> count;
  std::vector<std::string> order;
  for (const SearchLayer& l : m.layers())
    for (const Candidate& c : l.candidates)
      if (count.emplace(candidate_name(c), 0).second) order.push_back(candidate_name(c));
  for (std::size_t l = 0; l < selection.size(); ++l) ++count[candidate_name(m.layers()[l].candidates[static_cast<std::size_t>(selection[l])])];
  std::string s;
  for (const std::string& name : order)
    if (count[name] > 0) s += fmt::format("{}{} x {}", s.empty() ? "" : ", ", count[name], name);
  return s;
}

/// --interval, --objective interval: copies on a chip.
void balance(const SearchArguments& o) {
  const auto refuse = [](const std::string& option, const std::string& why) { throw InputError({option, 0, 0}, "bad-argument", why); };
  if (o.model_given && o.model != "rtl") refuse("--model", "an interval is that of our own chip, legal: --model rtl, or none");
  if (o.method != "exact") refuse("--method", "an interval is found exactly, legal: exact");
  if (o.refine) refuse("--refine", "an interval is found exactly, legal: without");
  if (!o.rows_per_read.empty()) refuse("--rows-per-read", "not with an interval, legal: --set hardware.rows_per_read=R");
  if (o.interval == 0 && !o.budget_given) refuse("--objective", "interval asks for a number of crossbars or of cycles, legal: with --budget, or --interval alone");
  if (o.budget_given && (o.budget.empty() || o.budget.size() > 12 || o.budget.find_first_not_of("0123456789") != std::string::npos))
    throw InputError({"--budget", 0, 0}, "bad-budget", "\"" + o.budget + "\"; legal with an interval: a number of crossbars");
  BalanceRequest r;
  r.network = load_network(network_file(o.network));
  say_remarks(r.network);
  set_bits(r.network, o);
  r.hw = network_hardware(o.crossbar, o.weight_bits, o.act_bits, o.lanes, o.set);
  r.layers = search_layers(r.network, {sizes_of(o.candidates), wraps_of(o.wrap), o.layers == "conv", r.hw.lanes});
  r.interval = o.interval;
  if (o.budget_given) r.budget = std::stoll(o.budget);
  r.weight_bits = o.weight_bits;
  r.front = o.front;
  r.json = o.json;
  r.out = o.out;
  r.provenance = {{"tool", "epim search"}, {"method", "exact"}, {"objective", o.interval > 0 ? "crossbars" : "interval"}};
  if (o.interval > 0) r.provenance["interval"] = o.interval;
  if (r.budget) r.provenance["budget"] = *r.budget;
  r.provenance.update({{"weight_bits", o.weight_bits}, {"act_bits", o.act_bits}, {"crossbar", o.crossbar}, {"lanes", o.lanes}, {"set", o.set},
                       {"candidates", o.candidates}, {"wrap", o.wrap}});
  search_interval(r);
}

void search(SearchArguments o) {
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [](std::chrono::steady_clock::time_point t) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count(); };
  const Objective objective = objective_of(o.objective);
  const std::vector<ReadChoice> reads = choose_rows_per_read(o, objective);
  const Space space = build_space(o);
  const CostModel& m = *space.model;
  const std::int64_t budget = budget_of(o, space);
  const double table_seconds = since(begin);

  const auto solving = std::chrono::steady_clock::now();
  const Solution exact = solve(m.table(), objective, budget);
  const double exact_seconds = since(solving);
  const Cost exact_model = m.evaluate(exact.selection);

  // The design that is handed out.
  Selection chosen = exact.selection;
  std::vector<SeedResult> seeds;
  if (o.method == "evolution") {
    Progress progress("evolution");
    for (int n = 0; n < o.seeds; ++n) seeds.push_back(evolve(o, space, objective, budget, o.evolution.seed + static_cast<std::uint64_t>(n), progress, n));
    const SeedResult* best = &seeds.front();
    for (const SeedResult& r : seeds)
      if (value_of(r.searched, objective) < value_of(best->searched, objective)) best = &r;
    chosen = best->selection;
  }
  if (o.refine) {
    Progress progress("refining");
    const std::vector<Selection> starts = refining_starts(m, budget, chosen);
    std::optional<Solution> best;
    for (std::size_t n = 0; n < starts.size(); ++n) {
      const Solution r = refine(m, objective, budget, starts[n], [&](int round) {
        progress.update(static_cast<double>(n) / static_cast<double>(starts.size()), fmt::format("start {} of {}, round {}", n + 1, starts.size(), round + 1));
      });
      if (!best || value_of(r.cost, objective) < value_of(best->cost, objective)) best = r;
    }
    chosen = best->selection;
  }
  const Cost table = m.table().additive(chosen), model = m.evaluate(chosen);
  const std::int64_t bound = m.latency_bound(budget);

  std::vector<Solution> front;
  if (o.front) {
    Progress progress("front");
    front = pareto_front(m.table(), objective, budget, 16, [&](double share) { progress.update(share); });
  }

  // Uniform designs of every candidate size, as the paper's Figure 4 has them, without wrapping.
  std::vector<Row> uniform;
  std::vector<CandidateSize> sizes = sizes_of(o.candidates);
  if (std::find(sizes.begin(), sizes.end(), CandidateSize{1024, 256}) == sizes.end()) sizes.push_back({1024, 256});
  for (const CandidateSize& size : sizes) {
    try {
      if (size.pool) {
        Selection everywhere;
        for (const SearchLayer& l : m.layers()) {
          const auto at = std::find_if(l.candidates.begin(), l.candidates.end(), [&](const Candidate& c) { return c.size == size; });
          if (at == l.candidates.end()) break;
          everywhere.push_back(static_cast<int>(at - l.candidates.begin()));
        }
        if (everywhere.size() == m.layers().size()) uniform.push_back({size_name(size), m.evaluate(everywhere)});
        continue;
      }
      const bool plain = size.rows == 0;
      const Network u = uniform_network(m.network(), plain ? std::numeric_limits<int>::max() : size.rows, plain ? std::numeric_limits<int>::max() : size.cols);
      uniform.push_back({plain ? "no epitomes" : "uniform " + size_name(size), m.evaluate(u)});
    } catch (const InputError&) {  // a size that some layer cannot take is no uniform design
    }
  }

  const std::string rule = space.count.rule == CountRule::paper ? "paper" : "physical";
  nlohmann::ordered_json provenance = {{"tool", "epim search"}, {"method", o.method}, {"refined", o.refine}, {"objective", o.objective}, {"model", o.model},
                                       {"budget", budget}, {"count", rule}, {"act_bits", o.act_bits}, {"crossbar", o.crossbar}, {"lanes", o.lanes},
                                       {"candidates", o.candidates}, {"wrap", o.wrap}};
  if (o.model == "mnsim") {
    provenance["activations"] = o.activations;
    provenance["traffic"] = o.traffic;
    provenance["compat"] = o.compat;
  }
  if (o.method == "evolution") {
    provenance["seed"] = o.evolution.seed;
    provenance["seeds"] = o.seeds;
    provenance["population"] = o.evolution.population;
    provenance["iterations"] = o.evolution.iterations;
    provenance["mutated_layers"] = o.evolution.mutated_layers;
    provenance["crossover"] = o.evolution.crossover;
    provenance["evaluate"] = o.evaluate;
  }
  for (const ReadChoice& r : reads) provenance["rows_per_read"].push_back({{"rows", r.rows}, {"optimum_by_table", cost_json(m, r.optimum)}});
  if (!reads.empty()) provenance["set"] = o.set;
  provenance["cost"] = cost_json(m, model);
  provenance["cost_by_table"] = cost_json(m, table);
  provenance["optimum_by_table"] = cost_json(m, exact.cost);
  if (!o.out.empty()) {
    Design design = selection_design(m.network(), m.layers(), chosen);
    design.weight_bits = o.weight_bits;
    design.provenance = provenance;
    write_file_atomically(o.out, design_text(design));
  }

  if (o.json) {
    nlohmann::ordered_json j = {{"network", m.network().name}, {"search", provenance}};
    j["layers_searched"] = m.layers().size();
    j["log10_combinations"] = log10_combinations(m.layers());
    j["not_additive"] = m.not_additive(objective);
    j["latency_bound"] = bound;
    for (std::size_t l = 0; l < chosen.size(); ++l)
      j["layers"].push_back({{"node", m.network().nodes[static_cast<std::size_t>(m.layers()[l].node)].name},
                             {"candidate", candidate_name(m.layers()[l].candidates[static_cast<std::size_t>(chosen[l])])}});
    for (const Row& u : uniform) j["uniform"].push_back({{"design", u.name}, {"cost", cost_json(m, u.cost)}});
    for (const SeedResult& r : seeds)
      j["seeds"].push_back({{"seed", r.seed}, {"searched", cost_json(m, r.searched)}, {"model", cost_json(m, r.model)}, {"evaluations", r.evaluations}});
    for (const Solution& p : front) j["front"].push_back(cost_json(m, p.cost));
    std::cout << j.dump(1) << "\n";
    return;
  }

  fmt::print("{}: W{}A{}, {} crossbars of {}-bit cells, model {}, objective {}, budget {} crossbars (counted by rule {})\n", m.network().name, o.weight_bits,
             o.act_bits, o.crossbar, space.count.geometry.cell_bits, o.model, o.objective, budget, rule);
  fmt::print("{} layers searched, 10^{:.1f} designs; cost table {:.3f} s, exact {:.3f} s\n", m.layers().size(), log10_combinations(m.layers()),
             table_seconds, exact_seconds);
  fmt::print("table optimum: {:.4g} {} with {} crossbars, proven over all designs within the budget\n", value(m, exact.cost, objective),
             unit_of(m, objective), exact.cost.crossbars);
  for (const ReadChoice& r : reads)
    fmt::print("rows per read {:>4}: {:.4g} {} with {} crossbars\n", r.rows, value(m, r.optimum, objective), unit_of(m, objective), r.optimum.crossbars);
  if (!reads.empty()) fmt::print("chosen: --set {}\n", o.set.back());
  if (!m.not_additive(objective).empty()) {
    fmt::print("not additive: {}\n", m.not_additive(objective));
    fmt::print("the model gives {:.4g} {} for that design", value(m, exact_model, objective), unit_of(m, objective));
    if (objective != Objective::energy) fmt::print("; no design within the budget is below {:.4g} {} of latency", m.latency({0, bound, 0}), m.latency_unit());
    fmt::print("\n");
  }
  if (!seeds.empty()) {
    const bool by_model = o.evaluate == "model";
    const double reference = value(m, by_model ? exact_model : exact.cost, objective);
    fmt::print("\nevolution: {} individuals, {} iterations, evaluated by {}; gap to {}\n", o.evolution.population, o.evolution.iterations,
               by_model ? "the model" : "the table", by_model ? "the model's answer for the table optimum (not a bound)" : "the optimum");
    fmt::print("{:>6} {:>10} {:>14} {:>9} {:>12} {:>14}\n", "seed", "crossbars", unit_of(m, objective), "gap", "evaluations", "by the model");
    double sum = 0, worst = -1e300, least = 1e300;
    for (const SeedResult& r : seeds) {
      const double gap = 100 * (value(m, r.searched, objective) / reference - 1);
      sum += gap;
      worst = std::max(worst, gap);
      least = std::min(least, gap);
      fmt::print("{:>6} {:>10} {:>14.6g} {:>8.3f}% {:>12} {:>14.6g}\n", r.seed, r.searched.crossbars, value(m, r.searched, objective), gap, r.evaluations,
                 value(m, r.model, objective));
    }
    fmt::print("gap over {} seeds: least {:.3f} %, mean {:.3f} %, largest {:.3f} %\n", seeds.size(), least, sum / static_cast<double>(seeds.size()), worst);
  }
  fmt::print("\nfound ({}{}): {}\n", o.method, o.refine ? ", refined" : "", histogram(m, chosen));
  fmt::print("{:<20} {:>10} {:>12} {:>10} {:>12}   {:>9} {:>9} {:>9}\n", "design", "crossbars", m.latency_unit(), "mJ", m.latency_unit() + " mJ", "latency", "energy",
             "EDP");
  fmt::print("{:<20} {:>10} {:>12.4f} {:>10.4f} {:>12.4f}\n", "found", model.crossbars, m.latency(model), CostModel::energy_mj(model), edp(m, model));
  bool fewer = false;
  for (const Row& u : uniform) {
    const bool less = u.cost.crossbars < model.crossbars;
    fewer |= less;
    fmt::print("{:<20} {:>10} {:>12.4f} {:>10.4f} {:>12.4f}   {:>8.3f}x {:>8.3f}x {:>8.3f}x{}\n", u.name, u.cost.crossbars, m.latency(u.cost),
               CostModel::energy_mj(u.cost), edp(m, u.cost), m.latency(u.cost) / m.latency(model), CostModel::energy_mj(u.cost) / CostModel::energy_mj(model),
               edp(m, u.cost) / edp(m, model), less ? " *" : "");
  }
  fmt::print("ratios: that design over the found one, both by the model{}\n", fewer ? "; * has fewer crossbars than the found design" : "");
  if (m.network().name == "resnet50") {
    fmt::print("paper (sec. 6.2, Fig. 4, ResNet-50): EPIM-Opt = wrapping and search over uniform epitomes, \"up to\" 3.07x latency, 2.36x energy, 7.13x EDP\n");
    fmt::print("paper (Table 1, W9A9, search alone): 50.9 -> 49.2 ms = 1.03x with 1080 crossbars, 17.0 -> 15.6 mJ = 1.09x with 1048, over uniform 1024x256 with 1424\n");
  }
  if (!front.empty()) {
    fmt::print("\nPareto front of crossbars against {} (by the table, every point proven{}): {} points\n", o.objective,
               objective == Objective::edp ? ", 16 budgets" : "", front.size());
    fmt::print("{:>10} {:>14}\n", "crossbars", unit_of(m, objective));
    const std::size_t stride = front.size() > 40 ? (front.size() + 39) / 40 : 1;
    for (std::size_t i = 0; i < front.size(); ++i)
      if (i % stride == 0 || i + 1 == front.size()) fmt::print("{:>10} {:>14.6g}\n", front[i].cost.crossbars, value(m, front[i].cost, objective));
    if (stride > 1) fmt::print("(every {}th; --json has all)\n", stride);
  }
  if (!o.out.empty()) fmt::print("design       {}\n", o.out);
}

}  // namespace

void add_search(CLI::App& app) {
  auto o = std::make_shared<SearchArguments>();
  CLI::App* verb = app.add_subcommand("search", "Choose an epitome for every layer under a crossbar budget");
  verb->add_option("network", o->network, "Name of a network in models/, or a network.json")->required();
  verb->add_option("-b,--budget", o->budget, "Crossbars, or ROWSxCOLUMNS: as many as that uniform design has")->capture_default_str();
  verb->add_option("--objective", o->objective, "latency, energy, edp (their product), or interval: cycles per image of the network as one chip, over copies as well")->capture_default_str();
  verb->add_option("--interval", o->interval, "The fewest crossbars with which the network as one chip takes at most so many cycles per image, over copies as well")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  verb->add_option("--method", o->method, "exact (proven optimum of the cost table) or evolution (the paper's Algorithm 1)")
      ->check(CLI::IsMember({"exact", "evolution"}))->capture_default_str();
  verb->add_option("--model", o->model, "mnsim (pipelined chip) or rtl (our own cores, layer after layer)")
      ->check(CLI::IsMember({"mnsim", "rtl"}))->capture_default_str();
  verb->add_option("--candidates", o->candidates, "Epitome sizes, none = plain convolution")->delimiter(',')->capture_default_str();
  verb->add_option("--wrap", o->wrap, "Output channel wrappings to try")->delimiter(',')->capture_default_str();
  verb->add_option("--layers", o->layers, "What may be replaced: convolutions of role bottleneck, or every conv but a stem")
      ->check(CLI::IsMember({"bottleneck", "conv"}))->capture_default_str();
  verb->add_option("--count", o->count, "How crossbars are counted; default: paper for mnsim, physical for rtl")->check(CLI::IsMember({"paper", "physical"}));
  verb->add_option("--crossbar", o->crossbar, "Crossbar size")->capture_default_str();
  verb->add_option("-w,--weight-bits", o->weight_bits, "Weight bits")->check(CLI::Range(2, 32))->capture_default_str();
  verb->add_option("--bits-from", o->bits_from, "Design file whose weight_bits are taken (mixed precision)");
  verb->add_option("--classifier-bits", o->classifier_bits, "Weight bits of the classifier; default: as the others")->check(CLI::Range(2, 32));
  verb->add_option("-a,--act-bits", o->act_bits, "Activation bits")->check(CLI::Range(1, 32))->capture_default_str();
  verb->add_option("--lanes", o->lanes, "Channels per word; candidates must map onto such a core")->capture_default_str();
  verb->add_option("--rows-per-read", o->rows_per_read, "rtl: rows per read to choose from, of all cores together; the ADCs are as wide as they ask for")
      ->delimiter(',')->check(CLI::Range(1, 8192));
  verb->add_option("--set", o->set, "Override a hardware key: hardware.key=value (repeatable)")->allow_extra_args(false);
  verb->add_option("--activations", o->activations, "mnsim: activations of an epitome, one per patch or by weight rows")
      ->check(CLI::IsMember({"patches", "rows"}))->capture_default_str();
  verb->add_option("--traffic", o->traffic, "mnsim: what an epitome moves through its buffers; partial-sums is a hypothesis (docs/estimate.md)")
      ->check(CLI::IsMember({"whole-position", "partial-sums"}))->capture_default_str();
  verb->add_flag("--compat", o->compat, "mnsim: with the quirks of MNSIM 2.0 (cells keep their bits)");
  verb->add_flag("--refine", o->refine, "Go on by local search on the model's own answer, from the found design and some others");
  verb->add_option("--evaluate", o->evaluate, "What evolution is shown: sums of the cost table, or the model's own answer")
      ->check(CLI::IsMember({"table", "model"}))->capture_default_str();
  verb->add_option("--seed", o->evolution.seed, "First seed")->capture_default_str();
  verb->add_option("--seeds", o->seeds, "Number of seeds, one search each; the best is the result")->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_option("--population", o->evolution.population, "Individuals per iteration")->check(CLI::Range(2, 100000))->capture_default_str();
  verb->add_option("--iterations", o->evolution.iterations, "Iterations")->check(CLI::Range(1, 1000000))->capture_default_str();
  verb->add_option("--mutated-layers", o->evolution.mutated_layers, "Most layers that a mutation changes")->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_option("--crossover", o->evolution.crossover, "Percent of children with two parents")->check(CLI::Range(0, 100))->capture_default_str();
  verb->add_option("--checkpoint", o->checkpoint, "File to keep the state of evolution in; started again, the search goes on there");
  verb->add_flag("--front", o->front, "Also the Pareto front of crossbars against the objective");
  verb->add_option("-o,--out", o->out, "Design file to write, for epim map, run and gen --design");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer("Examples:\n  epim search resnet50 --budget 1080 --objective energy --out found.json\n"
               "  epim search resnet50 --objective edp --wrap off --front\n"
               "  epim search resnet50 --budget 1080 --method evolution --seeds 10\n"
               "  epim search resnet50 --interval 57600 --candidates 1024x256 --wrap off --front --out balanced.json\n"
               "  epim search resnet50 --budget 2000 --objective interval\n"
               "  epim search resnet50 --model rtl --objective energy --rows-per-read 16,32,64,128,256\n"
               "  epim map resnet50 --design found.json");
  verb->callback([o, verb] {
    o->bits_given = verb->count("--weight-bits") > 0;
    o->budget_given = verb->count("--budget") > 0;
    o->model_given = verb->count("--model") > 0;
    if (o->balances()) balance(*o);
    else search(*o);
  });
}

}  // namespace epim::command
