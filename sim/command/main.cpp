// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The epim command: registers the verbs, turns what they throw into one line and an exit code.
#include <fmt/format.h>

#include "gen/base/interrupt.hpp"
#include "gen/base/process.hpp"
#include "gen/command/command.hpp"
#include "sim/driver.hpp"

int main(int argc, char** argv) {
  using namespace epim;
  CLI::App app{"epim: epitome networks on processing-in-memory accelerators, from configuration to verified RTL"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "epim 0.1.0");
  app.footer("Exit codes: 0 ok, 1 check failed, 2 bad input, 3 missing tool, 4 internal error.\n"
             "Examples:\n"
             "  epim gen --config configs/layer3.toml --out out/layer3\n"
             "  epim sim --config configs/digits.toml\n"
             "  epim sim --config configs/named/xb64.toml --crossbar 32x32 --dump out/dump\n"
             "  epim verify\n");
  command::add_gen(app);
  command::add_check(app);
  command::add_quantize(app);
  command::add_sim(app);
  command::add_run(app);
  command::add_estimate(app);
  command::add_eval(app);
  command::add_search(app);
  command::add_paper(app);
  command::add_import(app);
  command::add_report(app);
  command::add_verify(app);
  command::add_bench(app);
  command::add_bugs(app);
  command::add_synth(app);
  command::add_fpga(app);
  command::add_host(app);
  command::add_doctor(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "command line: bad-argument: {} (see epim --help)\n", e.what());
    return 2;
  } catch (const InputError& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  } catch (const MissingTool& e) {
    fmt::print(stderr, "missing tool: {}\n", e.what());
    return 3;
  } catch (const CheckFailed& e) {
    fmt::print(stderr, "check failed: {}\n", e.what());
    return 1;
  } catch (const Interrupted& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 128 + e.signal();
  } catch (const command::Failed& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "internal error: {}\n", e.what());
    return 4;
  }
}
