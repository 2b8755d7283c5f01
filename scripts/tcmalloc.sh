#!/bin/sh
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# Prints the path of libtcmalloc_minimal, for LD_PRELOAD; exit 1 where there is none.
library=$(/sbin/ldconfig -p 2> /dev/null | sed -n 's/.*libtcmalloc_minimal\.so\.4 .*=> //p' | head -n 1)
[ -n "$library" ] && echo "$library"
