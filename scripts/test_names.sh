#!/bin/bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
#
# What the parts of make verify tested, from their logs.
#
#   test_names.sh [FOLDER]           names of the passed tests, "part: name", sorted: two states are compared with diff
#   test_names.sh --junit [FOLDER]   all results as JUnit XML; FOLDER/PART.seconds holds the time of a part
#
# FOLDER defaults to build/verify. Numbers that change from run to run (times, cycles, random seeds) are not part of a name.
set -eu
junit=0
if [ "${1:-}" = --junit ]; then junit=1; shift; fi
folder=${1:-build/verify}
for log in "$folder"/*.log; do
  part=$(basename "$log" .log)
  awk -v part="$part" '
    function put(status, name, text) {
      gsub(/[^ ]*\/build\/gen\/command\/epim/, "epim", name)
      sub(/ +[0-9]+ configurations? +[0-9]+ cycles$/, "", name)
      sub(/: [0-9]+ checks, [0-9]+ failures$/, "", name)
      sub(/ \([0-9.]+ s\)$/, "", name)
      sub(/ [0-9.]+ s$/, "", name)
      gsub(/, seed [0-9]+/, "", name)
      if (part == "missing") sub(/: ([a-z_]+\.sh|missing tool): .*/, "", name)
      if (part == "icarus" || part == "netlist") sub(/: [0-9]+ .*/, "", name)
      if (status != "ok" && part != "unit" && part != "expressions") { if (match(name, /: /)) { text = substr(name, RSTART + 2); name = substr(name, 1, RSTART - 1) } }
      print part "\t" status "\t" name "\t" text
    }
    /^ok +[^ ]/ { sub(/^ok +/, ""); put("ok", $0, ""); next }
    /^FAILED +[^ ]/ { sub(/^FAILED +/, ""); put("failed", $0, ""); next }
    /^(killed|SURVIVED|ERROR) +[^ ]/ { put($1 == "killed" ? "ok" : "failed", $2, $1) }
  ' "$log"
done | if [ "$junit" = 0 ]; then
  awk -F'\t' '$2 == "ok" { print $1 ": " $3 }' | LC_ALL=C sort
else
  awk -F'\t' -v folder="$folder" '
    function xml(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/"/, "\\&quot;", s); return s }
    function close_suite(   seconds) {
      if (suite == "") return
      seconds = 0
      getline seconds < (folder "/" suite ".seconds")
      printf "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" time=\"%d\">\n%s  </testsuite>\n", suite, tests, failures, seconds, cases
    }
    BEGIN { print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>" }
    $1 != suite { close_suite(); suite = $1; tests = failures = 0; cases = "" }
    { tests++
      line = "    <testcase classname=\"" suite "\" name=\"" xml($3) "\""
      if ($2 == "ok") line = line "/>"
      else { failures++; line = line "><failure message=\"" xml($4) "\"/></testcase>" }
      cases = cases line "\n" }
    END { close_suite(); print "</testsuites>" }
  '
fi
