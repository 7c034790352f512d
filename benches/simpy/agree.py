"""Says how fast two programs were, and whether their means differ by more than chance explains.

Arguments: what `quickstart.py` printed, what `sim compare --format json` printed, its seconds of CPU time, and a folder in which N.json
is what it printed of day N of the script. Exits with 1 where a mean differs by four standard errors or more, or where the programs have
different strategies.
"""

import json
import math
import statistics
import sys
from pathlib import Path

FIGURES = ["completed", "refused", "failed", "abandoned", "latency_p50_s"]
LATENCY = "latency_p50_s"


def read(path):
    with open(path) as file:
        return json.load(file)


def mean_and_error(values):
    return statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))


def in_errors(distance, error, slack):
    """A distance in standard errors, beyond what is left open by rounding."""
    # Zero has no sign.
    beyond = math.copysign(max(abs(distance) - slack, 0.0), distance) + 0.0
    if error > 0:
        return beyond / error
    return math.copysign(math.inf, beyond) if beyond else 0.0


def arrivals(peer, ours):
    mean, error = mean_and_error(peer["arrivals"])
    # Ours has no interval for it, but days of both are as uneven.
    both = error * math.sqrt(1 + len(peer["arrivals"]) / ours["replications"])
    return mean, ours["arrivals"], in_errors(ours["arrivals"] - mean, both, 0.0)


def figure(peer, ours, replayed, name, figure):
    """The means of the script, of ours on other days and on the same days, and how far they are apart."""
    values = [run[figure] for run in peer["strategies"][name]["runs"]]
    mean, error = mean_and_error(values)
    of = {strategy["strategy"]: strategy for strategy in ours["strategies"]}[name]
    # Half the width of an interval, in standard errors. With hundreds of runs, means are as good as normal.
    width = statistics.NormalDist().inv_cdf((1 + ours["confidence"]) / 2)
    error_of_ours = of[f"{figure}_ci95"] / width
    # Ours keeps latencies to three digits.
    slack = ours["latency_relative_error"] * mean if figure == LATENCY else 0.0
    other_days = in_errors(of[figure] - mean, math.hypot(error, error_of_ours), slack)

    again = [day[name][figure] for day in replayed]
    difference, error = mean_and_error([our - value for our, value in zip(again, values, strict=True)])
    same_days = in_errors(difference, error, slack)
    return mean, of[figure], other_days, statistics.fmean(again), same_days


def speed(peer, ours, seconds):
    strategies = len(peer["strategies"])
    runs, replications = len(peer["arrivals"]), ours["replications"]
    rate = sum(peer["arrivals"]) * strategies / peer["seconds"]
    our_rate = ours["arrivals"] * replications * strategies / seconds
    print(f"{strategies} strategies, requests x strategies per second of CPU time:")
    print(f"SimPy: {runs} runs in {peer['seconds']:.2f} s, {rate:,.0f} a second")
    print(f"sim:   {replications} runs in {seconds:.2f} s, {our_rate:,.0f} a second")
    print(f"ratio: {our_rate / rate:.1f}")
    print("SimPy by strategy:")
    for name, strategy in peer["strategies"].items():
        print(f"  {name:36}{sum(peer['arrivals']) / strategy['seconds']:9,.0f} a second")


def agree(peer, ours, replayed):
    print("Means of a run, and how many standard errors they are apart, on days of its own and on the same days:")
    print(f"{'':36}{'':14}{'SimPy':>11}{'sim, own':>11}{'apart':>7}{'sim, same':>11}{'apart':>7}")
    mean, of_ours, other_days = arrivals(peer, ours)
    print(f"{'all':36}{'arrivals':14}{mean:11.2f}{of_ours:11.2f}{other_days:7.2f}")
    worst = abs(other_days)
    for name in peer["strategies"]:
        for what in FIGURES:
            mean, of_ours, other_days, again, same_days = figure(peer, ours, replayed, name, what)
            off = max(abs(other_days), abs(same_days))
            worst = max(worst, off)
            numbers = f"{mean:11.2f}{of_ours:11.2f}{other_days:7.2f}{again:11.2f}{same_days:7.2f}"
            print(f"{name:36}{what:14}{numbers}{'' if off < 4 else '  DIFFERS'}")
    print("they agree" if worst < 4 else "they do NOT agree")
    return worst < 4


def main(peer, ours, seconds, folder):
    peer, ours = read(peer), read(ours)
    names = [strategy["strategy"] for strategy in ours["strategies"]]
    if names != list(peer["strategies"]):
        print(f"they have different strategies: {names} and {list(peer['strategies'])}")
        return False
    days = [read(Path(folder, f"{day}.json")) for day in range(len(peer["arrivals"]))]
    if [day["arrivals"] for day in days] != peer["arrivals"]:
        print("their days have different requests")
        return False
    replayed = [{strategy["strategy"]: strategy for strategy in day["strategies"]} for day in days]
    speed(peer, ours, float(seconds))
    print()
    return agree(peer, ours, replayed)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
