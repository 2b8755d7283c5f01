// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/model.hpp"

#include <dlfcn.h>

#include <filesystem>
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

namespace {
template <class Function> Function bare_function(void* handle, const char* name) {
  auto* f = reinterpret_cast<Function>(dlsym(handle, name));
  if (!f) throw std::logic_error("the compiled model is not a bare one");
  return f;
}
}  // namespace

void Model::give_images(const std::map<std::string, std::string>& images) {
  using Find = const std::string* (*)(void*, const char*);
  const Find find = [](void* self, const char* name) -> const std::string* {
    const auto& all = *static_cast<const std::map<std::string, std::string>*>(self);
    const auto at = all.find(name);
    return at == all.end() ? nullptr : &at->second;
  };
  bare_function<void (*)(Find, void*)>(handle_, "epim_model_images")(find, const_cast<std::map<std::string, std::string>*>(&images));
}

std::pair<void*, int> Model::find_register(int index) {
  int bytes = 0;
  void* at = bare_function<void* (*)(void*, int, int*)>(handle_, "epim_model_register")(self_, index, &bytes);
  return {at, bytes};
}

bool Model::trace_open(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder);
  return api_.trace_open(self_, file.c_str());
}

void Model::settle() { bare_function<void (*)(void*)>(handle_, "epim_model_settle")(self_); }

std::pair<std::uint8_t*, std::size_t> Model::state() {
  std::size_t bytes = 0;
  void* at = bare_function<void* (*)(void*, std::size_t*)>(handle_, "epim_model_state")(self_, &bytes);
  return {static_cast<std::uint8_t*>(at), bytes};
}

Signal Model::port(const std::string& name) const {
  for (const auto& [n, s] : ports_)
    if (n == name) return s;
  throw std::logic_error("the compiled model has no port " + name);
}

}  // namespace epim
