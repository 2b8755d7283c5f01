# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the run.sh scripts count with: source it, call check and expect, end with finish.
passed=0 failed=0

# count TITLE CODE: one more passed where CODE is 0.
count() {
  if [ "$2" = 0 ]; then
    passed=$((passed + 1))
    echo "ok      $1"
  else
    failed=$((failed + 1))
    echo "FAILED  $1"
  fi
}

# check TITLE COMMAND...: the command ends with 0.
check() {
  local title=$1
  shift
  "$@"
  count "$title" $?
}

# keep TITLE COMMAND...: as check; what the command says stays in out.txt and err.txt, and is shown where it fails.
keep() {
  local title=$1 code
  shift
  "$@" > out.txt 2> err.txt
  code=$?
  count "$title" $code
  [ $code = 0 ] || tail -n 12 out.txt err.txt | sed 's/^/          /'
}

# expect TITLE CODE REGEX COMMAND...: exit code, and a regular expression that the output of both streams holds.
expect() {
  local title=$1 code=$2 want=$3 text got
  shift 3
  text=$("$@" 2>&1)
  got=$?
  if [ $got = "$code" ] && [[ $text =~ $want ]]; then
    count "$title" 0
  else
    count "$title: exit code $got, expected $code and /$want/:" 1
    printf '%s\n' "$text" | tail -n 15 | sed 's/^/          /'
  fi
}

# finish: the last line, and 0 where nothing failed.
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
