#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Dumps of `epim sim` recomputed by scripts/check_dump.py, which knows nothing of this project but docs/dump-format.md.
#
#   run.sh EPIM WORK_DIR
#
# The last line is "N passed, M failed". Environment: EPIM_CACHE (built models), PYTHON (default /usr/bin/python3, with NumPy).
set -u
[[ $# == 2 ]] || { sed -n '4,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
epim=$(realpath "$1")
python=${PYTHON:-/usr/bin/python3}
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
export EPIM_CACHE=${EPIM_CACHE:-$root/build/models}
rm -rf "$2"
mkdir -p "$2"
cd "$2" || exit 4

# dump NAME CONFIGURATION OPTIONS...: one layer on the RTL, its files, and what they give.
dump() {
  keep "$1: dumped" "$epim" sim --config "$root/configs/named/$2.toml" --dump "$1" "${@:3}"
  expect "$1: recomputed" 0 'layer: equal: ' "$python" "$root/scripts/check_dump.py" "$1"
}
dump plain xb16
dump clipping zero-point-signed --set hardware.adc_bits=4
dump groups rows-skip
dump slopes slope
keep "pool: dumped" "$epim" sim --config "$root/configs/named/pool128-eighth.toml" --dump pool
expect "pool: refused" 2 'has a weight pool' "$python" "$root/scripts/check_dump.py" pool
"$python" - <<'EOF'
import numpy as np
y = np.load("plain/layer/y_rtl.npy")
y[3, 2, 1] += 1
np.save("plain/layer/y_rtl.npy", y)
EOF
expect "a changed output is found" 1 'y_rtl: 1 of .* differ, first \[channel row column\] = \[3 2 1\]' "$python" "$root/scripts/check_dump.py" plain
finish
