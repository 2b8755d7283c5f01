// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A fuzzer without coverage, for machines without clang: mutates seed files and calls the target.
/// usage: import_mutate SEED_FOLDER EXECUTIONS [RANDOM_SEED [FIRST]]
/// Prints the random seed. The input that is being tried stands in ./mutant-last.onnx when the target aborts; the same
/// seed gives the same inputs, FIRST skips to one of them.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>
#include <fcntl.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
Bytes trying;

void save() {
  const int f = open("mutant-last.onnx", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (f >= 0 && write(f, trying.data(), trying.size()) >= 0) close(f);
}
void on_abort(int signal) {
  save();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

Bytes mutated(const std::vector<Bytes>& seeds, std::mt19937_64& draw) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(draw() % n); };
  Bytes b = seeds[below(seeds.size())];
  // Structure stands in short runs between long ones of weights: prefer places that look like it.
  const auto place = [&] {
    std::size_t at = below(b.size());
    for (int k = 0; k < 8 && at + 2 < b.size(); ++k) {
      if (b[at] < 128 && b[at + 1] < 128 && (std::isalnum(b[at]) || b[at] < 32)) break;
      at = below(b.size());
    }
    return at;
  };
  for (std::size_t k = 1 + below(4); k > 0 && !b.empty(); --k) {
    const std::size_t at = place(), n = std::min(b.size() - at, 1 + below(16));
    switch (below(8)) {
      case 0: b[at] ^= static_cast<std::uint8_t>(1 << below(8)); break;
      case 1: b[at] = static_cast<std::uint8_t>(draw()); break;
      case 2: b[at] = static_cast<std::uint8_t>(b[at] + 1 - 2 * below(2)); break;
      case 3: b.erase(b.begin() + static_cast<std::ptrdiff_t>(at), b.begin() + static_cast<std::ptrdiff_t>(at + n)); break;
      case 4: b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), n, static_cast<std::uint8_t>(draw())); break;
      case 5:
        std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(at), n,
                    b.begin() + static_cast<std::ptrdiff_t>(below(b.size() - n + 1)));
        break;
      case 6: {  // from another seed
        const Bytes& other = seeds[below(seeds.size())];
        const std::size_t from = below(other.size()), m = std::min({n, other.size() - from, b.size() - at});
        std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(from), m, b.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      }
      case 7: b.resize(below(4) == 0 ? at : b.size()); break;
    }
  }
  return b;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: import_mutate SEED_FOLDER EXECUTIONS [RANDOM_SEED [FIRST]]\n");
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Bytes> seeds;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "no .onnx files in %s\n", argv[1]);
    return 2;
  }
  const long executions = std::atol(argv[2]);
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
  const long first = argc > 4 ? std::atol(argv[4]) : 0;
  std::printf("random seed %llu, %zu seed files\n", static_cast<unsigned long long>(seed), seeds.size());
  std::fflush(stdout);
  std::signal(SIGABRT, on_abort);
  std::signal(SIGSEGV, on_abort);
  double slowest = 0;
  for (long i = first; i < first + executions; ++i) {
    std::mt19937_64 draw(seed * 1000003 + static_cast<std::uint64_t>(i));
    trying = mutated(seeds, draw);
    const auto begin = std::chrono::steady_clock::now();
    LLVMFuzzerTestOneInput(trying.data(), trying.size());
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (took > 5) {
      save();
      std::fprintf(stderr, "execution %ld took %.1f s\n", i, took);
      return 1;
    }
    slowest = std::max(slowest, took);
  }
  std::printf("%ld executions, slowest %.2f s\n", executions, slowest);
}
