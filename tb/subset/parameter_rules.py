#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Every rule on a module parameter stops elaboration, by name, in every tool.

  parameter_rules.py WORK_DIR PACKAGE_DIR [-j N] [FILTER]

tb/subset/parameter_rules.txt lists the rules with parameters that break them and parameters at the border. Each broken
one is elaborated by itself in Verilator, Yosys, Icarus and slang: the tool must fail and name the rule's undefined
module, and no other rule of the module (blocks inside may add theirs). All legal ones of a module go through each tool
together and must pass. The table is complete: it names every epim_rule_* of rtl/, and every parameter whose header
comment states a range.
PACKAGE_DIR holds the generated epim_regs_pkg.sv and epim_events_pkg.sv. FILTER is a regular expression on
"module rule". slang is the Python package pyslang of this interpreter (scripts/python_env.sh); without it, it is left
out and the summary says so. Environment: VERILATOR, YOSYS, IVERILOG (programs), EPIM_RTL
(folder of the modules, default rtl/ of this repository).
One line per rule; the last line is "N passed, M failed". Exit codes: 0 all pass, 1 not all, 2 wrong use.
"""
import argparse
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys

try:
    import pyslang
    from pyslang import driver as slang_driver
except ImportError:
    pyslang = None

HERE = pathlib.Path(__file__).resolve().parent
RTL = pathlib.Path(os.environ.get("EPIM_RTL", HERE.parent.parent / "rtl")).resolve()
# A header comment with one of these states a range.
RANGE = re.compile(r">=|<=|\d\.\.\d|multiple of|\bneeds\b|power of two|less than|at (most|least)\b|: (\d, )?\d or \d"
                   r"|, \d or \d|where there is no")
COMMON = {}  # module: values that all its tries share
DERIVED = re.compile(r"Derived parameter")


def read_table():
    """(module, rule, [illegal values], [legal values]) of every line; those of rule * go to COMMON."""
    lines = []
    for number, text in enumerate((HERE / "parameter_rules.txt").read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        fields = [f.strip() for f in text.split("|")]
        if len(fields) != 4:
            sys.exit(f"parameter_rules.txt:{number}: four fields, divided by '|'")
        if fields[1] == "*":
            COMMON[fields[0]] = dict(w.split("=", 1) for w in fields[2].split())
            continue
        tries = [[dict(w.split("=", 1) for w in t.split()) for t in side.split(";")] for side in fields[2:]]
        lines.append((fields[0], fields[1], *tries))
    return lines


def header_ranges(path):
    """Parameters whose comment states a range."""
    found, comment, fresh = set(), "", True
    for line in path.read_text().splitlines():
        text = line.strip()
        if text.startswith("///"):
            comment = text if fresh else comment + " " + text
            fresh = False
        elif (name := re.match(r"parameter\b.*?(\w+) =", text)) and line.startswith("  "):
            fresh = True
            if RANGE.search(comment) and not DERIVED.search(comment):
                found.add(name[1])
        else:
            fresh, comment = True, "" if not text.startswith("parameter") else comment
        if line.startswith(") ("):
            break
    return found


def sources_of(module, packages):
    """The files that `module` is made of, packages first."""
    names = {p.stem: p for p in [*RTL.glob("*.sv"), *packages.glob("epim_*_pkg.sv")]}
    files, todo = [], [module]
    while todo:
        name = todo.pop()
        if name not in names or names[name] in files:
            continue
        files.append(names[name])
        todo += re.findall(r"\bepim_\w+", re.sub(r"//.*", "", names[name].read_text()))
    return [str(f) for f in sorted(files, key=lambda f: (not f.stem.endswith("_pkg"), f.stem))]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode == 0, done.stdout


def slang(files):
    """Elaborates in this process: (no error, what slang says)."""
    tool = slang_driver.Driver()
    tool.addStandardArgs()
    if not (tool.parseCommandLine("slang --top probe " + " ".join(files)) and tool.processOptions()
            and tool.parseAllSources()):
        return False, "slang: cannot read the sources"
    compilation = tool.createCompilation()
    errors = [d for d in compilation.getAllDiagnostics() if d.isError()]
    return not errors, pyslang.DiagnosticEngine.reportAll(tool.sourceManager, errors)


def tools():
    verilator, yosys, icarus = (os.environ.get(n, n.lower()) for n in ("VERILATOR", "YOSYS", "IVERILOG"))
    table = {
        "verilator": lambda files: run([verilator, "--lint-only", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module",
                                        "probe", *files]),
        "yosys": lambda files: run([yosys, "-q", "-p", f"read_verilog -sv -defer {' '.join(files)}; "
                                    "hierarchy -check -top probe"]),
        "icarus": lambda files: run([icarus, "-g2012", "-tnull", "-s", "probe", *files]),
    }
    if pyslang:
        table["slang"] = slang
    return table


def probe(work, name, module, tries):
    path = work / f"{name}.sv"
    text = "module probe;\n"
    for i, words in enumerate(tries):
        words = COMMON.get(module, {}) | words
        text += f"  {module} #({', '.join(f'.{name}({value})' for name, value in words.items())}) u_{i} ();\n"
    path.write_text(text + "endmodule\n")
    return str(path)


def spelled(words):
    return " ".join(f"{name}={value}" for name, value in words.items())


def judge(job):
    """Messages about one elaboration; none: as it should be."""
    module, rule, tries, tool, files, legal, others = job
    passed, text = tools()[tool](files)
    named = set(re.findall(r"\bepim_rule_(\w+)", text))
    words = "; ".join(spelled(t) for t in tries)
    if legal:
        return [] if passed else [f"{tool}: {module} with legal parameters {words} is refused: {text[:400]}"]
    if passed:
        return [f"{tool}: {module} with {words} elaborates, expected epim_rule_{rule}"]
    if rule not in named or named & others:
        said = ", ".join(sorted(named)) or "no rule"
        return [f"{tool}: {module} with {words} names {said}, expected {rule}: {text[:400]}"]
    return []


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("packages", type=pathlib.Path)
    parser.add_argument("-j", type=int, default=os.cpu_count())
    parser.add_argument("filter", nargs="?", default=".")
    args = parser.parse_args()
    if not (args.packages / "epim_regs_pkg.sv").exists():
        sys.exit(f"parameter_rules.py: {args.packages}/epim_regs_pkg.sv is missing (the generator writes it)")
    args.work.mkdir(parents=True, exist_ok=True)

    table = read_table()
    chosen = [line for line in table if re.search(args.filter, f"{line[0]} {line[1]}")]
    rules = {line[0]: {r for m, r, *_ in table if m == line[0]} for line in table}
    jobs, owners = [], []
    for index, (module, rule, illegal, _) in enumerate(chosen):
        files = sources_of(module, args.packages)
        for i, words in enumerate(illegal):
            path = probe(args.work, f"{module}-{rule}-{i}", module, [words])
            for tool in tools():
                jobs.append((module, rule, [words], tool, files + [path], False, rules[module] - {rule}))
                owners.append(index)
    modules = sorted({line[0] for line in chosen})
    for module in modules:
        tries = [words for line in chosen if line[0] == module for words in line[3]]
        path = probe(args.work, f"{module}-legal", module, tries)
        for tool in tools():
            jobs.append((module, "", tries, tool, sources_of(module, args.packages) + [path], True, set()))
            owners.append(module)
    with multiprocessing.Pool(args.j) as pool:
        messages = pool.map(judge, jobs, chunksize=1)

    results = []  # (name, messages)
    for index, (module, rule, illegal, _) in enumerate(chosen):
        name = f"{module} {rule}: " + "; ".join(spelled(words) for words in illegal)
        results.append((name, [m for owner, found in zip(owners, messages) if owner == index for m in found]))
    for module in modules:
        results.append((f"{module} at the borders",
                        [m for owner, found in zip(owners, messages) if owner == module for m in found]))
    if args.filter == ".":
        written = {r for p in RTL.glob("*.sv") for r in re.findall(r"\bepim_rule_(\w+)", p.read_text())}
        listed = {line[1] for line in table}
        results.append(("every rule of rtl/ is in the table", [f"epim_rule_{r} is not" for r in sorted(written - listed)]))
        missing = []
        for path in sorted(RTL.glob("*.sv")):
            tried = {name for m, _, illegal, _ in table if m == path.stem for words in illegal for name in words}
            missing += [f"{path.stem}.{p} has a range and no rule" for p in sorted(header_ranges(path) - tried)]
        results.append(("every range of a header has a rule", missing))
    failed = 0
    for name, found in results:
        failed += bool(found)
        print(("FAILED " if found else "ok     ") + name)
        for message in found:
            print("    " + message.replace("\n", "\n    "))
    print("tools: " + ", ".join(tools()) + ("" if pyslang else " (slang: pyslang is not installed)"))
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
