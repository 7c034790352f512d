"""What a client does with a request: when it sends it, and when it tries again."""

import heapq

import simpy
from limits import NOW, charge, wait
from provider import FAILED, OK, REFUSED


class AtOnce:
    """Nobody waits."""

    def turn(self, job):
        return ()

    def leave(self):
        pass


class Herd:
    """Everybody sleeps until the limit admits one, and asks again."""

    def __init__(self, env, limit):
        self.env, self.limit = env, limit

    def turn(self, job):
        env, limit = self.env, self.limit
        while (sleep := limit.wait(env.now, job)) > NOW:
            yield env.timeout(sleep)
        limit.charge(env.now, job)

    def leave(self):
        pass


class Line:
    """A line in front of limits and permits. The oldest goes first, and a retry keeps the place of its request."""

    def __init__(self, env, limits, permits=float("inf")):
        self.env, self.limits, self.permits = env, limits, permits
        self.line, self.server, self.freed = [], None, None

    def turn(self, job):
        if not self.line and self.permits and wait(self.limits, self.env.now, job) <= NOW:
            self.enter(job)
            return
        turn = self.env.event()
        heapq.heappush(self.line, (job.number, job, turn))
        if self.server is None:
            self.server = self.env.process(self.serve())
        elif self.line[0][2] is turn:
            # The server sleeps for somebody else.
            self.server.interrupt()
        yield turn

    def enter(self, job):
        charge(self.limits, self.env.now, job)
        self.permits -= 1

    def leave(self):
        self.permits += 1
        if self.freed is not None:
            self.freed.succeed()
            self.freed = None

    def serve(self):
        """Lets those in line enter, until there is nobody."""
        while self.line:
            _, job, turn = self.line[0]
            try:
                if not self.permits:
                    self.freed = self.env.event()
                    yield self.freed
                elif (sleep := wait(self.limits, self.env.now, job)) > NOW:
                    yield self.env.timeout(sleep)
                else:
                    heapq.heappop(self.line)
                    self.enter(job)
                    turn.succeed()
            except simpy.Interrupt:
                pass
        self.server = None


class Backoff:
    """So many retries after refusals and as many after faults, with delays that double."""

    def __init__(self, retries, first, most, spread=lambda delay, rng: delay, hears=True, longest_hint=float("inf")):
        self.retries, self.first, self.most, self.spread = retries, first, most, spread
        self.hears, self.longest_hint = hears, longest_hint

    def delay(self, refusals, faults, outcome, hint, rng):
        """How long to wait; `None` if the request is given up."""
        if (refusals if outcome == REFUSED else faults) > self.retries:
            return None
        if self.hears and hint is not None:
            return hint if hint <= self.longest_hint else None
        delay = min(self.first * 2 ** (refusals + faults - 1), self.most)
        return min(self.spread(delay, rng), self.most)


class Client:
    def __init__(self, env, rng, provider, line, backoff):
        self.env, self.rng, self.provider = env, rng, provider
        self.line, self.backoff = line, backoff
        self.tally = dict.fromkeys([OK, REFUSED, FAILED, "abandoned"], 0)
        self.latencies = []

    def request(self, job):
        refusals = faults = 0
        while True:
            yield from self.line.turn(job)
            outcome, hint = yield from self.provider.call(job)
            self.line.leave()
            self.tally[outcome] += 1
            if outcome == OK:
                self.latencies.append(self.env.now - job.at)
                return
            if outcome == REFUSED:
                refusals += 1
            else:
                faults += 1
            delay = self.backoff.delay(refusals, faults, outcome, hint, self.rng)
            if delay is None:
                self.tally["abandoned"] += 1
                return
            yield self.env.timeout(delay)
