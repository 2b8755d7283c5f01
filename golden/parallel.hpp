// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The one way to share work out to threads: what a worker throws reaches the caller.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace epim {

/// Processors of this machine, at least 1: how many threads work is shared out to by default.
inline int processors() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

/// Calls work(0) .. work(count-1) from at most `jobs` threads, each index once and in rising order of their starts. The
/// first exception lets what has begun end, starts nothing more and is thrown again here.
template <typename Work>
void parallel(std::size_t count, int jobs, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto loop = [&] {
    for (std::size_t i; (i = next++) < count;) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> pool;
  const std::size_t threads = std::min(count, static_cast<std::size_t>(std::max(1, jobs)));
  for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(loop);
  loop();
  for (std::thread& t : pool) t.join();
  if (failure) std::rethrow_exception(failure);
}

/// Threads that each of `count` pieces of work may use by itself while parallel() shares them out to `jobs`.
inline int jobs_within(std::size_t count, int jobs) {
  return std::max(1, jobs / static_cast<int>(std::clamp<std::size_t>(count, 1, static_cast<std::size_t>(std::max(1, jobs)))));
}

}  // namespace epim
