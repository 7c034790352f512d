"""Limits on requests and tokens, as a provider enforces them or a client keeps them.

Each says how long to wait until a job conforms, and charges it.
"""

from collections import deque

from workload import DAY, REQUESTS, TOKENS

# A clock in floating point is exact to this.
NOW = 1e-9


class Bucket:
    """So many cells a minute and so many at once, full at first: a token bucket, or a GCRA, which admits the same."""

    def __init__(self, per_minute, counts=REQUESTS, burst=None):
        self.rate, self.counts = per_minute / 60.0, counts
        self.burst = self.level = float(burst or per_minute)
        self.at = 0.0

    def wait(self, now, job):
        level = min(self.burst, self.level + (now - self.at) * self.rate)
        return (job.costs[self.counts] - level) / self.rate

    def charge(self, now, job):
        level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.level, self.at = level - job.costs[self.counts], now


class Day:
    """So many requests a day, which ends at midnight."""

    def __init__(self, limit):
        self.limit, self.used, self.day = limit, 0, 0

    def wait(self, now, job):
        day = now // DAY
        if day != self.day:
            self.day, self.used = day, 0
        return 0.0 if self.used < self.limit else (day + 1) * DAY - now

    def charge(self, now, job):
        self.used += 1


class Log:
    """A list of timestamps: so many requests in any minute."""

    def __init__(self, limit):
        # What has left the window is pushed out by what enters.
        self.times = deque([float("-inf")] * limit, maxlen=limit)

    def wait(self, now, job):
        return self.times[0] + 60.0 - now

    def charge(self, now, job):
        self.times.append(now)


def wait(limits, now, job):
    """How long until all of them admit a job; no longer than `NOW`, if they do."""
    longest = 0.0
    for limit in limits:
        if (needed := limit.wait(now, job)) > longest:
            longest = needed
    return longest


def charge(limits, now, job):
    for limit in limits:
        limit.charge(now, job)


def tier():
    """100 requests and 200,000 tokens a minute, 5,000 requests a day."""
    return [Bucket(100), Bucket(200_000, TOKENS), Day(5_000)]
