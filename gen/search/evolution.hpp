// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Evolution search over epitome designs: Algorithm 1 of the paper (arXiv 2311.07620), and a local search to finish with.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gen/search/exact.hpp"

namespace epim {

/// The paper gives none of these numbers; they are our own choice.
struct EvolutionOptions {
  int population = 100;    ///< individuals per iteration; the better half are parents, each has one child
  int iterations = 200;
  int mutated_layers = 3;  ///< a mutation sets 1..mutated_layers random layers to another candidate each
  int crossover = 0;       ///< percent of children that first take each layer from one of two parents (0: as Algorithm 1)
  std::uint64_t seed = 1;
};

/// Everything that goes on from one iteration to the next.
struct EvolutionState {
  int iteration = 0;       ///< iterations done
  std::vector<Selection> population;
  std::int64_t evaluations = 0;
  std::vector<Cost> history;  ///< best individual after each iteration
};

/// One search. Per iteration:
///   O       = individuals with at most `budget` crossbars; R = their costs from the evaluation tool
///   parents = the better half by reward = 1/objective * m, m = 1 within the budget, else 0 (Eq. 6, 7)
///   child   = parent with some random layers set to other candidates
///   next population = parents and children (lines 13, 14)
/// Individuals of reward 0 are ordered by how far they exceed the budget, so that a search which starts outside it finds
/// in; equal rewards by the selection. The random numbers of iteration i depend on (seed, i) alone, so a state resumes to
/// the same result. The first population is uniform random.
class Evolution {
 public:
  using Evaluate = std::function<Cost(const Selection&)>;
  Evolution(const CostModel& model, Objective objective, std::int64_t budget, Evaluate evaluate, const EvolutionOptions& options);
  /// Starts anew, or from a state that `state()` gave.
  void start();
  void resume(EvolutionState state);
  bool done() const { return state_.iteration >= options_.iterations; }
  void step();
  const EvolutionState& state() const { return state_; }
  /// Best individual so far. Throws InputError evolution-found-nothing when none is within the budget.
  const Selection& best() const;
  const Cost& best_cost() const;

 private:
  struct Individual {
    Selection selection;
    Cost cost;
  };
  void rank();
  Selection child_of(const Selection& parent, class Random& random) const;
  bool better(const Individual& a, const Individual& b) const;

  const CostModel& model_;
  Objective objective_;
  std::int64_t budget_;
  Evaluate evaluate_;
  EvolutionOptions options_;
  EvolutionState state_;
  std::vector<Individual> ranked_;  ///< the population, best first
};

/// {"schema": 1, "identity": ..., ...}: `identity` says which search the state belongs to.
std::string evolution_state_text(const EvolutionState& state, const std::string& identity);
/// Throws InputError: those of read_json, checkpoint-mismatch where the identity is another one or the state does not fit
/// the layers.
EvolutionState read_evolution_state(const std::string& path, const std::string& identity, const std::vector<SearchLayer>& layers);

/// Local search on the model's own answer, which need not be a sum. Per round: the answer for every selection that
/// differs in one layer; then, taking these differences for a cost table, knapsacks over all layers at once, with a growing
/// price on every layer that differs. The best selection seen within the budget is the next start; ends when a round finds
/// none. Deterministic; no proof of anything but that the result is not worse. progress(round) may be empty.
Solution refine(const CostModel& model, Objective objective, std::int64_t budget, const Selection& start,
                const std::function<void(int)>& progress = {});

/// Where refining is worth starting: `found`, the table's optima for all three objectives, and the same candidate in every
/// layer, as far as within the budget; each once.
std::vector<Selection> refining_starts(const CostModel& model, std::int64_t budget, const Selection& found);

}  // namespace epim
