// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/build.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/base/process.hpp"
#include "golden/diagnostic.hpp"

namespace epim {
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

/// Holds a file lock, so that two processes do not build the same model.
class Lock {
 public:
  explicit Lock(const fs::path& path) : fd_(open(path.c_str(), O_CREAT | O_RDWR, 0666)) {
    if (fd_ >= 0) flock(fd_, LOCK_EX);
  }
  ~Lock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  int fd_;
};

/// Removes a folder at the end of its scope, also when a build fails or is interrupted.
struct Removal {
  fs::path path;
  ~Removal() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

void check(const CommandResult& r, const std::string& what) {
  if (r.code == 127) throw MissingTool(what + " is missing: install it with scripts/setup.sh run");
  if (r.code != 0) throw std::runtime_error(what + " failed:\n" + r.output);
}

/// PEs stay modules of their own, and ports that differ from PE to PE stay variables: no function of a PE then names what
/// surrounds it, and Verilator merges those of all PEs into one.
constexpr const char* kShared = R"(`verilator_config
no_inline -module "epim_pe"
public_flat_rd -module "epim_pe" -var "wl_i"
public_flat_rd -module "epim_pe" -var "sel_i"
public_flat_rd -module "epim_pe" -var "sum_i"
public_flat_rd -module "epim_pe" -var "prog_cell_we_i"
public_flat_rd -module "epim_pe" -var "prog_scale_we_i"
public_flat_rd -module "epim_pe" -var "prod_o"
public_flat_rd -module "epim_pe" -var "psum_o"
public_flat_rd -module "epim_pe" -var "cell_reads_o"
public_flat_rd -module "epim_pe" -var "adc_zero_o"
public_flat_rd -module "epim_pe" -var "adc_saturated_o"
public_flat_rd -module "epim_pe" -var "err_o"
)";

struct Tools {
  ModelTools identity;
  std::string root;
  std::string quick = "g++";  ///< compiles what is not optimised; clang needs less than half the time
};
const Tools& tools() {
  static std::once_flag once;
  static Tools t;
  std::call_once(once, [] {
    CommandResult v = run_command("verilator --version");
    if (v.code != 0) throw MissingTool("verilator is missing: install Debian package verilator (scripts/setup.sh run)");
    t.identity.verilator = v.output;
    CommandResult r = run_command("verilator --getenv VERILATOR_ROOT");
    t.root = r.output.substr(0, r.output.find('\n'));
    // What -march=native stands for on this processor, and which g++ says so.
    const CommandResult target = run_command("g++ --version && g++ -march=native -Q --help=target");
    if (target.code != 0) throw MissingTool("g++ is missing: install Debian package g++ (scripts/setup.sh run)");
    t.identity.compiler = target.output;
    for (const char* clang : {"clang++", "clang++-14", "clang++-19"}) {
      const CommandResult version = run_command(std::string(clang) + " --version");
      if (version.code != 0) continue;
      t.quick = clang;
      t.identity.quick = version.output;
      break;
    }
  });
  return t;
}

/// Name that Verilator makes of one in the design: of a variable in the class of the top, of any other with `prefix`.
std::string member(const std::string& path, const char* prefix = "__PVT__") {
  std::string name = prefix;
  for (char c : path) name += c == '.' ? "__DOT__" : c == '[' ? "__BRA__" : c == ']' ? "__KET__" : std::string(1, c);
  return name;
}

/// Function epim_cells of the adapter: where the flat cell memory of PE (t,u) lies, by the names that Verilator makes of
/// those of the design. Where a model has no such member, no memory is reached and cells go over the control bus.
std::string cells_function(const std::string& top, const std::vector<CellMemory>& cells) {
  std::string s = fmt::format("#include \"V{}__Syms.h\"\n", top), cases;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string memory = member(top + "." + cells[i].pe) + "->" + member(cells[i].memory) + ".m_storage";
    s += fmt::format("template <class Root> auto cells_{0}(Root& r, int) -> decltype(&r.{1}[0]) {{ return &r.{1}[0]; }}\n"
                     "template <class Root> std::uint64_t* cells_{0}(Root&, long) {{ return nullptr; }}\n", i, memory);
    cases += fmt::format("    case {}: return cells_{}(*t.rootp, 0);\n", cells[i].row * 4096 + cells[i].col, i);
  }
  return s + "static std::uint64_t* epim_cells(V" + top + "& t, int row, int col) {\n  (void)t;\n  switch (row * 4096 + col) {\n" + cases +
         "    default: return nullptr;\n  }\n}\n";
}

