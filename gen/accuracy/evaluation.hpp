// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network over a data set: what the golden model answers, beside the float network and the classes.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/accuracy/data_set.hpp"
#include "gen/network/compile.hpp"
#include "golden/events.hpp"

namespace epim {

/// What one evaluator answered.
struct Answers {
  std::vector<int> top1;                          ///< per image, where the largest output is, the first one of equals
  std::int64_t right1 = 0, right5 = 0;            ///< images whose class is among the largest one, five; equals count from the front
  std::int64_t agree = 0;                         ///< images with the top1 of the float network
  std::vector<std::int64_t> right, predicted;     ///< per class: images of it that are right; images of any class taken for it
};

/// sum of y^2 and of (y - scale*(code - zero))^2 over all elements of all images, y the float map.
struct MapNoise {
  double signal = 0, noise = 0;
  /// 10*log10(signal/noise); nothing where the integers are exact or the map is zero.
  std::optional<double> decibels() const;
};

struct PointResult {
  Answers answers;
  std::vector<MapNoise> maps;            ///< per node of the network; empty without float network
  std::vector<std::int64_t> clipped;     ///< per layer: conversions that an ADC clipped
  std::vector<EventCounts> events;       ///< per layer, where asked for
};

struct EvaluationResult {
  std::int64_t images = 0;
  std::vector<std::int64_t> class_images;  ///< per class; empty without classes
  std::optional<Answers> reference;        ///< of the float network
  std::vector<PointResult> points;
};

struct EvaluationOptions {
  std::string folder;   ///< one file per chunk of images; a run that was ended goes on there
  int jobs = 1;
  bool events = false;  ///< count all events
  std::function<void(double)> progress;  ///< share that is done; called from worker threads, one at a time
};

/// Images of a chunk: what a thread takes at a time, and what ending a run loses at most per thread.
inline constexpr std::size_t chunk_images = 16;

/// Evaluates every point (the same network, compiled in several ways) on every image. The result does not depend on the number
/// of threads, nor on how often the run was ended: sums are taken image by image within a chunk, then chunk by chunk. The float
/// network is evaluated where the first point has float weights. Throws Interrupted, InputError as DataSet::image.
EvaluationResult evaluate(const std::vector<const CompiledNetwork*>& points, const DataSet& data, const EvaluationOptions& options);

/// Same input, same key: networks, integers, images.
std::string evaluation_key(const std::vector<const CompiledNetwork*>& points, const DataSet& data, bool events);

}  // namespace epim
