"""quickstart.toml with all its strategies, one run of a day per seed and strategy.

Arguments: how many runs, and a folder for their requests, as traces that `sim` can replay; none, if absent. Prints a line of JSON: the
seconds of CPU time that all took, the arrivals of each run, and for each strategy its seconds and what became of the requests of each run.
"""

import json
import math
import random
import sys
import time
from pathlib import Path

import simpy
from client import Client
from provider import Provider
from strategies import STRATEGIES
from workload import DAY, requests, write_trace


def arrive(env, jobs, client):
    for job in jobs:
        yield env.timeout(job.at - env.now)
        env.process(client.request(job))


def run(rng, jobs, make_line, backoff):
    """A day under a strategy."""
    env = simpy.Environment()
    client = Client(env, rng, Provider(env, rng), make_line(env), backoff)
    env.process(arrive(env, jobs, client))
    env.run(until=DAY)
    return client


def figures(client):
    latencies = sorted(client.latencies)
    half = latencies[math.ceil(len(latencies) / 2) - 1] if latencies else None
    return client.tally | {"latency_p50_s": half}


def main(runs, folder=None):
    arrivals, strategies = [], {name: {"seconds": 0.0, "runs": []} for name in STRATEGIES}
    seconds = 0.0
    for seed in range(int(runs)):
        start = time.process_time()
        rng = random.Random(seed)
        jobs = requests(rng, DAY)
        arrivals.append(len(jobs))
        for name, (make_line, backoff) in STRATEGIES.items():
            began = time.process_time()
            client = run(rng, jobs, make_line, backoff)
            strategies[name]["runs"].append(figures(client))
            strategies[name]["seconds"] += time.process_time() - began
        seconds += time.process_time() - start
        if folder:
            write_trace(Path(folder, f"{seed}.csv"), jobs)
    print(json.dumps({"seconds": seconds, "arrivals": arrivals, "strategies": strategies}))


if __name__ == "__main__":
    main(*sys.argv[1:])
