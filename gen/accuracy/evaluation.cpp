// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/accuracy/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include "gen/accuracy/chunk_file.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/interrupt.hpp"
#include "gen/network/golden_network.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/parallel.hpp"

namespace epim {

std::optional<double> MapNoise::decibels() const {
  if (noise <= 0 || signal <= 0) return std::nullopt;
  return 10 * std::log10(signal / noise);
}

namespace {

/// Index of the largest, the first of equals, and how many lie before `label` in that order.
template <class T> struct Ranking {
  const std::vector<T>& values;
  int top() const { return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin()); }
  int rank_of(std::size_t label) const {
    int before = 0;
    for (std::size_t i = 0; i < values.size(); ++i) before += values[i] > values[label] || (values[i] == values[label] && i < label);
    return before;
  }
};

template <class T> void take(const std::vector<T>& values, std::optional<std::int64_t> label, std::size_t classes, Answers& to) {
  const Ranking<T> r{values};
  const int top = r.top();
  to.top1.push_back(top);
  to.right.resize(classes);
  to.predicted.resize(classes);
  ++to.predicted[static_cast<std::size_t>(top)];
  if (!label) return;
  const int rank = r.rank_of(static_cast<std::size_t>(*label));
  to.right1 += rank == 0;
  to.right5 += rank < 5;
  to.right[static_cast<std::size_t>(*label)] += rank == 0;
}

void compare(const FloatTensor& real, const IntTensor& codes, const MapFormat& format, MapNoise& to) {
  if (format.scale <= 0) return;
  const std::size_t stored = codes.size();  // a wrapped map holds a period
  for (std::size_t i = 0; i < real.size(); ++i) {
    const double y = static_cast<double>(real.data[i]), ours = format.scale * static_cast<double>(codes.data[i % stored] - format.zero);
    to.signal += y * y;
    to.noise += (y - ours) * (y - ours);
  }
}

template <class T> void add(std::vector<T>& to, const std::vector<T>& from) {
  to.resize(std::max(to.size(), from.size()));
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
}

void add(Answers& to, const Answers& from) {
  to.top1.insert(to.top1.end(), from.top1.begin(), from.top1.end());
  to.right1 += from.right1;
  to.right5 += from.right5;
  to.agree += from.agree;
  add(to.right, from.right);
  add(to.predicted, from.predicted);
}

void add(EvaluationResult& to, const EvaluationResult& from) {
  to.images += from.images;
  add(to.class_images, from.class_images);
  if (from.reference) {
    if (!to.reference) to.reference.emplace();
    add(*to.reference, *from.reference);
  }
  to.points.resize(from.points.size());
  for (std::size_t p = 0; p < from.points.size(); ++p) {
    PointResult& sum = to.points[p];
    const PointResult& part = from.points[p];
    add(sum.answers, part.answers);
    sum.maps.resize(part.maps.size());
    for (std::size_t m = 0; m < part.maps.size(); ++m) {
      sum.maps[m].signal += part.maps[m].signal;
      sum.maps[m].noise += part.maps[m].noise;
    }
    add(sum.clipped, part.clipped);
    add(sum.events, part.events);
  }
}

/// Everything that images go through.
class Evaluators {
 public:
  Evaluators(const std::vector<const CompiledNetwork*>& points, const DataSet& data, bool events) : points_(points), data_(data), events_(events) {
    for (const CompiledNetwork* net : points) golden_.push_back(std::make_unique<GoldenNetwork>(*net, events));
    if (points.at(0)->has_float) float_ = std::make_unique<FloatNetwork>(points[0]->network, points[0]->weights);
    classes_ = static_cast<std::size_t>(points[0]->network.output_node().out.elements());
  }

  EvaluationResult chunk(std::size_t first, std::size_t count) const {
    EvaluationResult r;
    r.points.resize(points_.size());
    if (float_) r.reference.emplace();
    for (std::size_t i = first; i < first + count; ++i) {
      check_interrupt();
      image(i, r);
    }
    return r;
  }

 private:
  void image(std::size_t i, EvaluationResult& r) const {
    const IntTensor x = data_.image(i);
    const auto label = data_.has_labels() ? std::optional(data_.label(i)) : std::nullopt;
    ++r.images;
    if (label) {
      r.class_images.resize(classes_);
      ++r.class_images[static_cast<std::size_t>(*label)];
    }
    std::vector<FloatTensor> maps;
    if (float_) {
      maps.resize(points_[0]->network.nodes.size());
      take(float_->run(x, [&](int n, const FloatTensor& m) { maps[static_cast<std::size_t>(n)] = m; }).data, label, classes_, *r.reference);
    }
    for (std::size_t p = 0; p < points_.size(); ++p) {
      PointResult& point = r.points[p];
      point.maps.resize(maps.size());
      GoldenNetwork::Counts counts;
      const IntTensor out = golden_[p]->run(
          x, 1,
          [&](int n, const IntTensor& codes) {
            if (float_) compare(maps[static_cast<std::size_t>(n)], codes, format_of(points_[p]->arithmetic.formats, n), point.maps[static_cast<std::size_t>(n)]);
          },
          &counts, static_cast<std::int64_t>(data_.first() + i));
      take(whole(out), label, classes_, point.answers);
      if (float_) point.answers.agree += point.answers.top1.back() == r.reference->top1.back();
      add(point.clipped, counts.clipped);
      add(point.events, counts.events);
    }
  }

