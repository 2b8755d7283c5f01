#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The folders' dependencies (scripts/dependencies.py), and that small trees with mistakes are refused; patches fit and are listed.
# usage: run.sh WORK_FOLDER
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$1
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0

# tree NAME: a folder "low" below "high" as docs/architecture.md lists them, one file in each.
tree() {
  mkdir -p "$work/$1/docs" "$work/$1/low" "$work/$1/high"
  printf '## Folders\n\n| folder | holds |\n|---|---|\n| `low/` | a |\n| `high/` | b |\n' > "$work/$1/docs/architecture.md"
  printf '#include "low/a.hpp"\n' > "$work/$1/high/b.hpp"
  : > "$work/$1/low/a.hpp"
}
# expect NAME TEXT: the script refuses the tree with a line that holds TEXT.
expect() {
  local out
  if out=$("$root/scripts/dependencies.py" --write "$work/$1"); then
    echo "FAILED  $1: not refused"
  elif grep -qF "$2" <<< "$out"; then
    echo "ok      $1"
    passed=$((passed + 1))
    return
  else
    echo "FAILED  $1: expected \"$2\", got: $out"
  fi
  failed=$((failed + 1))
}

tree upward
printf '#include "high/c.hpp"\n' > "$work/upward/low/a.hpp"
: > "$work/upward/high/c.hpp"
rm "$work/upward/high/b.hpp"
expect upward 'low/a.hpp:1: low/ includes high/'

tree circle
printf '#include "high/b.hpp"\n' > "$work/circle/low/a.hpp"
expect circle 'folders include each other: high, low'

tree homeless
mkdir "$work/homeless/attic"
: > "$work/homeless/attic/d.cpp"
expect homeless 'attic/d.cpp: lies in no folder'

tree stale
"$root/scripts/dependencies.py" --write "$work/stale" > /dev/null
: > "$work/stale/high/b.hpp"
if "$root/scripts/dependencies.py" "$work/stale" | grep 'is not what the includes say' > /dev/null; then
  echo "ok      stale picture"
  passed=$((passed + 1))
else
  echo "FAILED  stale picture: not noticed"
  failed=$((failed + 1))
fi

# Patches that break a block for a proof or a test: make formal takes minutes, a patch that no longer fits shows here.
misfits=""
for patch in "$root"/tb/formal/broken/*.patch "$root"/tb/bugs/*.patch; do
  patch --dry-run -s -p1 -d "$root" < "$patch" > /dev/null 2>&1 || misfits+=" ${patch##*/}"
done
if [ -z "$misfits" ]; then
  echo "ok      patches of bugs and proofs fit the sources"
  passed=$((passed + 1))
else
  echo "FAILED  patches that do not fit the sources:$misfits"
  failed=$((failed + 1))
fi

# docs/bug-bank.md is made by a run of minutes: a bug without a row shows here.
unlisted=$(cd "$root/tb/bugs" && for patch in *.patch; do grep -qF "| ${patch%.patch} |" "$root/docs/bug-bank.md" || printf ' %s' "$patch"; done)
if [ -z "$unlisted" ]; then
  echo "ok      every bug has a row in docs/bug-bank.md"
  passed=$((passed + 1))
else
  echo "FAILED  bugs without a row in docs/bug-bank.md (epim bugs --markdown):$unlisted"
  failed=$((failed + 1))
fi

out=$("$root/scripts/dependencies.py")
echo "$out"
[[ $(tail -n 1 <<< "$out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || { echo "FAILED  no result"; failed=$((failed + 1)); }
echo "$((passed + BASH_REMATCH[1])) passed, $((failed + BASH_REMATCH[2])) failed"
[ $((failed + BASH_REMATCH[2])) = 0 ]
