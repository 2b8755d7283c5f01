// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#define CATCH_CONFIG_RUNNER
#include "tb/unit/catch.hpp"
#include <cstdio>

namespace {

/// Counts test cases; the last line of a run is "N passed, M failed".
using Listener = Catch::TestEventListenerBase;
struct Count : Listener {
  using Listener::Listener;
  static inline unsigned long passed = 0, failed = 0;
  void testRunEnded(const Catch::TestRunStats& stats) override {
    passed = stats.totals.testCases.passed;
    failed = stats.totals.testCases.failed + stats.totals.testCases.failedButOk;
  }
};
CATCH_REGISTER_LISTENER(Count)

}  // namespace

int main(int argc, char** argv) {
  const int code = Catch::Session().run(argc, argv);
  std::printf("%lu passed, %lu failed\n", Count::passed, Count::failed);
  return code;
}
