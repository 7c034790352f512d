"""quickstart.toml with the strategy "GCRA, window-safe", one run per day and seed.

Prints a line of JSON: arrivals, completed, refused and abandoned of each run, and the seconds of CPU time that all took.
"""

import heapq
import json
import math
import random
import sys
import time

import simpy

DAY = 86_400.0
MAX_TOKENS = 1_000


class Bucket:
    """A token bucket of so many cells a minute, full at first."""

    def __init__(self, per_minute):
        self.limit = self.level = float(per_minute)
        self.rate = per_minute / 60.0
        self.at = 0.0

    def wait(self, now, cost):
        level = min(self.limit, self.level + (now - self.at) * self.rate)
        return max(0.0, (cost - level) / self.rate)

    def charge(self, now, cost):
        level = min(self.limit, self.level + (now - self.at) * self.rate)
        self.level, self.at = level - cost, now


class Day:
    """A limit per day that ends at midnight."""

    def __init__(self, limit):
        self.limit, self.used, self.day = limit, 0, 0

    def wait(self, now):
        day = int(now // DAY)
        if day != self.day:
            self.day, self.used = day, 0
        return 0.0 if self.used < self.limit else (day + 1) * DAY - now


class Provider:
    """100 requests and 200,000 tokens a minute, 5,000 requests a day."""

    def __init__(self, env, rng):
        self.env, self.rng = env, rng
        self.requests, self.tokens, self.day = Bucket(100), Bucket(200_000), Day(5_000)

    def call(self, job):
        """Takes the time of the response; says what it is, and whether and when to come back."""
        now, cost = self.env.now, job.input_tokens + MAX_TOKENS
        waits = self.requests.wait(now, 1), self.tokens.wait(now, cost), self.day.wait(now)
        if max(waits) > 1e-9:
            yield self.env.timeout(0.05)
            hint = float(math.ceil(max(waits) - 1e-9))
            # Who reads a short wait for a quota of a day does not believe it.
            by_day = waits[2] >= max(waits)
            return "refused", None if by_day and hint < 300 else hint
        self.requests.charge(now, 1)
        self.tokens.charge(now, cost)
        self.day.used += 1
        if self.rng.random() < 0.002:
            yield self.env.timeout(0.05)
            return "failed", None
        first_token = self.rng.lognormvariate(math.log(0.6), 0.5)
        yield self.env.timeout(first_token + 0.012 * job.output_tokens)
        return "ok", None


class Job:
    def __init__(self, number, rng):
        self.number = number
        size = lambda median, sigma: round(rng.lognormvariate(math.log(median), sigma))
        self.input_tokens = min(max(size(1_200, 0.9), 1), 60_000)
        self.output_tokens = min(max(size(250, 0.8), 1), MAX_TOKENS)


class Client:
    """A line in front of a GCRA: 81 a minute and 20 at once, so never more than 100 in a minute."""

    INTERVAL, BURST = 60.0 / 81, 20

    def __init__(self, env, rng, provider, tally):
        self.env, self.rng, self.provider, self.tally = env, rng, provider, tally
        self.line, self.joined, self.tat = [], env.event(), 0.0
        env.process(self.serve())

    def join(self, job, turn):
        """A retry keeps the place of its request."""
        heapq.heappush(self.line, (job.number, turn))
        if not self.joined.triggered:
            self.joined.succeed()

    def serve(self):
        tolerance = (self.BURST - 1) * self.INTERVAL
        while True:
            if not self.line:
                self.joined = self.env.event()
                yield self.joined
            wait = self.tat - tolerance - self.env.now
            if wait > 0:
                yield self.env.timeout(wait)
            _, turn = heapq.heappop(self.line)
            self.tat = max(self.tat, self.env.now) + self.INTERVAL
            turn.succeed()

    def request(self, job):
        """The retries of the SDKs of OpenAI and Anthropic."""
        failures = {"refused": 0, "failed": 0}
        while True:
            turn = self.env.event()
            self.join(job, turn)
            yield turn
            outcome, hint = yield from self.provider.call(job)
            if outcome == "ok":
                self.tally["completed"] += 1
                return
            self.tally[outcome] += 1
            failures[outcome] += 1
            if failures[outcome] > 2 or (hint is not None and hint > 120):
                self.tally["abandoned"] += 1
                return
            delay = min(0.5 * 2 ** (sum(failures.values()) - 1), 8.0)
            delay *= 1.0 - 0.25 * self.rng.random()
            yield self.env.timeout(delay if hint is None else hint)


def arrivals(env, rng, client, tally):
    """Bursts of 130 requests a minute, three minutes long, an hour and a quarter apart."""
    while True:
        ends = env.now + rng.expovariate(1 / 180)
        while True:
            gap = rng.expovariate(130 / 60)
            if env.now + gap > ends:
                break
            yield env.timeout(gap)
            env.process(client.request(Job(tally["arrivals"], rng)))
            tally["arrivals"] += 1
        yield env.timeout(ends - env.now + rng.expovariate(1 / 4_500))


def run(seed, days):
    rng = random.Random(seed)
    env = simpy.Environment()
    tally = dict.fromkeys(["arrivals", "completed", "refused", "failed", "abandoned"], 0)
    client = Client(env, rng, Provider(env, rng), tally)
    env.process(arrivals(env, rng, client, tally))
    env.run(until=days * DAY)
    return tally


if __name__ == "__main__":
    runs, days = int(sys.argv[1]), float(sys.argv[2])
    start = time.process_time()
    tallies = [run(seed, days) for seed in range(runs)]
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "runs": tallies}))