  /// Every class of an output that may be stored with a period.
  std::vector<std::int64_t> whole(const IntTensor& out) const {
    std::vector<std::int64_t> v(classes_);
    for (std::size_t i = 0; i < classes_; ++i) v[i] = out.data[i % out.size()];
    return v;
  }

  const std::vector<const CompiledNetwork*>& points_;
  const DataSet& data_;
  bool events_;
  std::vector<std::unique_ptr<GoldenNetwork>> golden_;
  std::unique_ptr<FloatNetwork> float_;
  std::size_t classes_ = 0;
};

}  // namespace

std::string evaluation_key(const std::vector<const CompiledNetwork*>& points, const DataSet& data, bool events) {
  std::uint64_t h = fnv1a(fmt::format("evaluation 1 {} {}", data.hash(), events));
  const auto add_tensor = [&](const IntTensor& t) { h = fnv1a(t.data, h); };
  for (const CompiledNetwork* net : points) {
    for (const Node& n : net->network.nodes)
      h = fnv1a(fmt::format("{} {} {} {} {} {} {} {}", n.name, op_name(n.op), n.kh, n.kw, n.stride.y, n.stride.x, n.act_scale, n.zero_point), h);
    for (const MapFormat& f : net->arithmetic.formats) h = fnv1a(fmt::format("{} {} {} {} {} {}", f.bits, f.is_signed, f.scale, f.zero, f.lo, f.hi), h);
    for (const auto& [name, array] : net->weights.arrays) {
      h = fnv1a(name, h);
      h = fnv1a(array.bytes, h);
    }
    for (const CompiledLayer& l : net->layers) {
      if (l.hw.analog() || l.data.analog) {
        h = fnv1a(fmt::format("device {} {} {} {} {}", l.hw.fraction_bits, l.hw.adc_trims, l.hw.read_noise, l.hw.adc_step, data.first()), h);
        if (l.data.analog) {
          h = fnv1a(l.data.analog->cells, h);
          for (const AdcTrim& a : l.data.analog->trims) h = fnv1a(fmt::format("{} {} {} {}", a.gain, a.offset, a.noise, a.seed), h);
        }
      }
      h = fnv1a(fmt::format("{} {} {} {} {} {} {} {} {} {}", l.layer.name, l.hw.xb_rows, l.hw.xb_cols, l.hw.cell_bits, l.hw.dac_bits, l.hw.adc_bits, l.hw.weight_bits,
                            l.hw.lanes, l.hw.pe_rows, l.layer.shift), h);
      for (const IntTensor* t : {&l.data.epitome, &l.data.crossbar_scale, &l.data.zero_point, &l.data.channel_scale, &l.data.channel_bias, &l.data.channel_slope})
        add_tensor(*t);
    }
  }
  return hash_text(h);
}

EvaluationResult evaluate(const std::vector<const CompiledNetwork*>& points, const DataSet& data, const EvaluationOptions& options) {
  const ChunkFiles files(options.folder, evaluation_key(points, data, options.events));
  const std::size_t chunks = (data.size() + chunk_images - 1) / chunk_images;
  std::vector<EvaluationResult> parts(chunks);
  std::vector<std::size_t> missing;
  for (std::size_t c = 0; c < chunks; ++c)
    if (auto part = files.read(c)) parts[c] = std::move(*part);
    else missing.push_back(c);
  if (!missing.empty()) {
    const Evaluators evaluators(points, data, options.events);
    std::mutex mutex;
    std::size_t done = chunks - missing.size();
    parallel(missing.size(), options.jobs, [&](std::size_t k) {
      const std::size_t c = missing[k];
      parts[c] = evaluators.chunk(c * chunk_images, std::min(chunk_images, data.size() - c * chunk_images));
      files.write(c, parts[c]);
      const std::lock_guard lock(mutex);
      ++done;
      if (options.progress) options.progress(static_cast<double>(done) / static_cast<double>(chunks));
    });
  }
  EvaluationResult all;
  for (const EvaluationResult& part : parts) add(all, part);
  return all;
}

}  // namespace epim
