// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/page.hpp"

#include <stdexcept>
#include <string_view>

namespace epim::report {
namespace {

std::string escaped(const std::string& text) {
  std::string s;
  for (char c : text) {
    switch (c) {
      case '<': s += "&lt;"; break;
      case '>': s += "&gt;"; break;
      case '&': s += "&amp;"; break;
      case '"': s += "&quot;"; break;
      default: s += c;
    }
  }
  return s;
}

/// JSON that cannot end its script element.
std::string block(const nlohmann::ordered_json& data) {
  std::string s;
  for (char c : data.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace)) {
    if (c == '<') s += "\\u003c";
    else s += c;
  }
  return s;
}

void put(std::string& page, std::string_view mark, const std::string& text) {
  const std::size_t at = page.find(mark);
  if (at == std::string::npos) throw std::logic_error("page.html lacks " + std::string(mark));
  page.replace(at, mark.size(), text);
}

}  // namespace

std::string page(const nlohmann::ordered_json& data) {
  std::string html, style, script;
  for (const PageFile& f : page_files()) {
    const std::string_view name = f.name;
    (name == "page.html" ? html : name == "style.css" ? style : script) += f.text;
  }
  // The last mark first: a text that was put in may hold another mark.
  put(html, "@SCRIPT@", script);
  put(html, "@DATA@", block(data));
  put(html, "@STYLE@", style);
  put(html, "@TITLE@", escaped(data.at("title").get<std::string>()));
  return html;
}

}  // namespace epim::report