/// In front of a bare model's code: images come from the program that made the instance.
constexpr const char* kGivenImages = R"(#include <cstring>
#include <stdexcept>
#include <string>
namespace {
thread_local const std::string* (*epim_find_image)(void*, const char*) = nullptr;
thread_local void* epim_images = nullptr;
/// $readmemh of one entry of at most 64 bits a line.
template <class Depth, class First, class Last>
void epim_readmem(bool, int bits, Depth depth, int, const std::string& file, void* memory, First, Last) {
  const std::string* text = epim_find_image ? epim_find_image(epim_images, file.c_str()) : nullptr;
  if (!text) throw std::runtime_error("no image is given for " + file);
  if (bits > 64) throw std::runtime_error("an image of more than 64 bits a line: " + file);
  const std::size_t bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
  const char* at = text->c_str();
  for (std::size_t i = 0; i < static_cast<std::size_t>(depth) && *at; ++i) {
    std::uint64_t value = 0;
    for (; *at && *at != '\n'; ++at) value = value << 4 | static_cast<std::uint64_t>(*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
    if (*at) ++at;
    std::memcpy(static_cast<char*>(memory) + i * bytes, &value, bytes);
  }
}
}
extern "C" __attribute__((visibility("default"))) void epim_model_images(const std::string* (*find)(void*, const char*), void* images) {
  epim_find_image = find;
  epim_images = images;
}
#define VL_READMEM_N epim_readmem
)";

/// Functions epim_model_register, epim_model_settle and epim_model_state of a bare model.
std::string bare_functions(const std::string& top, const std::vector<CellMemory>& registers) {
  std::string s = "namespace {\nstruct Place { void* at; int bytes; };\n", cases;
  for (std::size_t i = 0; i < registers.size(); ++i) {
    const std::string name = registers[i].pe.empty() ? member(top + "." + registers[i].memory, "")
                                                     : member(top + "." + registers[i].pe) + "->" + member(registers[i].memory);
    s += fmt::format("template <class Root> auto register_{0}(Root& r, int) -> decltype((void)r.{1}, Place()) {{ return {{&r.{1}, int(sizeof(r.{1}))}}; }}\n"
                     "template <class Root> Place register_{0}(Root&, long) {{ return {{nullptr, 0}}; }}\n", i, name);
    cases += fmt::format("    case {0}: p = register_{0}(*t.rootp, 0); break;\n", i);
  }
  s += "}\n" + fmt::format("void V{0}___024root___eval_settle(V{0}___024root* vlSelf);\n"
                           "extern \"C\" __attribute__((visibility(\"default\"))) void epim_model_settle(void* v) {{\n"
                           "  V{0}___024root___eval_settle(static_cast<Instance*>(v)->top->rootp);\n}}\n", top);
  return s + "extern \"C\" __attribute__((visibility(\"default\"))) void* epim_model_register(void* v, int n, int* bytes) {\n"
         "  auto& t = *static_cast<Instance*>(v)->top;\n  (void)t;\n  Place p{nullptr, 0};\n  switch (n) {\n" + cases +
         "    default: break;\n  }\n  *bytes = p.bytes;\n  return p.at;\n}\n"
         "extern \"C\" __attribute__((visibility(\"default\"))) void* epim_model_state(void* v, std::size_t* bytes) {\n"
         "  auto* s = static_cast<Instance*>(v)->top->rootp->vlSymsp;\n  *bytes = sizeof(*s);\n  return s;\n}\n";
}

