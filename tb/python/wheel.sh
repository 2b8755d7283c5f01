#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# The wheel of the Python package: pip builds it, from the objects that build/ has, and installs it into an empty environment; what is
# installed runs the example of python/README.md from another folder.
#
#   wheel.sh WORK_DIR
#
# The last line is "N passed, M failed". Environment: PYTHON (default /usr/bin/python3, which build/ has its module for).
set -u
[[ $# == 1 ]] || { sed -n '4,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tb/check.sh
. "$root/tb/check.sh"
rm -rf "$1"
mkdir -p "$1"
cd "$1" || exit 4
tools=$("$root/scripts/python_env.sh" test) || exit $?
python=${PYTHON:-/usr/bin/python3}

# In the build folder as scripts/build.sh left it, so that nothing is compiled again.
keep "the wheel is built" "$tools/python" -m pip --disable-pip-version-check wheel --no-deps --no-build-isolation --wheel-dir . \
  -C build-dir="$root/build" -C cmake.define.EPIM_TESTS=ON -C cmake.define.EPIM_NATIVE=ON "$root/python"
keep "an environment" "$python" -m venv --system-site-packages venv
keep "the wheel is installed" venv/bin/python -m pip --disable-pip-version-check install --no-deps --no-index epim-*.whl
sed -n '/^```python$/,/^```$/p' "$root/python/README.md" | sed '1d;/^```$/,$d' > example.py
ln -s "$root/configs" "$root/models" .
keep "the README's example" env -u PYTHONPATH -u EPIM_HOME -u EPIM_COMMAND venv/bin/python example.py
check "it classifies digits" "$python" -c "
import numpy as np
seen = np.array(open('out.txt').readline().strip('[] \n').split(), int)
assert len(seen) == 10 and (seen == np.load('models/digits/test_labels.npy')[:10]).sum() >= 9, seen"
finish
