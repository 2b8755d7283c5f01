// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Which compiled models may stand for each other.
#include <functional>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "sim/build.hpp"

using namespace epim;

TEST_CASE("a compiled model is taken only where everything that made it is the same", "[build]") {
  struct Request {
    ModelTools tools{"Verilator 5", "g++ 12, -march=one", ""};
    Sources sources{{"a.sv", "module a; endmodule"}};
    std::string top = "a";
    std::vector<BuildPort> ports{{"clk_i", 1}};
    BuildOptions options;
    std::string key() const { return model_key(tools, sources, top, ports, options); }
  };
  CHECK(Request{}.key() == Request{}.key());
  std::set<std::string> keys{Request{}.key()};
  const auto other = [&](const char* what, const std::function<void(Request&)>& change) {
    Request r;
    change(r);
    INFO(what);
    CHECK(keys.insert(r.key()).second);
  };
  other("processor", [](Request& r) { r.tools.compiler = "g++ 12, -march=two"; });
  other("Verilator", [](Request& r) { r.tools.verilator = "Verilator 6"; });
  other("source", [](Request& r) { r.sources[0].second += " "; });
  other("name of a source", [](Request& r) { r.sources[0].first = "b.sv"; });
  other("port", [](Request& r) { r.ports[0].bits = 2; });
  other("optimisation", [](Request& r) { r.options.fast = false; });
  other("clang of a model that is not optimised", [](Request& r) { r.options.fast = false, r.tools.quick = "clang 14"; });
  other("waveforms", [](Request& r) { r.options.trace = true; });
  other("coverage", [](Request& r) { r.options.coverage = "folder"; });
  other("first values", [](Request& r) { r.options.random_init = true; });
  other("cell memory", [](Request& r) { r.options.cells = {{0, 1, "u_core.u_pe", "cells_q"}}; });
  other("image", [](Request& r) { r.options.data = {{"mem/a.hex", "0"}}; });

  Request optimised;  // by g++ in any case
  optimised.tools.quick = "clang 14";
  CHECK(keys.count(optimised.key()) == 1);

  Request elsewhere;  // the cache is a place, not part of the model
  elsewhere.options.cache = "another/folder";
  CHECK(keys.count(elsewhere.key()) == 1);
}

TEST_CASE("the name of a compiled model knows this machine's processor", "[build]") {
  // -march=native is spelled out: the architecture that it stands for and single instruction sets.
  const std::string& compiler = model_tools().compiler;
  CHECK(compiler.find("-march=") != std::string::npos);
  CHECK(compiler.find("[enabled]") != std::string::npos);
}
