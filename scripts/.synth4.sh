#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# The area table of docs/area.md: crossbars of 64, 128 and 256 rows and columns, PE arrays of 1x1 and 4x1.
#   scripts/synth.sh [OUT_DIR]      default out/area
# A configuration that is done (same command, same configuration) is not done again.
# Writes OUT_DIR/CONFIG/ (netlists, area.json), OUT_DIR/area.csv, OUT_DIR/area.md. EPIM_LIBERTY names a library for um2,
# for example osu035 of Debian; it doubles the time. EPIM_JOBS: configurations at a time (default 2).
set -eu
cd "$(dirname "$0")/.." || exit 4
out=${1:-out/area}
epim=build/gen/command/epim
liberty=${EPIM_LIBERTY:-}
options=()
if [ -n "$liberty" ] && [ -f "$liberty" ]; then options=(--liberty "$liberty"); fi
mkdir -p "$out"
stamp=$(cksum < $epim)
start=$SECONDS
# Longest first.
names="xb128-pe4x1 xb128-pe1x1 xb64-pe4x1 xb64-pe1x1"

one() {
  key="$stamp $(cksum < "configs/area/$1.toml") ${options[*]-}"
  if [ "$(cat "$out/$1.key" 2> /dev/null)" = "$key" ] && [ -f "$out/$1/area.json" ]; then return; fi
  rm -f "$out/$1.key"
  "$epim" synth --config "configs/area/$1.toml" --out "$out" --csv "$out/$1.csv" --markdown "$out/$1.md" "${options[@]}" \
    > "$out/$1.txt" 2> "$out/$1.log" || { cat "$out/$1.log" >&2; return 1; }
  echo "$key" > "$out/$1.key"
}

running=0 failed=0
for name in $names; do
  if [ "$running" -ge "${EPIM_JOBS:-2}" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  one "$name" &
  running=$((running + 1))
  echo "synth: $name, $((SECONDS - start)) s" >&2
done
while [ "$running" -gt 0 ]; do wait -n || failed=1; running=$((running - 1)); done
[ "$failed" = 0 ] || exit 1

