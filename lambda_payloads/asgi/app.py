"""A FastAPI application on Lambda: `app.handler` answers events of API Gateway v2 and Function URLs.

Mangum turns one event into one ASGI request. An environment has one event at a time, so `async` helps only
inside a request: other requests wait for an environment of their own.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI(title="lambda-tui", docs_url=None, redoc_url=None, openapi_url=None)
handler = Mangum(app, lifespan="off")

_REQUESTS = count(1)


class Echo(BaseModel):
    """What /echo accepts and returns; anything else is answered with 422."""

    text: str = Field(max_length=10_000)


@app.get("/")
def request_number() -> dict[str, int]:
    """How many requests this environment has had, with this one."""
    return {"requests": next(_REQUESTS)}


@app.get("/waits")
async def waits(
    model: Literal["sequential", "gather", "blocking"] = "gather",
    tasks: Annotated[int, Query(ge=1, le=1_000)] = 3,
    task_ms: Annotated[float, Query(ge=0, le=60_000)] = 100,
) -> dict[str, Any]:
    """Wait `tasks` times inside one request: one by one, together, or (the mistake) with blocking calls."""
    started = time.perf_counter()
    if model == "gather":
        await asyncio.gather(*(asyncio.sleep(task_ms / 1000) for _ in range(tasks)))
    for _ in range(0 if model == "gather" else tasks):
        if model == "blocking":
            time.sleep(task_ms / 1000)  # noqa: ASYNC251 - the mistake to be shown
        else:
            await asyncio.sleep(task_ms / 1000)
    return {"model": model, "tasks": tasks, "waited_ms": round((time.perf_counter() - started) * 1000, 3)}


@app.post("/echo")
async def echo(message: Echo) -> Echo:
    """Return what was sent."""
    return message
