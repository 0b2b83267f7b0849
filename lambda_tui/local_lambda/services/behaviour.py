"""How the stand-ins answer: latency, requests per second, and failures."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lambda_tui.errors import InvalidInput

VARIABLE = "LAMBDA_TUI_SERVICES"
JITTERS = ("uniform", "exponential", "lognormal")
MAX_LATENCY_MS = 900_000  # Lambda's longest timeout


@dataclass(frozen=True, slots=True)
class ServiceBehaviour:
    """What is added to every answer. Latency runs from the request's arrival.

    20 ms is what each of 1000 S3 objects took in "How do you like your AWS Lambda Concurrency" (22.3 s
    sequentially). Jitter is added: `uniform` 0 to `jitter_ms`, `exponential` with that mean; with
    `lognormal`, `latency_ms` is the median and one in six answers is later by more than `jitter_ms`.
    """

    latency_ms: float = 20.0
    jitter: str = "lognormal"
    jitter_ms: float = 0.0
    requests_per_s: float = 0.0
    """Requests beyond this are throttled, after an initial burst of one second's worth; 0 for no limit."""

    failure_ratio: float = 0.0
    """Share of requests that get a 500 of the service."""

    disconnect_ratio: float = 0.0
    """Share of requests whose connection is cut instead of an answer."""

    seed: int = 0


_LIMITS = {
    "latency_ms": MAX_LATENCY_MS,
    "jitter_ms": MAX_LATENCY_MS,
    "requests_per_s": 1_000_000,
    "failure_ratio": 1,
    "disconnect_ratio": 1,
    "seed": 2**63,
}


def parse_behaviour(document: object, base: ServiceBehaviour | None = None) -> ServiceBehaviour:
    """`base` with the fields that a JSON object names.

    Raises:
        InvalidInput: it is not an object, or a field is unknown or invalid.
    """
    base = base or ServiceBehaviour()
    if not isinstance(document, Mapping):
        raise InvalidInput("services", "services must be a JSON object.")
    values: dict[str, Any] = {field.name: getattr(base, field.name) for field in fields(ServiceBehaviour)}
    for name, value in document.items():
        if name not in values:
            raise InvalidInput(f"{name}", f"{name} is not one of {', '.join(values)}.")
        values[name] = _usable(name, value)
    return ServiceBehaviour(**values)


def configured_behaviour() -> ServiceBehaviour:
    """The behaviour set by the environment variable LAMBDA_TUI_SERVICES, for example `{"latency_ms": 5}`.

    Raises:
        InvalidInput: it is invalid.
    """
    text = os.environ.get(VARIABLE) or "{}"
    try:
        return parse_behaviour(json.loads(text))
    except (ValueError, RecursionError):
        raise InvalidInput(VARIABLE, f"{VARIABLE} is not valid JSON.") from None


def _usable(name: str, value: object) -> object:
    if name == "jitter":
        if value not in JITTERS:
            raise InvalidInput(name, f"jitter must be one of {', '.join(JITTERS)}.")
        return value
    kind = int if name == "seed" else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 <= value <= _LIMITS[name]:
        raise InvalidInput(name, f"{name} must be a number from 0 to {_LIMITS[name]}.")
    return value


class Chance:
    """The random side of a behaviour: the same seed gives the same answers in the same order."""

    def __init__(self, behaviour: ServiceBehaviour) -> None:
        self._behaviour = behaviour
        self._random = random.Random(behaviour.seed)  # noqa: S311 - repeatable is what is wanted

    def latency_ms(self) -> float:
        """How long the next answer takes."""
        latency_ms, jitter_ms = self._behaviour.latency_ms, self._behaviour.jitter_ms
        if jitter_ms == 0:
            return latency_ms
        if self._behaviour.jitter == "uniform":
            return latency_ms + self._random.uniform(0, jitter_ms)
        if self._behaviour.jitter == "exponential" or latency_ms == 0:
            return latency_ms + self._random.expovariate(1 / jitter_ms)
        # One standard deviation up, at the 84th percentile, is exactly jitter_ms later.
        return latency_ms * math.exp(self._random.gauss(0, math.log1p(jitter_ms / latency_ms)))

    def disconnects(self) -> bool:
        """Whether the next request loses its connection."""
        return self._random.random() < self._behaviour.disconnect_ratio

    def fails(self) -> bool:
        """Whether the next request fails."""
        return self._random.random() < self._behaviour.failure_ratio


class TokenBucket:
    """Admits `per_s` requests a second and as many at once; 0 admits all."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._size = max(1.0, per_s)
        self._tokens = self._size
        self._filled_at = -math.inf

    def admits(self, now_s: float) -> bool:
        """Whether a request at this time, on a monotonic clock, may pass."""
        if self._per_s == 0:
            return True
        self._tokens = min(self._size, self._tokens + (now_s - self._filled_at) * self._per_s)
        self._filled_at = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
