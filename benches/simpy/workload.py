"""The requests of a day, which all strategies of a run share."""

import math

DAY = 86_400.0
MAX_TOKENS = 1_000
# The places of what a request costs.
REQUESTS, TOKENS = 0, 1


class Job:
    __slots__ = "number", "at", "input_tokens", "output_tokens", "costs"

    def __init__(self, number, at, input_tokens, output_tokens):
        self.number, self.at = number, at
        self.input_tokens, self.output_tokens = input_tokens, output_tokens
        # Nobody knows the length of an answer in advance, so the declared cap counts.
        self.costs = 1, input_tokens + MAX_TOKENS


def size(rng, median, sigma, most):
    tokens = round(rng.lognormvariate(math.log(median), sigma))
    return min(max(tokens, 1), most)


def requests(rng, end):
    """Bursts of 130 requests a minute, three minutes long on average, an hour and a quarter apart."""
    jobs, now = [], 0.0
    while now < end:
        burst_ends = now + rng.expovariate(1 / 180)
        now += rng.expovariate(130 / 60)
        while now < burst_ends and now < end:
            input_tokens = size(rng, 1_200, 0.9, 60_000)
            output_tokens = size(rng, 250, 0.8, MAX_TOKENS)
            # Traces have whole milliseconds.
            jobs.append(Job(len(jobs), round(now, 3), input_tokens, output_tokens))
            now += rng.expovariate(130 / 60)
        now = burst_ends + rng.expovariate(1 / 4_500)
    return jobs


def write_trace(path, jobs):
    with open(path, "w") as file:
        print("arrival_ms,input_tokens,output_tokens", file=file)
        for job in jobs:
            print(round(job.at * 1_000), job.input_tokens, job.output_tokens, sep=",", file=file)
