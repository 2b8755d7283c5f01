// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/model.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace epim {

Model::Model(const std::string& shared_object) {
  handle_ = dlopen(shared_object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle_) throw std::runtime_error(std::string("cannot load compiled model: ") + dlerror());
  auto* api = reinterpret_cast<const ModelApi* (*)()>(dlsym(handle_, "epim_model_api"));
  if (!api) throw std::runtime_error(shared_object + " is no compiled epim model");
  api_ = *api();
  self_ = api_.create();
  const ModelPort* list = nullptr;
  const int n = api_.ports(&list);
  for (int i = 0; i < n; ++i) ports_.emplace_back(list[i].name, Signal(api_.port(self_, i), list[i].bits));
}

Model::~Model() {
  if (self_) api_.destroy(self_);
  if (handle_) dlclose(handle_);
}

bool Model::has(const std::string& name) const {
  for (const auto& [n, s] : ports_)
    if (n == name) return true;
  return false;
}

void Model::write_coverage(const std::string& file) const {
  auto* write = reinterpret_cast<void (*)(void*, const char*)>(dlsym(handle_, "epim_model_coverage"));
  if (!write) throw std::logic_error("the compiled model counts no coverage");
  write(self_, file.c_str());
}

Signal Model::port(const std::string& name) const {
  for (const auto& [n, s] : ports_)
    if (n == name) return s;
  throw std::logic_error("the compiled model has no port " + name);
}

}  // namespace epim