std::string adapter(const std::string& top, const std::vector<BuildPort>& ports, const BuildOptions& options) {
  const bool trace = options.trace, coverage = !options.coverage.empty();
  std::string s = fmt::format("#include \"V{}.h\"\n#include \"verilated.h\"\n", top);
  if (trace) s += "#include \"verilated_fst_c.h\"\n";
  if (coverage) s += "#include \"verilated_cov.h\"\n";
  s += "#include <cstdint>\n#include <memory>\n#include <stdexcept>\n"
       "struct ModelPort { const char* name; int bits; };\n"
       "struct ModelApi { int (*ports)(const ModelPort**); void* (*create)(); void (*destroy)(void*);\n"
       "  void (*eval)(void*); void* (*port)(void*, int); bool (*trace_open)(void*, const char*);\n"
       "  void (*trace_dump)(void*, std::uint64_t); void (*trace_close)(void*);\n"
       "  std::uint64_t* (*cells)(void*, int, int); };\n";
  s += cells_function(top, options.cells);
  s += fmt::format("namespace {{\nusing Top = V{};\nconst ModelPort list[] = {{\n", top);
  for (const BuildPort& p : ports) s += fmt::format("  {{\"{}\", {}}},\n", p.name, p.bits);
  s += "};\nstruct Instance { VerilatedContext context; std::unique_ptr<Top> top;\n";
  if (trace) s += "  std::unique_ptr<VerilatedFstC> fst;\n";
  s += "};\n}\nextern \"C\" __attribute__((visibility(\"default\"))) const ModelApi* epim_model_api() {\n"
       "  static const ModelApi api = {\n"
       "    [](const ModelPort** l) { *l = list; return int(sizeof(list) / sizeof(list[0])); },\n"
       "    []() -> void* { auto* i = new Instance; i->context.fatalOnError(false); i->context.randReset(2); i->context.randSeed(1);\n";
  if (trace) s += "      i->context.traceEverOn(true);\n";
  s += "      Verilated::threadContextp(&i->context);\n"
       "      i->top = std::make_unique<Top>(&i->context, \"TOP\"); return i; },\n"
       // The scopes of public ports leave the context of the thread, which may be that of an instance long gone.
       "    [](void* v) { auto* i = static_cast<Instance*>(v); Verilated::threadContextp(&i->context); i->top->final(); delete i; },\n"
       // $fatal, as a bound checker says it, ends the run and not the process.
       "    [](void* v) { auto* i = static_cast<Instance*>(v); i->top->eval();\n"
       "      if (i->context.gotError()) throw std::runtime_error(\"the model stopped itself\"); },\n"
       "    [](void* i, int n) -> void* { auto& t = *static_cast<Instance*>(i)->top; switch (n) {\n";
  for (std::size_t i = 0; i < ports.size(); ++i) s += fmt::format("      case {}: return &t.{};\n", i, ports[i].name);
  s += "      default: return nullptr; } },\n";
  if (trace)
    s += "    [](void* v, const char* file) { auto* i = static_cast<Instance*>(v); i->fst = std::make_unique<VerilatedFstC>();\n"
         "      i->top->trace(i->fst.get(), 99); i->fst->open(file); return i->fst->isOpen(); },\n"
         "    [](void* v, std::uint64_t t) { static_cast<Instance*>(v)->fst->dump(t); },\n"
         "    [](void* v) { static_cast<Instance*>(v)->fst->close(); },\n";
  else
    s += "    [](void*, const char*) { return false; }, [](void*, std::uint64_t) {}, [](void*) {},\n";
  s += "    [](void* i, int t, int u) -> std::uint64_t* { return epim_cells(*static_cast<Instance*>(i)->top, t, u); },\n";
  s += "  };\n  return &api;\n}\n";
  if (coverage)
    s += "extern \"C\" __attribute__((visibility(\"default\"))) void epim_model_coverage(void* i, const char* file) {\n"
         "  static_cast<Instance*>(i)->context.coveragep()->write(file);\n}\n";
  if (options.bare) s += bare_functions(top, options.registers);
  return s;
}

/// Name in the cache of what is compiled once per tools and set of flags.
std::string runtime_key(const std::string& flags, bool trace, bool coverage) {
  return hash_text(fnv1a(tools().identity.verilator + tools().identity.compiler + flags + (trace ? "t" : "") + (coverage ? "c" : "")));
}

