"""How many invocations may run at once and start per second: the account's and each function's share.

AWS documentation, "Understanding Lambda function scaling" and "Lambda scaling behavior": reserved and
provisioned concurrency are taken from the account's, a function without a reservation shares the rest;
the requests of a second are limited to ten times the concurrency; each function may add 1000 environments
every 10 seconds, refilled continuously.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable

from lambda_tui.local_lambda.http.errors import invalid_parameter, throttled

REQUESTS_PER_CONCURRENCY = 10
SCALING_WINDOW_S = 10.0
DEFAULT_ACCOUNT_CONCURRENCY = 1000
UNRESERVED_SHARE = 0.1
"""AWS keeps 100 of the default 1000 for functions without a reservation; smaller accounts keep a tenth."""


class TokenBucket:
    """Holds at most `capacity` tokens and gains `per_s` a second; starts full."""

    __slots__ = ("_at", "_capacity", "_per_s", "_tokens")

    def __init__(self, capacity: float, per_s: float, now: float) -> None:
        self._capacity = self._tokens = capacity
        self._per_s = per_s
        self._at = now

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_s if self._per_s else math.inf


class Concurrency:
    """Counts running invocations by function and refuses what is beyond the limits.

    `host_limit` is what this machine can run; `account` the simulated quota. Environments allocated by
    provisioned concurrency are not counted here: nobody else can use them.
    """

    def __init__(
        self,
        host_limit: int,
        account: int = DEFAULT_ACCOUNT_CONCURRENCY,
        scaling_per_10_s: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account = account
        self._host_limit = host_limit
        self._scaling_per_10_s = scaling_per_10_s
        self._clock = clock
        self._running: Counter[str] = Counter()
        self._reserved: dict[str, int] = {}
        self._provisioned: Counter[str] = Counter()
        self._rates: dict[str, TokenBucket] = {}
        self._scaling: dict[str, TokenBucket] = {}
        self._recount()

    @property
    def limit(self) -> int:
        """Invocations that can run at the same time, of all functions."""
        return min(self._host_limit, self.account)

    @property
    def unreserved(self) -> int:
        """What is left for functions without a reservation."""
        return self._unreserved

    def _recount(self) -> None:
        """Stored, not computed per invocation: limits change rarely."""
        free = [name for name in self._provisioned if name not in self._reserved]
        self._unreserved = (
            self.limit - sum(self._reserved.values()) - sum(self._provisioned[name] for name in free)
        )
        self._unreserved_running = sum(
            count for name, count in self._running.items() if name not in self._reserved
        )

    @property
    def running(self) -> int:
        return self._running.total()

    # The limits themselves.

    def reserved(self, name: str) -> int | None:
        return self._reserved.get(name)

    def reserve(self, name: str, count: int) -> None:
        """Reserve concurrency for a function; raises LambdaApiError (400) if too little would be left."""
        before = self._reserved.get(name)
        if count < self._provisioned[name]:
            raise invalid_parameter(
                f"Requested reserved concurrency ({count}) should not be less than the function's "
                f"provisioned concurrency ({self._provisioned[name]})."
            )
        self._set_reserved(name, count)
        least = math.ceil(self.limit * UNRESERVED_SHARE)
        if self.unreserved < least:
            self._set_reserved(name, before)
            raise invalid_parameter(
                f"Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{least}]."
            )

    def unreserve(self, name: str) -> None:
        self._set_reserved(name, None)

    def _set_reserved(self, name: str, reserved: int | None) -> None:
        if reserved is None:
            self._reserved.pop(name, None)
        else:
            self._reserved[name] = reserved
        self._rates.pop(name, None)
        self._recount()

    def provision(self, name: str, change: int) -> None:
        """Set aside (or give back) provisioned environments of a function.

        Raises:
            LambdaApiError: 400, more than its reservation or than the account has left.
        """
        self._provisioned[name] += change
        self._recount()
        reserved = self._reserved.get(name)
        if reserved is not None:
            refused = self._provisioned[name] > reserved
            limit = f"the function's reserved concurrency ({reserved})"
        else:
            least = math.ceil(self.limit * UNRESERVED_SHARE)
            refused = self.unreserved < least
            limit = f"what keeps UnreservedConcurrentExecution at its minimum value of [{least}]"
        if change > 0 and refused:
            self._provisioned[name] -= change
            self._recount()
            raise invalid_parameter(f"Specified ConcurrentExecutions for function is greater than {limit}.")

    # Invocations.

    def admit(self, name: str) -> None:
        """Count a request against its rate limit; raises LambdaApiError (429)."""
        reserved = self._reserved.get(name)
        key = "" if reserved is None else name
        bucket = self._rates.get(key)
        if bucket is None:
            per_s = REQUESTS_PER_CONCURRENCY * (self.account if reserved is None else reserved)
            bucket = self._rates[key] = TokenBucket(per_s, per_s, self._clock())
        wait_s = bucket.take(self._clock())
        if wait_s and reserved != 0:  # nothing runs at all: the concurrency limit says so
            kind = "FunctionInvocationRateLimitExceeded"
            raise throttled(kind if reserved is None else f"Reserved{kind}", wait_s)

    def enter(self, name: str) -> None:
        """Count an invocation as running; raises LambdaApiError (429) if there is no room for it."""
        reserved = self._reserved.get(name)
        if reserved is None:
            if self._unreserved_running >= self._unreserved:
                raise throttled("ConcurrentInvocationLimitExceeded")
            self._unreserved_running += 1
        elif self._running[name] >= reserved - self._provisioned[name]:
            raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        self._running[name] += 1

    def leave(self, name: str) -> None:
        self._running[name] -= 1
        if name not in self._reserved:
            self._unreserved_running -= 1

    def scale_out(self, name: str) -> None:
        """Count a new environment against the function's scaling rate; raises LambdaApiError (429)."""
        bucket = self._scaling.get(name)
        if bucket is None:
            per_s = self._scaling_per_10_s / SCALING_WINDOW_S
            bucket = self._scaling[name] = TokenBucket(self._scaling_per_10_s, per_s, self._clock())
        wait_s = bucket.take(self._clock())
        if wait_s:
            # The documentation names no separate reason for this limit.
            raise throttled("ConcurrentInvocationLimitExceeded", wait_s)
