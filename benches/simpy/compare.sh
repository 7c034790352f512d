#!/usr/bin/env bash
# Runs the quickstart with all its strategies as a SimPy script and in `sim`, on one core each, and compares speed and results.
# PYTHON: one that has simpy. SIM: the program. RUNS, REPLICATIONS: runs of a day of either.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
sim=${SIM:-$root/target/release/sim}
runs=${RUNS:-60}
replications=${REPLICATIONS:-400}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
scenario=$root/sim/scenarios/quickstart.toml

# CPU time, since other programs may share the machine, and wall clock.
TIMEFORMAT='%U %R'
read -r _ script_took <<<"$({ time "$python" "$here/quickstart.py" "$runs" "$work" >"$work/simpy.json"; } 2>&1)"
compare=("$sim" compare "$scenario" --format json)
on_all=("${compare[@]}" --replications "$replications")
read -r seconds _ <<<"$({ time "${on_all[@]}" --threads 1 >"$work/sim.json"; } 2>&1)"
read -r _ sim_took <<<"$({ time "${on_all[@]}" >/dev/null; } 2>&1)"

# The days of the script, which are as uneven as those of `sim`, so that both on the same days tell more.
for day in $(seq 0 $((runs - 1))); do
    "${compare[@]}" --trace "$work/$day.csv" --seed "$day" --replications 2 >"$work/$day.json"
done
status=0
"$python" "$here/agree.py" "$work/simpy.json" "$work/sim.json" "$seconds" "$work" || status=$?

echo
echo "Wall clock, where a process of Python has one core:"
echo "SimPy: $runs runs in $script_took s on one core"
echo "sim:   $replications runs in $sim_took s on all $(nproc)"
echo
echo "Hold model in SimPy (ours: cargo bench -p paceline-benches --bench engine):"
"$python" "$here/hold.py"
exit "$status"
