#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Prints the command of the C++ compiler of clang; exit 1 where there is none. `quick` in sim/build.cpp asks for the same.
for command in clang++ clang++-14 clang++-19; do
  if command -v "$command" > /dev/null; then
    echo "$command"
    exit
  fi
done
exit 1