/// Verilator's own runtime, compiled once per set of flags.
std::string runtime_object(const fs::path& cache, const std::string& flags, bool trace, bool coverage) {
  const std::string key = runtime_key(flags, trace, coverage);
  const fs::path object = cache / ("runtime-" + key + ".o");
  Lock lock(cache / ("runtime-" + key + ".lock"));
  if (fs::exists(object)) return object.string();
  std::string all = "#include \"verilated.cpp\"\n#include \"verilated_threads.cpp\"\n";
  if (coverage) all += "#include \"verilated_cov.cpp\"\n";
  const fs::path source = cache / ("runtime-" + key + ".cpp");
  write(source, all);
  const std::string include = fmt::format("-I{0}/include -I{0}/include/vltstd", tools().root);
  const fs::path part = cache / ("runtime-" + key + ".part.o");
  check(run_command(fmt::format("g++ {} {} -O2 -c -o '{}' '{}'", flags, include, part.string(), source.string())), "g++");
  if (trace) {
    const fs::path fst = cache / ("runtime-" + key + ".fst.o");
    check(run_command(fmt::format("g++ {} {} -O2 -c -o '{}' {}/include/verilated_fst_c.cpp", flags, include, fst.string(),
                                  tools().root)), "g++");
    const fs::path both = cache / ("runtime-" + key + ".both.o");
    check(run_command(fmt::format("ld -r -o '{}' '{}' '{}'", both.string(), part.string(), fst.string())), "ld");
    fs::rename(both, part);
    fs::remove(fst);
  }
  fs::remove(source);
  fs::rename(part, object);
  return object.string();
}

/// Verilator's headers, compiled by `compiler` once per set of flags: half of what g++ does on a small model is reading them.
/// Gives the option that includes them.
std::string runtime_header(const fs::path& cache, const std::string& compiler, const std::string& flags, bool trace, bool coverage) {
  const std::string key = runtime_key(compiler + tools().identity.quick + flags, trace, coverage);
  const fs::path header = cache / ("headers-" + key + ".hpp"), compiled = header.string() + ".gch";
  Lock lock(cache / ("headers-" + key + ".lock"));
  if (fs::exists(compiled)) return fmt::format("-include '{}'", header.string());
  write(header, fmt::format("#include \"verilated.h\"\n{}{}#include <memory>\n#include <stdexcept>\n",
                            trace ? "#include \"verilated_fst_c.h\"\n" : "", coverage ? "#include \"verilated_cov.h\"\n" : ""));
  const fs::path part = cache / ("headers-" + key + ".part.gch");
  check(run_command(fmt::format("{} {} -x c++-header -o '{}' '{}'", compiler, flags, part.string(), header.string())), compiler);
  fs::rename(part, compiled);
  return fmt::format("-include '{}'", header.string());
}

std::string compiler_flags(const BuildOptions& options) {
  std::string flags = "-std=c++17 -fPIC -fvisibility=hidden -march=native -DVL_TIME_CONTEXT ";
  flags += !options.coverage.empty() ? "-DVM_COVERAGE=1 -DVM_SC=0 " : "-DVM_COVERAGE=0 -DVM_SC=0 ";
  flags += options.trace ? "-DVM_TRACE=1 -DVM_TRACE_FST=1 -DVM_TRACE_VCD=0" : "-DVM_TRACE=0 -DVM_TRACE_FST=0 -DVM_TRACE_VCD=0";
  return flags;
}

const char* optimisation(const BuildOptions& options) { return !options.fast ? "-O0" : options.brief ? "-O1" : "-O3"; }

/// Functions are cut every 500 statements: g++ takes minutes for the body of a large PE in one piece, seconds in many.
std::string verilator_command(const BuildOptions& options) {
  std::string verilate = "verilator --cc -O3 --noassert -Wno-lint -Wno-fatal --unroll-count 16 --output-split 0 --output-split-cfuncs 500 "
                         "--x-assign fast ";
  verilate += options.random_init ? "--x-initial unique" : "--x-initial fast";
  if (options.trace) verilate += " --trace-fst";
  if (!options.coverage.empty()) verilate += " --coverage-line --coverage-toggle";
  return verilate;
}

}  // namespace

const ModelTools& model_tools() { return tools().identity; }

