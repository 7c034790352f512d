#!/usr/bin/env bash
# Runs the quickstart as a SimPy script and in `sim`, on one core each, and compares speed and results.
# PYTHON: one that has simpy. SIM: the program. RUNS, REPLICATIONS: runs of a day of either.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
sim=${SIM:-$root/target/release/sim}
runs=${RUNS:-100}
replications=${REPLICATIONS:-2000}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# The scenario up to its first strategy, and the one that the script has.
scenario=$root/sim/scenarios/quickstart.toml
sed '/^\[\[strategy\]\]/,$d' "$scenario" >"$work/day.toml"
cat >>"$work/day.toml" <<'TOML'
[[strategy]]
name = "GCRA, window-safe"
preset = "sdk-default"
[[strategy.limit]]
counts = "requests"
limit = 100
per = "minute"
kind = "gcra"
burst = 20
window_safe = true
TOML

"$python" "$here/quickstart.py" "$runs" 1 >"$work/simpy.json"
# CPU time, since other programs may share the machine.
TIMEFORMAT='%U'
seconds=$({ time "$sim" compare "$work/day.toml" --threads 1 --replications "$replications" --format json >"$work/sim.json"; } 2>&1)
"$python" "$here/agree.py" "$work/simpy.json" "$work/sim.json" "$seconds" "$replications"

echo
echo "Hold model in SimPy (ours: cargo bench -p paceline-benches --bench engine):"
"$python" "$here/hold.py"
