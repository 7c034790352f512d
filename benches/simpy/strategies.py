"""The strategies of quickstart.toml: by name, what stands before its calls, and when it tries again."""

from client import AtOnce, Backoff, Herd, Line
from limits import Bucket, Log, tier
from workload import TOKENS

NEVER = Backoff(retries=0, first=0, most=0)
TWO_TO_THE_N = Backoff(retries=4, first=1, most=64, spread=lambda delay, rng: delay + rng.random(), hears=False)
RETRY_AFTER = Backoff(retries=2, first=1, most=60)
# As in the SDKs of OpenAI and Anthropic.
SDK = Backoff(
    retries=2, first=0.5, most=8, spread=lambda delay, rng: delay * (1 - 0.25 * rng.random()), longest_hint=120
)

STRATEGIES = {
    "no care at all": (lambda env: AtOnce(), NEVER),
    "2^n + U(0,1) s, 5 tries": (lambda env: AtOnce(), TWO_TO_THE_N),
    "Retry-After or exponential, 3 tries": (lambda env: AtOnce(), RETRY_AFTER),
    "SDK default": (lambda env: AtOnce(), SDK),
    "60-second list of timestamps": (lambda env: Herd(env, Log(100)), SDK),
    # One in 0.6 s is 100 a minute, one at once.
    "5 in flight, 0.6 s apart": (lambda env: Line(env, [Bucket(100, burst=1)], permits=5), SDK),
    "token bucket, burst = limit": (lambda env: Line(env, [Bucket(100)]), SDK),
    # 81 a minute and 20 at once are never more than 100 in a minute.
    "GCRA, window-safe": (lambda env: Line(env, [Bucket(81, burst=20)]), SDK),
    "requests and tokens held together": (lambda env: Line(env, [Bucket(100), Bucket(200_000, TOKENS)]), SDK),
    "requests, tokens and day quota": (lambda env: Line(env, tier()), SDK),
}
