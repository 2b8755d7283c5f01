// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/paper_numbers.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

/// A table of the file with typed access.
class Entry {
 public:
  Entry(const toml::node& node, const std::string& file) : file_(file), where_(node.source().begin) {
    if (!node.is_table()) fail("wrong-type", "must be a table");
    table_ = node.as_table();
  }
  double number(const char* key) const {
    const auto v = optional(key);
    if (!v) fail("missing-key", fmt::format("key \"{}\" is missing", key));
    return *v;
  }
  std::optional<double> optional(const char* key) const {
    const toml::node* n = table_->get(key);
    if (!n) return std::nullopt;
    const auto v = n->value<double>();
    if (!v) fail("wrong-type", fmt::format("{} must be a number", key));
    return v;
  }
  int integer(const char* key) const { return static_cast<int>(number(key)); }
  std::string text(const char* key) const {
    const auto v = (*table_)[key].value<std::string>();
    if (!v) fail("missing-key", fmt::format("key \"{}\" must be a string", key));
    return *v;
  }

 private:
  [[noreturn]] void fail(const char* rule, const std::string& text) const {
    throw InputError({file_, static_cast<int>(where_.line), static_cast<int>(where_.column)}, rule, text);
  }
  std::string file_;
  toml::source_position where_;
  const toml::table* table_ = nullptr;
};

}  // namespace

PaperNumbers load_paper_numbers(const std::string& path) {
  const std::string text = read_text(path);
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    throw InputError({path, static_cast<int>(e.source().begin.line), static_cast<int>(e.source().begin.column)},
                     "toml-syntax", std::string(e.description()));
  }
  const auto entries = [&](const char* key) {
    std::vector<Entry> list;
    const toml::array* a = root[key].as_array();
    if (!a) throw InputError({path, 1, 1}, "missing-key", fmt::format("[[{}]] is missing", key));
    for (const toml::node& node : *a) list.emplace_back(node, path);
    return list;
  };
  PaperNumbers p;
  for (const Entry& e : entries("table1"))
    p.table1.push_back({e.text("network"), e.text("model"), e.text("epitome"), e.integer("weight_bits"), e.integer("act_bits"),
                        e.optional("accuracy"), e.optional("crossbars"), e.optional("compression"), e.optional("latency_ms"),
                        e.optional("energy_mJ"), e.optional("utilisation")});
  for (const Entry& e : entries("table2"))
    p.table2.push_back({e.text("model"), e.number("naive"), e.number("crossbar"), e.number("overlap")});
  for (const Entry& e : entries("table3"))
    p.table3.push_back({e.text("method"), e.number("resnet50"), e.number("resnet101"), e.number("accuracy50"), e.number("accuracy101")});
  for (const Entry& e : entries("figure3"))
    p.figure3.push_back({e.integer("layer"), e.text("node"), e.number("parameters_k"), e.number("latency_ms"), e.number("energy_mJ")});
  const toml::node* figure4 = root.get("figure4");
  if (!figure4) throw InputError({path, 1, 1}, "missing-key", "[figure4] is missing");
  const Entry f(*figure4, path);
  p.figure4 = {f.number("uniform_256_latency"), f.number("uniform_256_energy"), f.number("opt_speedup"), f.number("opt_energy"),
               f.number("opt_edp")};
  return p;
}

std::vector<Table1Row> uniform_rows(const PaperNumbers& paper) {
  std::vector<Table1Row> rows;
  for (const Table1Row& row : paper.table1)
    if (row.uniform()) rows.push_back(row);
  return rows;
}

}  // namespace epim
