// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/kernels.hpp"

namespace epim::fast {

std::vector<const Kernels*> usable_kernels() {
  std::vector<const Kernels*> list{&portable_kernels};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) list.push_back(&avx2_kernels);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq"))
    list.push_back(&avx512_kernels);
#endif
  return list;
}

const Kernels& kernels() {
  static const Kernels& best = *usable_kernels().back();
  return best;
}

}  // namespace epim::fast
