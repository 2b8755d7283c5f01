#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Prints the folder of the programs of a Python environment that holds the packages of a list, and makes it where it
# is missing. Nothing is installed into the system's Python, which Debian does not allow (PEP 668).
#   scripts/python_env.sh test     scripts/python/test.txt: what `make verify` needs
#   scripts/python_env.sh newer    scripts/python/newer.txt: what scripts/newer_tools.sh needs
# Place: $EPIM_PYTHON, else ~/.cache/epim/python (XDG_CACHE_HOME is heard), so that `make clean` leaves it; one folder
# per list and content. Needs the network once, nothing afterwards; pip's own variables work (PIP_INDEX_URL; for a
# folder of wheels PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER).
# Exit codes: 0 printed, 2 wrong use, 3 a package could not be installed (what pip said is on stderr).
set -eu
home=$(cd "$(dirname "$0")" && pwd)
list=$home/python/${1:-}.txt
[ $# -eq 1 ] && [ -f "$list" ] || { echo "usage: scripts/python_env.sh test|newer" >&2; exit 2; }
place=${EPIM_PYTHON:-${XDG_CACHE_HOME:-$HOME/.cache}/epim/python}
folder=$place/$1-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')-$(cksum < "$list" | cut -d' ' -f1)
if [ ! -f "$folder/complete" ]; then
  mkdir -p "$place"
  exec 9> "$folder.lock"
  flock 9
  if [ ! -f "$folder/complete" ]; then
    echo "setup: installing with pip into $folder:" >&2
    sed -n 's/^\([^#].*\)==\([^ ]*\).*# \(.*\)/  \1 \2: \3/p' "$list" >&2
    rm -rf "$folder"
    if ! { python3 -m venv "$folder" && "$folder/bin/python" -m pip --disable-pip-version-check --quiet install -r "$list"; } > "$folder.log" 2>&1; then
      tail -n 5 "$folder.log" | sed 's/^/setup: pip: /' >&2
      rm -rf "$folder"
      echo "setup: missing Python packages of $list (pip could not install them into $folder)" >&2
      exit 3
    fi
    touch "$folder/complete"
  fi
fi
echo "$folder/bin"
