#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Which C++ folder includes which, from the includes themselves.

usage: dependencies.py [--write] [ROOT]

The folders and their order are the table "Folders" of docs/architecture.md: a folder may include what stands above it.
Checks that every C++ file lies in a folder of the table, that no include points down the table, that no folders include
each other in a circle, and that docs/img/dependencies.svg is the picture of it; --write draws that picture anew.
"""
import os
import re
import sys

PICTURE = "docs/img/dependencies.svg"
SKIPPED = {"build", "out", ".git"}


def listed_folders(root):
    """Folders of the table, top row first; those of one row in the order in which they are written."""
    with open(os.path.join(root, "docs/architecture.md"), encoding="utf-8") as f:
        text = f.read()
    table = re.search(r"^## Folders\n\n((?:\|.*\n)+)", text, re.M)
    if not table:
        sys.exit("docs/architecture.md: no table under '## Folders'")
    rows = [line.split("|")[1] for line in table.group(1).splitlines()[2:]]
    return [name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+/)`", row)]


def sources(root):
    for path, folders, files in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in SKIPPED and not d.startswith("."))
        for name in sorted(files):
            if name.endswith((".cpp", ".hpp")):
                yield os.path.relpath(os.path.join(path, name), root)


def folder_of(file, folders):
    """The longest listed folder that holds the file; None where there is none."""
    inside = [d for d in folders if file.startswith(d + "/")]
    return max(inside, key=len, default=None)


def read(root, folders):
    """(folder -> folders that it includes -> first include that does so), complaints."""
    uses, wrong = {}, []
    for file in sources(root):
        own = folder_of(file, folders)
        if own is None:
            wrong.append(f"{file}: lies in no folder of the table in docs/architecture.md")
            continue
        uses.setdefault(own, {})
        with open(os.path.join(root, file), encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not found or not os.path.exists(os.path.join(root, found.group(1))):
                    continue  # a header of the same folder, or one that a tool makes
                other = folder_of(found.group(1), folders)
                if other and other != own:
                    uses[own].setdefault(other, f"{file}:{number}")
    return uses, wrong


def upward(uses, folders):
    order = {d: i for i, d in enumerate(folders)}
    return [f"{where}: {own}/ includes {other}/, which stands below it in docs/architecture.md"
            for own, others in sorted(uses.items()) for other, where in sorted(others.items())
            if order[other] > order[own]]


def circles(uses):
    """One line for every set of folders that reach each other."""
    reach = {d: set(o) for d, o in uses.items()}
    for _ in uses:
        for d in reach:
            for o in list(reach[d]):
                reach[d] |= reach.get(o, set())
    sets = {tuple(sorted([d] + [o for o in reach[d] if d in reach.get(o, set()) and o != d])) for d in reach if d in reach[d]}
    return ["folders include each other: " + ", ".join(s) for s in sorted(sets)]


def picture(uses):
    """Folders in rows, each below all that include it; an arrow that follows from others is left out."""
    level = {}

    def height(d):
        if d not in level:
            level[d] = 1 + max((height(o) for o in uses.get(d, {})), default=-1)
        return level[d]

    reach = {}

    def below(d):
        if d not in reach:
            reach[d] = set(uses.get(d, {})).union(*[below(o) for o in uses.get(d, {})])
        return reach[d]

    for d in uses:
        height(d)
        below(d)
    wide, tall, step_x, step_y = 116, 30, 140, 64
    top = max(level.values())
    rows = {y: sorted(d for d in level if level[d] == y) for y in range(top + 1)}
    most = max(len(r) for r in rows.values())
    width, total = most * step_x + 20, (top + 1) * step_y + 10
    at = {}
    for y, row in rows.items():
        for i, d in enumerate(row):
            at[d] = (width / 2 + (i - (len(row) - 1) / 2) * step_x, 10 + tall / 2 + (top - y) * step_y)
    s = ["<!-- SPDX-FileCopyrightText: 2026 The epim authors -->", "<!-- SPDX-License-Identifier: Apache-2.0 -->",
         "<!-- Drawn by scripts/dependencies.py from the includes. -->",
         f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" font-family="sans-serif" font-size="13">',
         '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
         '<path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>',
         f'<rect width="{width}" height="{total}" fill="#fff"/>']
    for d in sorted(uses):
        for o in sorted(uses[d]):
            if any(o in reach[other] for other in uses[d] if other != o):
                continue
            (x0, y0), (x1, y1) = at[d], at[o]
            s.append(f'<path d="M{x0:g} {y0 + tall / 2:g}L{x1:g} {y1 - tall / 2:g}" stroke="#555" fill="none" marker-end="url(#tip)"/>')
    for d in sorted(at):
        x, y = at[d]
        s.append(f'<rect x="{x - wide / 2:g}" y="{y - tall / 2:g}" width="{wide}" height="{tall}" rx="4" fill="#eef3fa" stroke="#345"/>')
        s.append(f'<text x="{x:g}" y="{y + 4.5:g}" text-anchor="middle">{d}/</text>')
    return "\n".join(s + ["</svg>", ""])


def main(arguments):
    write = "--write" in arguments
    rest = [a for a in arguments if a != "--write"]
    root = rest[0] if rest else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    folders = listed_folders(root)
    uses, homeless = read(root, folders)
    checks = [("every C++ file in a listed folder", homeless), ("no include points down the table", upward(uses, folders)),
              ("no circle", circles(uses))]
    if not checks[2][1]:
        text, path = picture(uses), os.path.join(root, PICTURE)
        if write:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        checks.append(("the picture is that of the includes",
                       [] if old == text else [f"{PICTURE}: is not what the includes say; draw it with scripts/dependencies.py --write"]))
    failed = 0
    for name, wrong in checks:
        failed += bool(wrong)
        print(("FAILED  " if wrong else "ok      ") + name)
        for line in wrong:
            print("  " + line)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
