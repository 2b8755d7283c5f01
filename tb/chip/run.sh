#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
# Networks as one chip: generated folders, the portable subset, Icarus, and whole test sets in Verilator.
#
#   run.sh EPIM WORK_DIR
#
# Every run of `epim sim --top network` compares output bits, handshakes of both ports and the level of every FIFO in
# every cycle with the golden model. One line per check; the last line is "N passed, M failed".
# Environment: EPIM_SEED (seed of the stalls, default: random, printed).
set -u
[[ $# == 2 ]] || { sed -n '4,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
epim=$(realpath "$1")
mkdir -p "$2"
work=$(cd "$2" && pwd)
seed=${EPIM_SEED:-$RANDOM}
passed=0 failed=0
export EPIM_CACHE=${EPIM_CACHE:-$root/build/models}

# expect NAME CODE PATTERN COMMAND...: exit code and a pattern in the output of both streams; PATTERN "-": no output.
expect() {
  local name=$1 code=$2 pattern=$3 got
  shift 3
  "$@" > "$work/log" 2>&1
  got=$?
  if [[ $got == "$code" ]] && { [[ $pattern == - && ! -s $work/log ]] || { [[ $pattern != - ]] && grep -qE -- "$pattern" "$work/log"; }; }; then
    passed=$((passed + 1))
    echo "ok     $name"
  else
    failed=$((failed + 1))
    echo "FAILED $name: exit code $got, expected $code and /$pattern/: $*"
    tail -n 15 "$work/log" | sed 's/^/    /'
  fi
}
# smallest FIFO: its depth, from the JSON of `epim gen` on stdin.
smallest() { grep -A1 "\"$1\"" | sed -n 's/.*"depth": \([0-9]*\).*/\1/p'; }
chip() { "$epim" sim --top network --config "$root/configs/$1.toml" "${@:2}"; }

# Every block of a chip, odd widths; full and smallest FIFOs, with and without stalls.
expect "mix, all images" 0 'every output, its cycle' chip mix
expect "mix, stalls, seed $seed" 0 'identical outputs   12 of 12' chip mix --stalls 40 --seed "$seed"
expect "mix, smallest FIFOs" 0 'identical outputs   12 of 12' chip mix --fifo-depths smallest
expect "mix, smallest FIFOs, stalls, seed $((seed + 1))" 0 'identical outputs   12 of 12' \
  chip mix --fifo-depths smallest --stalls 60 --seed "$((seed + 1))"

# One entry less than the analysis asks for: the chip must stop, and the check must say where.
least=$("$epim" gen --top network --config "$root/configs/mix.toml" --fifo-depths smallest --out "$work/smallest" --json | smallest stem.skip)
expect "mix, FIFO stem.skip of $((least - 1)) instead of $least words deadlocks" 1 "no word moved .*full: .*stem.skip \($((least - 1))\)" \
  chip mix --fifo-depths smallest --fifo "stem.skip=$((least - 1))"

# Every block that requantises: formats per map, sums of three, concatenations, tables, pools with edges.
features() { "$epim" "$1" --top network --config "$root/tb/chip/features.toml" "${@:2}"; }
expect "features, 12 images" 0 'identical outputs   12 of 12' features sim --images 12
expect "features, stalls, seed $seed" 0 'identical outputs   12 of 12' features sim --images 12 --stalls 40 --seed "$seed"
expect "features, smallest FIFOs, stalls, seed $seed" 0 'identical outputs   8 of 8' \
  features sim --images 8 --fifo-depths smallest --stalls 40 --seed "$seed"
for fifo in low.again wide.sum stem.point; do
  least=$(features gen --fifo-depths smallest --out "$work/join" --json | smallest "$fifo")
  expect "features, FIFO $fifo of $((least - 1)) instead of $least words deadlocks" 1 "no word moved .*full: .*$fifo \($((least - 1))\)" \
    features sim --images 2 --fifo-depths smallest --fifo "$fifo=$((least - 1))"
done

# The same for FIFOs of the other kinds: into a table, a requantiser, a pool, copies of a core.
bypass() { "$epim" "$1" --top network --config "$root/tb/chip/bypass.toml" --fifo-depths smallest "${@:2}"; }
expect "bypass, smallest FIFOs, stalls, seed $seed" 0 'identical outputs   8 of 8' bypass sim --images 8 --stalls 40 --seed "$seed"
bypass gen --out "$work/bypass" --json > "$work/bypass.json"
for fifo in x.t s.r s.p v.m@0 v.m@1; do
  least=$(smallest "$fifo" < "$work/bypass.json")
  expect "bypass, FIFO $fifo of $((least - 1)) instead of $least words deadlocks" 1 "no word moved .*full: .*$fifo \($((least - 1))\)" \
    bypass sim --images 2 --model joined --fifo "$fifo=$((least - 1))"
done

# Copies of cores and pools that share the rows of a map, and their mergers.
copies() { "$epim" "$1" --top network --config "$root/tb/chip/copies.toml" "${@:2}"; }
expect "copies, 12 images" 0 'identical outputs   12 of 12' copies sim --images 12
expect "copies, stalls, seed $seed" 0 'identical outputs   12 of 12' copies sim --images 12 --stalls 40 --seed "$seed"
expect "copies, smallest FIFOs, stalls, seed $((seed + 1))" 0 'identical outputs   8 of 8' \
  copies sim --images 8 --fifo-depths smallest --stalls 60 --seed "$((seed + 1))"
least=$(copies gen --fifo-depths smallest --out "$work/copies_smallest" --json | smallest a.s)
expect "copies, FIFO a.s of $((least - 1)) instead of $least words deadlocks" 1 "no word moved .*full: .*a.s \($((least - 1))\)" \
  copies sim --images 2 --fifo-depths smallest --fifo "a.s=$((least - 1))"
rm -rf "$work/copies_dump" "$work/copies_waves"
expect "copies: a dump and a waveform" 0 'identical outputs   3 of 3' \
  copies sim --images 3 --dump "$work/copies_dump" --trace "$work/copies_waves/w.fst" --window 700:800
expect "copies: the dump holds what was simulated" 0 "3 images, 6 beats, 9 maps, 13 cores" /usr/bin/python3 "$root/tb/chip/check_dump.py" "$work/copies_dump"
expect "copies: the waveform is there" 0 - test -s "$work/copies_waves/w.fst"
expect "copies: its save file shows every block" 0 '^TOP.copies_chip_observed.b_c_4_valid$' cat "$work/copies_waves/w.gtkw"
expect "copies: a waveform of pieces" 2 'joined-trace' copies sim --model joined --trace "$work/copies_waves/w.fst"
expect "copies: gen" 0 'top module copies_chip' copies gen --set hardware.storage=ram --out "$work/copies"
expect "copies: its resolved text says how many" 0 '^# c: 5 copies$' cat "$work/copies/resolved.toml"
expect "copies: check the folder" 0 'files as generated' "$epim" check "$work/copies" --config "$root/tb/chip/copies.toml" --set hardware.storage=ram

# Programs through the load port: when they are in, damage, reload between images, hold, stop, misuse.
loaded() { "$epim" "$1" --top network --config "$root/tb/chip/loaded.toml" "${@:2}"; }
expect "loaded: load port and control, seed $seed" 0 '^[0-9]+ passed, 0 failed' "$epim" verify --chip "$root/tb/chip/loaded.toml" --random-seed "$seed"
expect "loaded, stalls, seed $seed" 0 'program +1648 words in 1648 cycles, as predicted; pixels from cycle 1658 on \(predicted 1658\)' \
  loaded sim --images 3 --stalls 40 --seed "$seed"
expect "loaded: gen" 0 'program: 1648 words' loaded gen --set hardware.storage=flat --out "$work/loaded"
expect "loaded: check the folder" 0 'files as generated' "$epim" check "$work/loaded" --config "$root/tb/chip/loaded.toml" --set hardware.storage=flat
expect "loaded: gen with cells in RAMs" 0 'program: 1648 words' loaded gen --out "$work/loaded_ram"
expect "loaded: no second program" 2 'chip-program-banks' loaded gen --set hardware.program_banks=2 --out "$work/banks"
expect "digits, its program through the load port" 0 'identical outputs   2 of 2' chip digits --images 2 --set hardware.load_stream=true
# Joined, the cores as models of their own, beside the flat chip: outputs, beats, levels and words; everything before the times.
same() {  # NAME CONFIG OPTIONS...
  local kind kinds="flat joined together"
  [[ $2 != */loaded.toml ]] || kinds="flat together"
  for kind in $kinds; do
    "$epim" sim --top network --config "$root/$2" "${@:3}" --no-events --model "$kind" --json 2> "$work/$kind.log" | sed '/"simulation_seconds"/,$d' > "$work/$kind.json"
  done
  [[ $kinds != *joined* ]] || expect "$1: joined" 0 - diff "$work/flat.json" "$work/joined.json"
  expect "$1: joined, in step" 0 - diff "$work/flat.json" "$work/together.json"
  expect "$1: they ended" 0 '"beats": "[0-9a-f]{16}"' cat "$work/flat.json"
}
same "features" tb/chip/features.toml --images 6
same "features, stalls, seed $seed" tb/chip/features.toml --images 6 --stalls 40 --seed "$seed"
same "copies, smallest FIFOs, stalls, seed $seed" tb/chip/copies.toml --images 6 --fifo-depths smallest --stalls 40 --seed "$seed"
same "loaded" tb/chip/loaded.toml --images 6
same "loaded, stalls, cells flat, seed $seed" tb/chip/loaded.toml --images 6 --set hardware.storage=flat --stalls 40 --seed "$seed"
expect "loaded: no cores apart" 2 'joined-loaded' loaded sim --model joined
same "digits_residual" configs/digits_residual.toml --images 12
same "digits_pool" configs/digits_pool.toml --images 2
joined() { "$epim" sim --top network --config "$root/tb/chip/copies.toml" --images 6 --model joined "$@"; }
rm -rf "$work/results"
expect "joined, its results kept" 0 'every output, its cycle' joined --results "$work/results"
echo '{' > "$work/results/000-$(cd "$work/results" && ls | sed -n '1s/^000-//p')"
expect "joined, all but a damaged result taken" 0 "; $(($(ls "$work/results" | wc -l) - 1)) cores from $work/results" joined --results "$work/results"
expect "joined, other stalls: no result fits" 1 - bash -c "\"\$@\" | grep ' cores from '" _ \
  "$epim" sim --top network --config "$root/tb/chip/copies.toml" --images 6 --model joined --stalls 40 --seed "$seed" --results "$work/results"
expect "joined, a FIFO too small" 1 'no word moved .*full: .*a.s' joined --fifo-depths smallest --fifo "a.s=$((least - 1))"

# The shipped networks; the whole test set through the residual one, at the rate of its slowest block.
expect "digits, 12 images" 0 'identical outputs   12 of 12' chip digits --images 12
expect "digits_residual, whole test set" 0 'identical outputs   360 of 360' chip digits_residual --no-events
cp "$work/log" "$work/residual.log"
rate='throughput +([0-9.]+) cycles per image \(predicted \1\); slowest block alone: [a-z0-9]+, \1'
expect "digits_residual runs at the rate of its slowest block" 0 "$rate" cat "$work/residual.log"
expect "digits_residual, stalls, seed $seed" 0 'identical outputs   40 of 40' chip digits_residual --images 40 --stalls 30 --seed "$seed"

# What the estimate says before there is RTL, against the counters of the RTL: cycles, FIFOs, every event of every core, energy.
costs() {
  "$epim" estimate --top network --config "$1" --stepped --exact --images "$2" --json > "$work/estimate.json" &&
    "$epim" sim --top network --config "$1" --images "$2" --json > "$work/sim.json" 2> "$work/sim.err" && python3 "$root/tb/chip/costs.py" "$work/estimate.json" "$work/sim.json"
}
expect "copies: the estimate is what was simulated" 0 '13 cores: .* as simulated' costs "$root/tb/chip/copies.toml" 6
expect "digits: the estimate is what was simulated" 0 '5 cores: .* as simulated' costs "$root/configs/digits.toml" 6
expect "digits_residual: the estimate is what was simulated" 0 '6 cores: .* as simulated' costs "$root/configs/digits_residual.toml" 6
sed -i 's/"adc_conversions": \([0-9]*\)/"adc_conversions": 1\1/' "$work/sim.json"
expect "a changed counter is found" 1 'adc_conversions: [0-9]+ estimated' python3 "$root/tb/chip/costs.py" "$work/estimate.json" "$work/sim.json"
expect "an estimate without weights, in the text" 0 'interval +2048.0 cycles per image.*conv2a' "$epim" estimate --top network --config "$root/configs/digits_residual.toml" --mnsim

# A network without weights: seeded, as `epim run` does it; and digits from integers, with labels.
seeded() { "$epim" "$1" --top network --config "$root/tb/chip/seeded.toml" "${@:2}"; }
expect "no weights, stalls, seed $seed" 0 'identical outputs   3 of 3' seeded sim --images 3 --stalls 30 --seed "$seed"
expect "no weights, signed cores" 0 'identical outputs   3 of 3' \
  seeded sim --images 3 --set hardware.act_signed=true --set hardware.act_bits=5
expect "no weights, generated" 0 'top module seeded_chip' seeded gen --out "$work/seeded"
expect "no weights, in Icarus" 0 'PASS 2 images' bash -c "cd '$work/seeded' && iverilog -g2012 -s seeded_chip_tb -o chip.vvp -f epim.f tb/seeded_chip_tb.sv && vvp -n chip.vvp"
expect "its resolved text says every core" 0 '^# f 4 1 36 [0-9]+ 8$' cat "$work/seeded/resolved.toml"
expect "its resolved text claims no array for all" 0 '^pe_rows = "auto"$' cat "$work/seeded/resolved.toml"
expect "integers of digits" 0 'integers:' "$epim" quantize --config "$root/configs/digits.toml" --out "$work/digits.npz"
expect "digits from integers, with labels" 0 'accuracy +float not known +golden' \
  chip digits --images 3 --set "network.integers=$work/digits.npz"

# Layers that read a weight pool; their crossbars counted both ways.
pools() { "$epim" "$1" --top network --config "$root/tb/chip/pools.toml" "${@:2}"; }
expect "pools, 3 images" 0 'identical outputs   3 of 3' pools sim --images 3
expect "pools, stalls, seed $seed" 0 'identical outputs   3 of 3' pools sim --images 3 --stalls 40 --seed "$seed"
expect "pools, cells in ROMs, generated" 0 'top module pools_chip' pools gen --set hardware.storage=ram --out "$work/pools_ram"
expect "pools, crossbars with a pool in every core and with one" 0 'in each of the 2 cores that read it; 20 crossbars with one pool' pools gen --out "$work/pools"
sed 's/"kept_first": 1}/&, "copies": 2/' "$root/tb/chip/pools.json" > "$work/pools.json"
cp "$root/tb/chip/pools.toml" "$work/pools.toml"
expect "pools, two cores share the rows of a layer" 0 'identical outputs   3 of 3' \
  "$epim" sim --top network --config "$work/pools.toml" --images 3 --stalls 30 --seed "$seed"
expect "pools: check the folder" 0 'files as generated' "$epim" check "$work/pools" --config "$root/tb/chip/pools.toml"
expect "digits_pool, 2 images, stalls, seed $seed" 0 'identical outputs   2 of 2' chip digits_pool --images 2 --stalls 30 --seed "$seed"

# Folders: the same bytes every time, whole, and of this configuration.
gen() { "$epim" gen --top network --config "$root/configs/mix.toml" "$@"; }
expect "gen mix" 0 'top module mix_chip' gen --out "$work/mix"
expect "gen mix again" 0 'top module mix_chip' gen --out "$work/again"
expect "the same bytes" 0 - diff -r "$work/mix" "$work/again"
expect "check the folder" 0 'files as generated' "$epim" check "$work/mix" --config "$root/configs/mix.toml"
expect "check: FIFO depths of the folder" 0 'files as generated' "$epim" check "$work/smallest" --config "$root/configs/mix.toml"
expect "check: another configuration" 2 'wrong-register-image' "$epim" check "$work/mix" --config "$root/configs/mix.toml" --set hardware.weight_bits=5
expect "gen mix, cells in ROMs" 0 'top module mix_chip' gen --set hardware.storage=ram --out "$work/ram"

expect "gen features" 0 'top module features_chip' features gen --out "$work/features"
expect "gen features, cells in ROMs" 0 'top module features_chip' features gen --set hardware.storage=ram --out "$work/features_ram"
expect "features: check the folder" 0 'files as generated' "$epim" check "$work/features" --config "$root/tb/chip/features.toml"

# The portable subset, and a four-state run of the folder's own testbench.
for folder in mix ram copies features features_ram; do
  top=mix_chip
  [[ $folder != features* ]] || top=features_chip
  [[ $folder != copies ]] || top=copies_chip
  cd "$work/$folder" || exit 4
  mapfile -t files < <(grep -v '^//' epim.f)
  expect "$folder: verilator -Wall" 0 - verilator --lint-only -Wall --top-module "$top" "${files[@]}"
  expect "$folder: icarus -Wall" 0 - iverilog -g2012 -Wall -s "${top}_tb" -o "$work/$folder.vvp" "${files[@]}" "tb/${top}_tb.sv"
done
# Elaborated whole; `proc; check` of cores: "ram" below, of everything else: three lines on.
expect "features_ram: yosys" 0 - yosys -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top features_chip"
expect "features_ram: Icarus, stalls, seed $seed" 0 '^PASS 1 images' vvp -n "$work/features_ram.vvp" +stalls=30 "+seed=$seed" +images=1
# What Yosys reads is what was written: everything but the cores, as it reads it, played by the chip's own testbench. The
# cores are black boxes there (their netlists: tb/netlist); Icarus takes them, and what only they use, from their sources: with
# flat cells, which play ten times as fast.
cd "$work/features" || exit 4
mapfile -t files < <(grep -v '^//' epim.f)
packages="rtl/epim_pkg.sv rtl/epim_regs_pkg.sv rtl/epim_events_pkg.sv"
blocks=$(printf '%s\n' "${files[@]}" | grep -v -e '_pkg\.sv' -e 'epim_core\.sv' | tr '\n' ' ')
mapfile -t sources < <(printf '%s\n' "${files[@]}" | sed '/epim_core\.sv/q' | grep -v epim_reset_sync)
expect "features: as Yosys reads it" 0 - yosys -q -p "read_verilog -sv $packages; read_verilog -sv -lib rtl/epim_core.sv; \
  read_verilog -sv $blocks; hierarchy -check -top features_chip; proc; check -assert; opt_clean; write_verilog -noattr $work/features_read.v"
# Yosys 0.23 writes an empty text as a repetition of no bits, which Icarus refuses.
sed -i "s/({0{1'b0}})/(\"\")/" "$work/features_read.v"
expect "features: that in Icarus" 0 - iverilog -g2012 -s features_chip_tb -o "$work/features_read.vvp" \
  "${sources[@]}" "$work/features_read.v" tb/features_chip_tb.sv
expect "features: that plays" 0 '^PASS 1 images' vvp -n "$work/features_read.vvp" +stalls=30 "+seed=$seed" +images=1
cd "$work/copies" || exit 4
mapfile -t files < <(grep -v '^//' epim.f)
expect "copies: yosys" 0 - yosys -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top copies_chip"
expect "copies: Icarus, stalls, seed $seed" 0 '^PASS 2 images' vvp -n "$work/copies.vvp" +stalls=30 "+seed=$seed"
for folder in loaded loaded_ram; do
  cd "$work/$folder" || exit 4
  mapfile -t files < <(grep -v '^//' epim.f)
  expect "$folder: verilator -Wall" 0 - verilator --lint-only -Wall --top-module loaded_chip "${files[@]}"
  expect "$folder: icarus -Wall" 0 - iverilog -g2012 -Wall -s loaded_chip_tb -o "$work/$folder.vvp" "${files[@]}" tb/loaded_chip_tb.sv
done
expect "loaded_ram: yosys" 0 - yosys -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top loaded_chip; proc; check -assert"
# Cells in RAMs play twenty times slower.
cd "$work/loaded" || exit 4
expect "loaded: Icarus, programs and an image, stalls, seed $seed" 0 '^PASS 1 images' vvp -n "$work/loaded.vvp" +stalls=30 "+seed=$seed" +images=1
cd "$work/features" || exit 4
expect "features: Icarus" 0 '^PASS 2 images' vvp -n "$work/features.vvp"
cd "$work/ram" || exit 4
mapfile -t files < <(grep -v '^//' epim.f)
expect "ram: yosys" 0 - yosys -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top mix_chip; proc; check -assert"
expect "ram: Icarus, stalls, seed $seed" 0 '^PASS 2 images' vvp -n "$work/ram.vvp" +stalls=30 "+seed=$seed"
# The chip with weight pools whole, its cores too, as Yosys reads it.
cd "$work/pools_ram" || exit 4
mapfile -t files < <(grep -v '^//' epim.f)
expect "pools_ram: verilator -Wall" 0 - verilator --lint-only -Wall --top-module pools_chip "${files[@]}"
expect "pools_ram: as Yosys reads it" 0 - yosys -q -p "read_verilog -sv ${files[*]}; hierarchy -check -top pools_chip; proc; check -assert; \
  opt_clean; write_verilog -noattr $work/pools_read.v"
sed -i "s/({0{1'b0}})/(\"\")/" "$work/pools_read.v"
expect "pools_ram: that in Icarus" 0 - iverilog -g2012 -s pools_chip_tb -o "$work/pools_read.vvp" "$work/pools_read.v" tb/pools_chip_tb.sv
expect "pools_ram: that plays" 0 '^PASS 1 images' vvp -n "$work/pools_read.vvp" +stalls=30 "+seed=$seed" +images=1
cd "$work/mix" || exit 4
expect "mix: Icarus" 0 '^PASS 2 images' vvp -n "$work/mix.vvp"

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
