#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the module testbenches of modules.txt.
#
#   run.sh BUILD_DIR PKG_DIR [-j N] [FILTER]
#
# BUILD_DIR keeps one folder per (module, parameters); a binary is built again when its sources or options change.
# PKG_DIR holds the generated epim_regs_pkg.sv and epim_events_pkg.sv. FILTER is a regular expression on
# "module parameters". Environment: EPIM_SEED (seed of every test), VERILATOR (program), VERILATOR_EXTRA (more
# options; with --coverage every test leaves coverage.dat in its folder), CXX (default: clang, else g++), EPIM_RTL (folder of the modules,
# default rtl/ of this repository).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rtl=$(cd "${EPIM_RTL:-$root/rtl}" && pwd)
verilator=${VERILATOR:-verilator}
cxx=${CXX:-$("$root/scripts/clang.sh" || echo g++)}
[[ ${VERILATOR_EXTRA:-} == *--coverage* ]] && coverage=1 || coverage=0
cxxflags=(-std=c++20 -O0 -w "-DVM_COVERAGE=$coverage" -DVM_SC=0 -DVM_TRACE=0 -DVM_TRACE_FST=0 -DVM_TRACE_VCD=0)

usage() { sed -n '4,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

# Builds and runs one line of modules.txt. Prints one result line; all output of a failure.
one() {
  local build=$1 pkg=$2 line=$3
  # shellcheck disable=SC2206
  local words=($line) module parameters=() options=() defines=() generics=()
  module=${words[0]}
  for word in "${words[@]:1}"; do
    case $word in
      -*) options+=("$word") ;;
      *) parameters+=("$word") ;;
    esac
  done
  for parameter in "${parameters[@]}"; do
    local name=${parameter%%=*} value=${parameter#*=}
    case $name in
      *File) generics+=("-G$name=\"$value\""); defines+=("#define P_$name \"$value\"") ;;
      *) generics+=("-G$name=$value")
         # 64'hff is 0xff in C++.
         [[ $value == *"'h"* ]] && value="0x${value#*\'h}ull"
         defines+=("#define P_$name $value") ;;
    esac
  done
  local text="${words[*]:1}"
  defines+=("#define MODULE_NAME \"$module\"" "#define PARAMETERS \"$text\"")
  local dir tb=$here/${module}_tb.cpp top=$module
  dir=$(printf '%s' "${words[*]}" | tr -c 'A-Za-z0-9_\n' '_')
  # A name may have 255 characters.
  [[ ${#dir} -le 200 ]] || dir="${dir:0:160}_$(printf '%s' "$dir" | cksum | tr ' ' '_')"
  dir=$build/$dir
  local sources=("$pkg/epim_regs_pkg.sv" "$pkg/epim_events_pkg.sv")
  while read -r block _; do
    [[ -z $block || $block == \#* || $block == epim_core ]] || sources+=("$rtl/$block.sv")
  done < "$rtl/blocks.txt"
  if [[ -f $here/${module}_probe.sv ]]; then
    sources+=("$here/${module}_probe.sv")
    top=${module}_probe
  fi
  # The command and the content of every file that the binary depends on.
  local key
  key=$(printf '%s\n' "$line" "$verilator ${VERILATOR_EXTRA:-}" "$cxx ${cxxflags[*]}" \
        | cat - "$tb" "$here/harness.hpp" "$here/protocol.hpp" "$root/gen/core/register_map.def" "$root/golden/events.def" \
            "$here/run.sh" "${sources[@]}" | cksum)
  mkdir -p "$dir"
  if [[ ! -x $dir/test || $(cat "$dir/key" 2>/dev/null) != "$key" ]]; then
    rm -rf "$dir"
    mkdir -p "$dir/model"
    # shellcheck disable=SC2086
    if ! { "$verilator" --cc -O3 --x-assign unique --x-initial unique -Wall -Wno-fatal -Wno-WIDTH -Wno-UNUSED \
             -Wno-DECLFILENAME -Wno-PINCONNECTEMPTY --prefix Vdut --top-module "$top" -Mdir "$dir/model" \
             "${options[@]}" "${generics[@]}" ${VERILATOR_EXTRA:-} "${sources[@]}" \
           && { printf '#include "%s"\n' "$dir"/model/*.cpp
                printf '%s\n' "${defines[@]}"
                printf '#include "%s"\n' "$tb"; } > "$dir/all.cpp" \
           && "$cxx" "${cxxflags[@]}" -include "$build/shared/harness.hpp" -I"$dir/model" -I"$here" -I"$root" \
             -I"$include" -I"$include/vltstd" -o "$dir/test" "$dir/all.cpp" "$build"/shared/*.o -lpthread -latomic
         }  > "$dir/build.log" 2>&1; then
      echo "FAILED $module $text: does not build"
      cat "$dir/build.log"
      return 1
    fi
    echo "$key" > "$dir/key"
  fi
  if (cd "$dir" && timeout 300 ./test) > "$dir/run.log" 2>&1; then
    echo "ok     $(tail -n 1 "$dir/run.log")"
  else
    echo "FAILED $module $text"
    cat "$dir/run.log"
    return 1
  fi
}

if [[ ${1:-} == --one ]]; then
  include=$EPIM_VERILATOR_INCLUDE
  one "$2" "$3" "$4"
  exit
fi

[[ $# -ge 2 ]] || usage
mkdir -p "$1/shared"
build=$(cd "$1" && pwd)
pkg=$(cd "$2" && pwd)
shift 2
jobs=$(nproc)
filter=.
while [[ $# -gt 0 ]]; do
  case $1 in
    -j) [[ $# -ge 2 ]] || usage; jobs=$2; shift 2 ;;
    -j*) jobs=${1#-j}; shift ;;
    -*) usage ;;
    *) filter=$1; shift ;;
  esac
done
for file in epim_regs_pkg.sv epim_events_pkg.sv; do
  [[ -f $pkg/$file ]] || { echo "run.sh: $pkg/$file is missing (the generator writes it)"; exit 2; }
done

# Shared by all tests: the Verilator runtime and the precompiled harness.
include=$("$verilator" --getenv VERILATOR_ROOT)/include
export EPIM_VERILATOR_INCLUDE=$include
shared_key=$("$verilator" --version; "$cxx" --version; echo "${cxxflags[*]}"; cat "$here/harness.hpp" "$here/protocol.hpp" | cksum)
if [[ $(cat "$build/shared/key" 2>/dev/null) != "$shared_key" ]]; then
  rm -f "$build"/shared/*
  names=(verilated verilated_threads)
  [[ $coverage == 0 ]] || names+=(verilated_cov)
  for name in "${names[@]}"; do
    "$cxx" "${cxxflags[@]}" -I"$include" -I"$include/vltstd" -O2 -c "$include/$name.cpp" -o "$build/shared/$name.o" &
  done
  cp "$here/harness.hpp" "$here/protocol.hpp" "$build/shared"
  wait
  "$cxx" "${cxxflags[@]}" -I"$include" -I"$include/vltstd" \
    -x c++-header "$build/shared/harness.hpp" -o "$build/shared/harness.hpp.gch"
  echo "$shared_key" > "$build/shared/key"
fi

log=$build/results.txt
grep -Ev '^(#|$)' "$here/modules.txt" | tr -s ' ' | grep -E -- "$filter" \
  | tr '\n' '\0' | xargs -0 -r -P "$jobs" -n 1 "$here/run.sh" --one "$build" "$pkg" | tee "$log" || true
passed=$(grep -c '^ok ' "$log" || true)
failed=$(grep -c '^FAILED ' "$log" || true)
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
