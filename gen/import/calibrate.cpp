// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include "gen/import/fidelity.hpp"
#include "golden/files/idx.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {

CalibrationMethod calibration_method(const std::string& name) {
  for (const CalibrationMethod m : {CalibrationMethod::minmax, CalibrationMethod::percentile, CalibrationMethod::mse})
    if (name == name_of(m)) return m;
  throw InputError({"--method", 0, 0}, "bad-argument", fmt::format("\"{}\", legal: minmax, percentile, mse", name));
}

const char* name_of(CalibrationMethod method) {
  switch (method) {
    case CalibrationMethod::minmax: return "minmax";
    case CalibrationMethod::percentile: return "percentile";
    case CalibrationMethod::mse: return "mse";
  }
  return "";
}

namespace {

/// Values of one map over all images.
struct Seen {
  Range range;
  bool whole = true;                 ///< whole numbers alone
  std::int64_t count = 0;
  std::vector<std::int64_t> bins;    ///< of magnitudes 0 .. largest
  double largest() const { return std::max(std::fabs(range.least), std::fabs(range.most)); }
};
constexpr std::size_t bin_count = 16384;

/// The values of one map of one image.
Seen range_seen(const Value& v) {
  Seen seen;
  const auto values = v.as<float>();
  float least = static_cast<float>(seen.range.least), most = static_cast<float>(seen.range.most);
  for (const float x : values) {
    least = std::min(least, x);
    most = std::max(most, x);
  }
  seen.range.least = static_cast<double>(least);
  seen.range.most = static_cast<double>(most);
  seen.whole = std::all_of(values.begin(), values.end(), [](float x) { return x == std::nearbyint(x); });
  return seen;
}
std::vector<std::int64_t> bins_of(const Value& v, double largest) {
  std::vector<std::int64_t> bins(bin_count, 0);
  const double per_bin = largest / static_cast<double>(bin_count);
  if (per_bin <= 0) return {};
  for (const float x : v.as<float>())
    ++bins[std::min(bin_count - 1, static_cast<std::size_t>(std::fabs(static_cast<double>(x)) / per_bin))];
  return bins;
}

/// What all images gave, whatever the order in which they did.
void merge(Seen& all, const Seen& one) {
  all.range.least = std::min(all.range.least, one.range.least);
  all.range.most = std::max(all.range.most, one.range.most);
  all.whole = all.whole && one.whole;
}
void merge(Seen& all, const std::vector<std::int64_t>& bins, std::int64_t count) {
  if (bins.empty()) return;
  if (all.bins.empty()) all.bins.assign(bin_count, 0);
  for (std::size_t b = 0; b < bin_count; ++b) all.bins[b] += bins[b];
  all.count += count;
}

/// The magnitude that 99.99 % of the values do not exceed.
double percentile(const Seen& seen) {
  const auto out = static_cast<std::int64_t>(std::floor(static_cast<double>(seen.count) * 1e-4));
  std::int64_t above = 0;
  std::size_t b = bin_count;
  while (b > 1 && above + seen.bins[b - 1] <= out) above += seen.bins[--b];
  return seen.largest() * static_cast<double>(b) / static_cast<double>(bin_count);
}

/// Of 100 limits the one whose rounding and clipping errors are least. `levels`: steps from 0 to the limit.
double least_error(const Seen& seen, double levels) {
  const double largest = seen.largest(), per_bin = largest / static_cast<double>(bin_count);
  double best = largest, least = INFINITY;
  for (int k = 100; k >= 20; --k) {
    const double limit = largest * k / 100, step = limit / levels;
    double error = 0;
    for (std::size_t b = 0; b < bin_count; ++b) {
      if (seen.bins[b] == 0) continue;
      const double x = (static_cast<double>(b) + 0.5) * per_bin, cut = x > limit ? x - limit : 0;
      error += static_cast<double>(seen.bins[b]) * (cut > 0 ? cut * cut : step * step / 12);
    }
    if (error < least) {
      least = error;
      best = limit;
    }
  }
  return best;
}

MapFormat format_from(Seen& seen, int bits, bool is_output, const CalibrationOptions& options) {
  MapFormat f{bits, is_output || seen.range.least < 0, 1, 0};
  const auto levels = static_cast<double>(f.greatest());
  double kept = seen.largest();
  if (is_output) kept *= output_headroom;
  else if (options.method == CalibrationMethod::percentile && !seen.bins.empty()) kept = percentile(seen);
  else if (options.method == CalibrationMethod::mse && !seen.bins.empty()) kept = least_error(seen, levels);
  seen.range.kept = kept;
  f.scale = kept > 0 ? kept / levels : 1 / levels;
  return f;
}

}  // namespace

