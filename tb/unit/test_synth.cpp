// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "tb/unit/catch.hpp"
#include <sstream>

#include "golden/diagnostic.hpp"
#include "golden/files/json_document.hpp"
#include "gen/synth/area.hpp"
#include "gen/synth/liberty.hpp"
#include "gen/synth/macro_liberty.hpp"
#include "gen/synth/netlist.hpp"

using namespace epim;

namespace {

const char* const kSmallLibrary = R"lib(library(small) {
  /* two cells */
  cell(N) { area : 2.5; pin(A) { direction : input; timing() { x : 1; } } pin(B) { direction : input; }
            pin(Y) { direction : output; function : "(!(A B))"; } }
  cell(Q) { area : 10; ff(I, J) { next_state : "D"; clocked_on : "C"; } pin(C) { direction : input; }
            pin(D) { direction : input; } pin(Q) { direction : output; function : "I"; } }
  cell(B) { area : 3; pin(A) { direction : input; } pin(Y) { direction : output; function : "A"; } }
}
)lib";

/// Text of the InputError, or "" when nothing is thrown.
std::string liberty_refusal(const std::string& text) {
  try {
    parse_liberty(text, "f.lib");
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("synth: Liberty cells", "[synth]") {
  const Liberty l = parse_liberty(kSmallLibrary, "f.lib");
  CHECK(l.name == "small");
  CHECK(l.cells.size() == 3);
  CHECK(l.cells.at("N").nand2);
  CHECK_FALSE(l.cells.at("Q").nand2);
  CHECK(l.cells.at("Q").flip_flop);
  CHECK(l.nand2_area() == 2.5);
  CHECK(l.buffer() == "B");
  CHECK(l.timing);
}

TEST_CASE("synth: gate equivalents follow the transistor rule", "[synth]") {
  const Liberty l = load_liberty(std::string(EPIM_SOURCE_DIR) + "/constraints/epim_ge.lib");
  CHECK(l.nand2_area() == 1.0);
  CHECK(l.cells.at("INV").area == 0.5);
  CHECK(l.cells.at("XOR2").area == 2.5);
  CHECK(l.cells.at("DFF").area == 6.0);
  CHECK(l.cells.at("DFFR").area == 7.0);
  CHECK_FALSE(l.timing);
  for (const auto& [name, cell] : l.cells) CHECK(cell.area * 4 == static_cast<int>(cell.area * 4));
}

TEST_CASE("synth: corrupt Liberty is refused where it is wrong", "[synth]") {
  CHECK(liberty_refusal("") == "f.lib:1:1: liberty-syntax: expected a library group, found the end of the file");
  CHECK(liberty_refusal("library(x) {\n  cell(A) { area : 1;\n").find("f.lib:3:1: liberty-syntax: the file ends") == 0);
  CHECK(liberty_refusal("library(x) {\n cell(A) { area : many; }\n}").find("f.lib:2:19: liberty-syntax: area is not a number") == 0);
  CHECK(liberty_refusal("library(x) { cell(A { area : 1; } }").find("liberty-syntax: a ) is missing before {") != std::string::npos);
  CHECK(liberty_refusal("library(x) { }").find("liberty-unusable: no cell groups") != std::string::npos);
  std::string no_register = kSmallLibrary;
  no_register.replace(no_register.find("ff(I, J)"), 2, "xx");
  CHECK(liberty_refusal(no_register).find("liberty-unusable: no flip-flop") != std::string::npos);
  // Cut anywhere before its last brace, the file is refused, never read in part.
  const std::string text = kSmallLibrary;
  for (std::size_t n = 0; n + 2 < text.size(); ++n) CHECK(liberty_refusal(text.substr(0, n)) != "");
}

TEST_CASE("synth: modules of an RTLIL text", "[synth]") {
  std::istringstream in(R"(attribute \blackbox 1
module $paramod$0123\box
  wire width 4 input 1 \a
  wire output 2 \y
end
module \leaf
  wire input 1 \c
  memory width 3 size 5 \m
  cell \N $1
    connect \A \c
  end
  cell \Q $2
  end
end
module $paramod\epim_ram\Depth=8
  cell $mem_v2 \m
    parameter \SIZE 8
    parameter signed \WIDTH 99
    parameter \WIDTH 4
  end
end
module \top
  cell \leaf \a
  end
  cell \leaf \b
  end
  cell $paramod\epim_ram\Depth=8 \r
  end
end
)");
  const auto modules = read_rtlil(in);
  REQUIRE(modules.size() == 4);
  CHECK(modules[0].blackbox);
  CHECK(modules[0].base() == "box");
  CHECK(modules[2].base() == "epim_ram");
  CHECK_FALSE(modules[1].blackbox);
  REQUIRE(modules[0].ports.size() == 2);
  CHECK(modules[0].ports[0].width == 4);
  CHECK(modules[0].ports[1].output);
  CHECK(modules[1].memories[0].bits() == 15);
  CHECK(modules[2].memories[0].bits() == 32);
  const auto counts = instance_counts(modules, "top");
  CHECK(counts.at("leaf") == 2);
  CHECK(counts.count("$paramod$0123\\box") == 0);
}

TEST_CASE("synth: area by hand", "[synth]") {
  SynthResult r;
  r.top = "epim_top";
  r.ge_library = parse_liberty(kSmallLibrary, "f.lib");
  NetlistModule ram{"epim_ram_8x4", false, {}, {{8, 4}}, {{"Q", 4}, {"$mem_v2", 1}}};
  NetlistModule table{"epim_table_2", false, {}, {}, {{"epim_ram_8x4", 1}}};
  NetlistModule ifat{"epim_ifat", false, {}, {}, {{"epim_table_2", 1}}};
  NetlistModule addr{"epim_addr_ctrl", false, {}, {}, {{"N", 10}, {"Q", 2}}};
  NetlistModule top{"epim_top", false, {}, {}, {{"epim_ifat", 1}, {"epim_addr_ctrl", 2}, {"N", 4}}};
  r.ge = {ram, table, ifat, addr, top};
  NetlistModule less = addr;
  less.cells["N"] = 6;
  r.reference = {ram, less};
  const AreaReport a = area_report(r);
  REQUIRE(a.rows.size() == 3);
  CHECK(a.rows[0].block == "epim_ifat");
  CHECK(a.rows[0].ge == 40);
  CHECK(a.rows[0].registers == 4);
  CHECK(a.rows[0].memory_bits == 32);
  CHECK(a.rows[1].ge == 90);                      // 2 * (10 * 2.5 + 2 * 10)
  CHECK(a.total.ge == 40 + 90 + 10);
  CHECK(a.added.lenient_ge == 40 + 20);           // 2 * 4 gates less
  CHECK(a.added.strict_ge == 40 + 90);
  CHECK(a.strict_all() == Approx((130.0 + 48) / (140 + 48)));
  r.ge[3].cells["mystery"] = 1;
  CHECK_THROWS_WITH(area_report(r), Catch::Contains("mystery"));
}

TEST_CASE("synth: a chip by hand", "[synth]") {
  SynthResult r;
  r.top = "chip";
  r.ge_library = parse_liberty(kSmallLibrary, "f.lib");
  const NetlistModule ram{"epim_ram_8x4", false, {}, {{8, 4}}, {{"Q", 4}}};
  const NetlistModule inner{"epim_front", false, {}, {}, {{"epim_ram_8x4", 1}, {"N", 4}}};
  const NetlistModule core{"epim_core_2", false, {}, {}, {{"epim_front", 2}, {"N", 2}}}, box{"epim_core", true, {}, {}, {}};
  const NetlistModule fifo{"epim_fifo", false, {}, {{3, 5}}, {{"Q", 1}, {"$mem_v2", 1}}};
  r.ge = {ram, inner, core, box, fifo, {"chip", false, {}, {}, {{"epim_core_2", 1}, {"epim_core", 3}, {"epim_fifo", 2}, {"N", 6}}}};
  const std::vector<AreaRow> rows = chip_area(r);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].block == "between them");
  CHECK(rows[0].ge == 6 * 2.5);
  CHECK(rows[1].block == "epim_core");
  CHECK(rows[1].instances == 4);                       // three of them black boxes
  CHECK(rows[1].ge == 2 * (4 * 10 + 4 * 2.5) + 2 * 2.5);
  CHECK(rows[1].registers == 8);
  CHECK(rows[1].memory_bits == 64);
  CHECK(rows[2].block == "epim_fifo");
  CHECK(rows[2].ge == 20);
  CHECK(rows[2].memory_bits == 30);
}

TEST_CASE("synth: macros have an arc at every port", "[synth]") {
  NetlistModule m{"epim_ram_8x4", true, {{"clk_i", 1, false}, {"waddr_i", 3, false}, {"rdata_o", 4, true}}, {}, {}};
  const std::string s = macro_liberty({&m}, 1.5);
  CHECK(s.find("cell(epim_ram_8x4)") != std::string::npos);
  CHECK(s.find("bus(rdata_o) { bus_type : bus4; direction : output; timing()") != std::string::npos);
  CHECK(s.find("setup_rising") != std::string::npos);
  CHECK(s.find("values(\"1.5\")") != std::string::npos);
}
