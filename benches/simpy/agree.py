"""Says how fast two programs were, and whether their means differ by more than chance explains.

Arguments: what `quickstart.py` printed, what `sim compare --format json` printed, its seconds of CPU time and replications.
"""

import json
import math
import statistics
import sys

with open(sys.argv[1]) as file:
    peer = json.load(file)
with open(sys.argv[2]) as file:
    ours = json.load(file)
seconds, replications = float(sys.argv[3]), int(sys.argv[4])

strategy = ours["strategies"][0]
means = {
    "arrivals": ours["arrivals"],
    "completed": strategy["completed"],
    "refused": strategy["refused"],
    "failed": strategy["failed"],
    "abandoned": strategy["abandoned"],
}
runs = len(peer["runs"])
rate = sum(run["arrivals"] for run in peer["runs"]) / peer["seconds"]
our_rate = ours["arrivals"] * replications / seconds
print(f"SimPy: {runs} runs in {peer['seconds']:.2f} s of CPU time, {rate:,.0f} requests a second")
print(f"sim:   {replications} runs in {seconds:.2f} s of CPU time, {our_rate:,.0f} requests a second")
print(f"ratio: {our_rate / rate:.0f}")

agree = True
print(f"{'mean of a run':>14} {'SimPy':>10} {'sim':>10} {'differ by':>10} (standard errors)")
for name, mean in means.items():
    values = [run[name] for run in peer["runs"]]
    # Runs of either program vary alike.
    error = statistics.stdev(values) * math.sqrt(1 / runs + 1 / replications)
    apart = (statistics.fmean(values) - mean) / error if error > 0 else 0.0
    agree &= abs(apart) < 4
    print(f"{name:>14} {statistics.fmean(values):>10.1f} {mean:>10.1f} {apart:>10.2f}")
print("they agree" if agree else "they do NOT agree")
sys.exit(0 if agree else 1)