std::map<std::string, Range> calibrate(Plan& plan, const Graph& graph, const Images& images, const CalibrationOptions& options, int jobs,
                                       const std::function<void(double)>& progress) {
  std::map<std::string, Seen> seen;
  if (plan.input_source == FormatSource::calibrated) seen[plan.input_tensor];
  for (const PlannedNode& n : plan.nodes)
    if (n.source == FormatSource::calibrated) seen[n.tensor];
  if (!seen.empty()) {
    if (images.empty())
      throw InputError({graph.file, 0, 0}, "no-images",
                       fmt::format("the file gives no format for {} of {} maps ('{}' is the first), legal: --calibrate IMAGES, whose values give them",
                                   seen.size(), plan.nodes.size() + 1, seen.begin()->first));
    const int passes = options.method == CalibrationMethod::minmax ? 1 : 2;
    const Evaluator evaluator(graph, jobs_within(images.size(), jobs));
    std::mutex mutex;
    for (int pass = 0; pass < passes; ++pass) {
      std::size_t done = 0;
      parallel(images.size(), jobs, [&](std::size_t i) {
        evaluator.run(images[i], [&](const std::string& tensor, const Value& v) {
          const auto at = seen.find(tensor);
          if (at == seen.end()) return;
          if (pass == 0) {
            const Seen one = range_seen(v);
            const std::lock_guard lock(mutex);
            merge(at->second, one);
          } else {
            const std::vector<std::int64_t> bins = bins_of(v, at->second.largest());
            const std::lock_guard lock(mutex);
            merge(at->second, bins, v.size());
          }
        });
        const std::lock_guard lock(mutex);
        ++done;
        if (progress) progress((static_cast<double>(done) / static_cast<double>(images.size()) + pass) / passes);
      });
    }
    for (const auto& [tensor, s] : seen)
      if (!std::isfinite(s.range.least) || !std::isfinite(s.range.most))
        throw InputError({graph.file, 0, 0}, "not-a-number", fmt::format("'{}' takes values of {} .. {} on the images, legal: finite ones", tensor, s.range.least, s.range.most));
  }
  std::map<std::string, Range> ranges;
  if (plan.input_source == FormatSource::calibrated) {
    Seen& s = seen.at(plan.input_tensor);
    plan.input_format = format_from(s, options.act_bits, false, options);
    if (s.whole && s.largest() <= static_cast<double>(plan.input_format.greatest()) && s.largest() > 1) {
      plan.input_format.scale = 1;
      s.range.kept = static_cast<double>(plan.input_format.greatest());
    }
    ranges[plan.input_name] = s.range;
  }
  const std::vector<bool> core = plan.read_by_cores();
  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
    PlannedNode& n = plan.nodes[k];
    if (n.source == FormatSource::input) {
      n.format = plan.format_of(n.inputs[0]);
      continue;
    }
    if (n.source == FormatSource::file) continue;
    Seen& s = seen.at(n.tensor);
    const bool wide = n.is_output && !core[k];
    n.format = format_from(s, wide ? output_bits : options.act_bits, wide, options);
    const MapFormat& in = plan.format_of(n.inputs[0]);
    const bool exact = n.inputs[0] < 0 ? plan.input_source == FormatSource::file : plan.nodes[static_cast<std::size_t>(n.inputs[0])].source != FormatSource::calibrated;
    if (n.mean_places > 0 && exact) {
      MapFormat mean{9, n.format.is_signed, in.scale / static_cast<double>(n.mean_places), 0};
      if (s.largest() <= mean.scale * static_cast<double>(mean.greatest())) {
        n.format = mean;
        n.exact_mean = true;
        s.range.kept = mean.scale * static_cast<double>(mean.greatest());
      }
    }
    ranges[n.name] = s.range;
  }
  return ranges;
}

namespace {

/// The first `limit` entries of the first axis (0: all).
NpyArray first_of(NpyArray a, std::size_t limit) {
  if (limit == 0 || a.shape.empty() || static_cast<std::size_t>(a.shape[0]) <= limit) return a;
  a.bytes.resize(a.bytes.size() / static_cast<std::size_t>(a.shape[0]) * limit);
  a.shape[0] = static_cast<int>(limit);
  return a;
}

/// An IDX file of grey images leaves the axis of one channel out.
NpyArray with_channel(NpyArray a, const Dims& dims) {
  if (a.shape.size() + 1 == dims.size() && dims.size() == 4 && dims[1] == 1) a.shape.insert(a.shape.begin() + 1, 1);
  return a;
}

}  // namespace

Images read_images(const Graph& graph, const std::string& path, const std::vector<std::string>& wanted, std::size_t limit) {
  const GraphInput& input = graph.inputs.at(0);
  NpzFile file;
  if (path.ends_with(".npy")) {
    file.path = path;
    file.arrays.emplace_back(input.name, read_npy(path));
  } else if (!path.ends_with(".npz") && is_idx(path)) {
    file.path = path;
    file.arrays.emplace_back(input.name, with_channel(read_idx(path), input.dims));
  } else {
    file = read_npz(path);
    if (!file.find(input.name))
      for (const std::string& name : wanted)
        if (const NpyArray* a = file.find(name)) {
          NpzFile one;
          one.path = path;
          one.arrays.emplace_back(input.name, *a);
          file = std::move(one);
          break;
        }
  }
  for (auto& [name, array] : file.arrays) array = first_of(std::move(array), limit);
  return images_of(graph, file);
}

}  // namespace epim::importer
