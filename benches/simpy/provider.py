"""The preset gateway-pro."""

import math

from limits import NOW, charge, tier, wait

OK, REFUSED, FAILED = "completed", "refused", "failed"


class Provider:
    def __init__(self, env, rng):
        self.env, self.rng = env, rng
        self.limits = tier()

    def call(self, job):
        """Takes the time of the response; says what it is, and whether and when to come back."""
        now, rng = self.env.now, self.rng
        longest = wait(self.limits, now, job)
        if longest > NOW:
            day = self.limits[-1]
            by_day = day.wait(now, job) >= longest
            yield self.env.timeout(0.05)
            hint = float(math.ceil(longest - NOW))
            # Who reads a short wait for a quota of a day does not believe it.
            return REFUSED, None if by_day and hint < 300 else hint
        charge(self.limits, now, job)
        if rng.random() < 0.002:
            yield self.env.timeout(0.05)
            return FAILED, None
        first_token = rng.lognormvariate(math.log(0.6), 0.5)
        yield self.env.timeout(first_token + 0.012 * job.output_tokens)
        return OK, None
