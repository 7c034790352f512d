"""The hold model: so many processes, each of which waits for a random time again and again."""

import random
import sys
import time

import simpy


def hold(env, draw):
    while True:
        yield env.timeout(draw())


def measure(pending, events):
    """Nanoseconds of CPU time per event."""
    env = simpy.Environment()
    draw = random.Random(7).random
    for _ in range(pending):
        env.process(hold(env, draw))
    for _ in range(2 * pending):
        env.step()
    start = time.process_time()
    for _ in range(events):
        env.step()
    return (time.process_time() - start) / events * 1e9


if __name__ == "__main__":
    for pending in map(int, sys.argv[1:] or ["1", "1000", "100000"]):
        print(f"{pending:>7} pending: {measure(pending, 300_000):.0f} ns per event")
