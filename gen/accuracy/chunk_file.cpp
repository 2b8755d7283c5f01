// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/accuracy/chunk_file.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "gen/base/output_folder.hpp"

namespace epim {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Answers& a) {
  return {{"top1", a.top1}, {"right1", a.right1}, {"right5", a.right5}, {"agree", a.agree}, {"right", a.right}, {"predicted", a.predicted}};
}

Answers answers_from(const Json& j) {
  Answers a;
  j.at("top1").get_to(a.top1);
  j.at("right1").get_to(a.right1);
  j.at("right5").get_to(a.right5);
  j.at("agree").get_to(a.agree);
  j.at("right").get_to(a.right);
  j.at("predicted").get_to(a.predicted);
  return a;
}

Json json_of(const PointResult& p) {
  Json j = json_of(p.answers);
  j["clipped"] = p.clipped;
  j["maps"] = Json::array();
  for (const MapNoise& m : p.maps) j["maps"].push_back({m.signal, m.noise});  // shortest text that is the same number again
  j["events"] = Json::array();
  for (const EventCounts& e : p.events) j["events"].push_back(to_json(e));
  return j;
}

PointResult point_from(const Json& j) {
  PointResult p;
  p.answers = answers_from(j);
  j.at("clipped").get_to(p.clipped);
  for (const Json& m : j.at("maps")) p.maps.push_back({m.at(0).get<double>(), m.at(1).get<double>()});
  for (const Json& e : j.at("events")) p.events.push_back(events_from_json(e));
  return p;
}

}  // namespace

ChunkFiles::ChunkFiles(std::string folder, std::string key) : folder_(std::move(folder)), key_(std::move(key)) {
  std::filesystem::create_directories(folder_);
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    if (entry.path().filename().string().find(".json.tmp-") != std::string::npos) std::filesystem::remove(entry.path());
}

std::string ChunkFiles::path(std::size_t chunk) const { return fmt::format("{}/{:06d}.json", folder_, chunk); }

std::optional<EvaluationResult> ChunkFiles::read(std::size_t chunk) const {
  std::ifstream in(path(chunk));
  if (!in) return std::nullopt;
  try {
    const Json j = Json::parse(in);
    if (j.at("key") != key_) return std::nullopt;
    EvaluationResult r;
    j.at("images").get_to(r.images);
    j.at("class_images").get_to(r.class_images);
    if (!j.at("float").is_null()) r.reference = answers_from(j.at("float"));
    for (const Json& p : j.at("points")) r.points.push_back(point_from(p));
    return r;
  } catch (const std::exception&) {
    return std::nullopt;  // an incomplete file counts as no result
  }
}

void ChunkFiles::write(std::size_t chunk, const EvaluationResult& r) const {
  Json j = {{"key", key_}, {"images", r.images}, {"class_images", r.class_images}, {"float", r.reference ? json_of(*r.reference) : Json()}};
  j["points"] = Json::array();
  for (const PointResult& p : r.points) j["points"].push_back(json_of(p));
  write_file_atomically(path(chunk), j.dump() + "\n");
}

}  // namespace epim