std::string model_key(const ModelTools& with, const Sources& sources, const std::string& top, const std::vector<BuildPort>& ports,
                      const BuildOptions& options) {
  std::uint64_t key = fnv1a(with.verilator + with.compiler + (options.fast ? "" : with.quick) + compiler_flags(options) + optimisation(options) +
                            verilator_command(options) + kShared + top + adapter(top, ports, options));
  for (const auto& [name, text] : sources) key = fnv1a(name + "\n" + text, key);
  if (options.bare) key = fnv1a(kGivenImages, key);
  for (const auto& [name, text] : options.data) key = fnv1a(name + "\n" + text, key);
  return hash_text(key);
}

std::string build_model(const Sources& sources, const std::string& top, const std::vector<BuildPort>& ports,
                        const BuildOptions& options) {
  const std::string include = fmt::format("-I{0}/include -I{0}/include/vltstd", tools().root);
  const std::string flags = compiler_flags(options), optimise = optimisation(options), verilate = verilator_command(options);
  const std::string key = model_key(model_tools(), sources, top, ports, options);
  fs::create_directories(options.cache);
  const fs::path cache = fs::absolute(options.cache);
  const fs::path folder = cache / key;
  const fs::path object = folder / "model.so";
  Lock lock(cache / (key + ".lock"));
  if (fs::exists(object)) return object.string();

  const fs::path work = cache / (key + ".tmp");
  fs::remove_all(work);
  fs::create_directories(work);
  const Removal removal{work};
  for (const auto& [name, text] : options.data) {
    fs::create_directories((work / name).parent_path());
    write(work / name, text);
  }
  std::string files;
  for (auto [name, text] : sources) {
    for (std::size_t at; (at = text.find(kDataFolder)) != std::string::npos;) text.replace(at, std::strlen(kDataFolder), folder.string());
    write(work / name, text);
    files += " '" + (work / name).string() + "'";
  }
  // The PEs of an array share one compiled body; Verilator would copy it into each.
  write(work / "shared.vlt", kShared);
  files = " '" + (work / "shared.vlt").string() + "'" + files;
  const std::string rest = fmt::format(" --top-module {} --Mdir '{}/obj'{}", top, work.string(), files);
  CommandResult verilated = run_command(verilate + rest);
  // A generate loop of more than 256 turns, such as a large PE array.
  if (verilated.output.find("Loop unrolling took too long") != std::string::npos)
    verilated = run_command(verilate + " --unroll-count 8192" + rest);
  check(verilated, "verilator");
  write(work / "obj" / "adapter.cpp", adapter(top, ports, options));
  std::string all = options.bare ? kGivenImages : "";
  std::vector<std::string> units;
  for (const auto& entry : fs::directory_iterator(work / "obj"))
    if (entry.path().extension() == ".cpp") units.push_back(entry.path().filename().string());
  std::sort(units.begin(), units.end());
  for (const std::string& u : units) all += "#include \"" + u + "\"\n";
  write(work / "obj" / "all.cc", all);
  const std::string compiler = options.fast ? "g++" : tools().quick;
  const std::string runtime = runtime_object(cache, flags, options.trace, !options.coverage.empty());
  const std::string header =
      runtime_header(cache, compiler, fmt::format("{} {} {}", flags, include, optimise), options.trace, !options.coverage.empty());
  check(run_command(fmt::format("{7} {0} {1} {2} {6} -I'{3}/obj' -shared -Wl,-Bsymbolic -o '{3}/model.so' '{3}/obj/all.cc' "
                                "'{4}' -lpthread {5}",
                                flags, include, optimise, work.string(), runtime, options.trace ? "-lz" : "", header, compiler)),
        compiler);
  fs::remove_all(work / "obj");
  fs::remove_all(folder);
  fs::rename(work, folder);
  return object.string();
}

std::string build_elaborated(const Elaboration& e, const BuildOptions& options, const Sources* blocks) {
  BuildOptions build = options;
  for (const auto& [name, text] : e.images) build.data.emplace_back(kMemDir + name, text);
  build.cells = e.cells;
  Sources sources = e.blocks;
  if (blocks) replace_texts(sources, *blocks);
  sources.emplace_back(e.top + ".sv", e.text);
  std::vector<BuildPort> ports;
  for (const TopPort& port : e.ports) ports.push_back({port.name, port.bits});
  return build_model(sources, e.top, ports, build);
}

}  // namespace epim
