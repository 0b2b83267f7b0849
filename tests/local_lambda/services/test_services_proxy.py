"""The proxy to the stand-ins: latency, throttling, failures, and who is let in."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambda_tui.errors import InvalidInput
from lambda_tui.local_lambda.services import (
    CONTROL_PATH,
    ServiceBehaviour,
    ServicesServer,
    configured_behaviour,
    start_services,
)
from lambda_tui.local_lambda.services.behaviour import Chance, TokenBucket, parse_behaviour
from lambda_tui.local_lambda.services.frames import FrameReader, encode_frame
from tests.local_lambda.local_server import http_request, wait_until

SIGNED = "AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
CALLS: dict[str, Callable[[Any], Any]] = {
    "s3": lambda client: client.get_object(Bucket="lambda-tui", Key="object-0000")["Body"].read(),
    "dynamodb": lambda client: client.get_item(TableName="lambda-tui", Key={"id": {"S": "item-0000"}}),
    "sqs": lambda client: client.get_queue_url(QueueName="lambda-tui"),
}


@contextmanager
def sdk(server: ServicesServer, service: str) -> Iterator[Any]:
    """A client that tries once."""
    client = boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="A",
        aws_secret_access_key="s",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()


def call(server: ServicesServer, service: str) -> Any:
    with sdk(server, service) as client:
        return CALLS[service](client)


@pytest.fixture
async def server() -> AsyncIterator[ServicesServer]:
    started = await start_services("us-east-1", ServiceBehaviour(latency_ms=0))
    yield started
    await started.close()


async def test_starts_with_the_first_call(server: ServicesServer) -> None:
    assert server.pid is None
    assert await asyncio.to_thread(call, server, "s3") == (b"object-0000\n" * 86)[:1024]
    assert server.pid is not None


async def test_what_is_there(server: ServicesServer) -> None:
    def look() -> None:
        with sdk(server, "s3") as s3:
            keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="lambda-tui")["Contents"]]
            assert keys == [f"object-{number:04}" for number in range(1000)]
            assert s3.head_object(Bucket="lambda-tui", Key=keys[1])["ContentLength"] == 1024
            s3.put_object(Bucket="lambda-tui", Key="a b/ü", Body=b"\0" * 200_000)
            assert s3.get_object(Bucket="lambda-tui", Key="a b/ü")["Body"].read() == b"\0" * 200_000
        with sdk(server, "dynamodb") as dynamodb:
            assert dynamodb.scan(TableName="lambda-tui", Select="COUNT")["Count"] == 1000
        with sdk(server, "sqs") as sqs:
            url = sqs.get_queue_url(QueueName="lambda-tui")["QueueUrl"]
            assert url == server.environment["QUEUE_URL"]
            sqs.send_message(QueueUrl=url, MessageBody="one")
            assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
            started = time.monotonic()
            assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
            assert time.monotonic() - started < 10, "a long poll would hold up the others"

    await asyncio.to_thread(look)


async def test_other_regions() -> None:
    server = await start_services("eu-central-1", ServiceBehaviour(latency_ms=0))

    def look() -> Any:
        client = boto3.client(
            "dynamodb",
            endpoint_url=server.url,
            region_name="eu-central-1",
            aws_access_key_id="A",
            aws_secret_access_key="s",
        )
        value = CALLS["dynamodb"](client)["Item"]["value"]
        client.close()
        return value

    assert await asyncio.to_thread(look) == {"S": "value-0000"}
    await server.close()


async def test_latency_is_never_shorter(server: ServicesServer) -> None:
    await asyncio.to_thread(call, server, "sqs")
    server.behave(ServiceBehaviour(latency_ms=30))
    took_ms = []
    for _ in range(5):
        started = time.perf_counter()
        await raw_get(server, "/lambda-tui/object-0007")
        took_ms.append((time.perf_counter() - started) * 1000)
    assert min(took_ms) >= 29.8
    assert min(took_ms) < 50, "and moto's own time is within it"


async def raw_get(server: ServicesServer, path: str) -> bytes:
    """The whole answer to one signed S3 GET on a separate connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
    host = urlsplit(server.url).netloc
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {SIGNED.format('s3')}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_thousand_connections_wait_at_the_same_time(server: ServicesServer) -> None:
    await asyncio.to_thread(call, server, "s3")
    server.behave(ServiceBehaviour(latency_ms=2000))
    started = time.perf_counter()
    answers = await asyncio.gather(
        *(raw_get(server, f"/lambda-tui/object-{number:04}") for number in range(1000))
    )
    elapsed_s = time.perf_counter() - started
    for number, answer in enumerate(answers):
        assert answer.startswith(b"HTTP/1.1 200")
        assert f"object-{number:04}\n".encode() in answer
    assert 2 <= elapsed_s < 30, "one after the other they would take 2000 s"


@pytest.mark.parametrize(
    ("service", "throttled", "failed"),
    [
        ("s3", (503, "SlowDown"), (500, "InternalError")),
        ("dynamodb", (400, "ProvisionedThroughputExceededException"), (500, "InternalServerError")),
        ("sqs", (403, "RequestThrottled"), (500, "InternalFailure")),
    ],
)
async def test_refusals_are_the_services_own(
    server: ServicesServer, service: str, throttled: tuple[int, str], failed: tuple[int, str]
) -> None:
    await asyncio.to_thread(call, server, service)
    server.behave(ServiceBehaviour(latency_ms=0, requests_per_s=0.001))
    await asyncio.to_thread(call, server, service)
    for behaviour, expected in (
        (None, throttled),
        (ServiceBehaviour(latency_ms=0, failure_ratio=1), failed),
    ):
        if behaviour is not None:
            server.behave(behaviour)
        with pytest.raises(ClientError) as caught:
            await asyncio.to_thread(call, server, service)
        answer = caught.value.response
        assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == expected


async def test_cut_connections(server: ServicesServer) -> None:
    server.behave(ServiceBehaviour(latency_ms=0, disconnect_ratio=1))
    with pytest.raises(BotoCoreError, match="closed"):
        await asyncio.to_thread(call, server, "s3")
    assert server.pid is None, "it never came to the stand-ins"


async def test_a_killed_stand_in_restarts(server: ServicesServer) -> None:
    await asyncio.to_thread(call, server, "s3")
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert await asyncio.to_thread(wait_until, lambda: server.pid is None)
    assert await asyncio.to_thread(call, server, "s3")
    assert server.pid not in (None, killed)


async def test_closing_while_it_starts() -> None:
    server = await start_services("us-east-1", ServiceBehaviour(latency_ms=0))
    asking = asyncio.create_task(raw_get(server, "/lambda-tui/object-0000"))
    await asyncio.sleep(0.1)
    await server.close()
    assert await asking == b""
    assert server.pid is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Authorization": SIGNED.format("lambda")}, 403),
        ({"Authorization": SIGNED.format("s3"), "Host": "attacker.example"}, 403),
        ({"Authorization": SIGNED.format("s3"), "Origin": "http://attacker.example"}, 403),
        ({"Authorization": SIGNED.format("s3")}, 200),
    ],
)
async def test_who_is_let_in(server: ServicesServer, headers: dict[str, str], status: int) -> None:
    port = urlsplit(server.url).port or 0
    for path in ("/lambda-tui/object-0000", "/moto-api/reset"):
        answer = await asyncio.to_thread(http_request, port, "GET", path, headers, b"")
        # With a signature, moto's own pages are just a bucket that does not exist.
        assert answer[0] == (404 if status == 200 and path == "/moto-api/reset" else status)


async def test_control(server: ServicesServer) -> None:
    port = urlsplit(server.url).port or 0

    async def control(method: str, body: object = None) -> tuple[int, Any]:
        encoded = json.dumps(body).encode() if body is not None else b""
        status, _, answer = await asyncio.to_thread(http_request, port, method, CONTROL_PATH, {}, encoded)
        return status, json.loads(answer)

    assert await control("PUT", {"latency_ms": 7, "seed": 3}) == (
        200,
        asdict(ServiceBehaviour(latency_ms=7, seed=3)),
    )
    assert server.behaviour == ServiceBehaviour(latency_ms=7, seed=3)
    status, answer = await control("PUT", {"latency_ms": -1})
    assert (status, answer["message"]) == (400, "latency_ms must be a number from 0 to 900000.")
    assert (await control("PUT"))[0] == 400
    assert (await control("DELETE"))[0] == 405
    assert server.pid is None
    assert (await control("GET"))[0] == 200
    assert server.pid is not None


@pytest.mark.parametrize("jitter", ["uniform", "exponential", "lognormal"])
def test_jitter_is_seeded_and_distributed(jitter: str) -> None:
    def draw(seed: int) -> list[float]:
        chance = Chance(ServiceBehaviour(latency_ms=20, jitter=jitter, jitter_ms=10, seed=seed))
        return [chance.latency_ms() for _ in range(4000)]

    assert draw(1) == draw(1) != draw(2)
    drawn = sorted(draw(1))
    if jitter == "lognormal":
        assert drawn[2000] == pytest.approx(20, rel=0.05)
        assert drawn[round(4000 * 0.8413)] == pytest.approx(30, rel=0.05)
    else:
        assert drawn[0] >= 20
        assert sum(drawn) / 4000 == pytest.approx(25 if jitter == "uniform" else 30, rel=0.05)


def test_no_jitter_is_exact() -> None:
    assert {Chance(ServiceBehaviour(latency_ms=20)).latency_ms() for _ in range(10)} == {20}


def test_the_bucket_admits_its_rate() -> None:
    bucket = TokenBucket(10)
    admitted = [second / 100 for second in range(500) if bucket.admits(second / 100)]
    assert admitted[:10] == [second / 100 for second in range(10)], "a first second's worth at once"
    assert len(admitted) == pytest.approx(10 + 5 * 10, abs=1)
    assert all(later - earlier < 0.12 for earlier, later in pairwise(admitted))
    assert all(TokenBucket(0).admits(0) for _ in range(1000))


@pytest.mark.parametrize(
    "document",
    [
        *([], 3, {"latency": 3}, {"latency_ms": "3"}, {"latency_ms": True}, {"latency_ms": float("nan")}),
        *({"failure_ratio": 1.5}, {"jitter": "gamma"}, {"seed": 1.5}, {"requests_per_s": -1}),
    ],
)
def test_unusable_behaviour(document: object) -> None:
    with pytest.raises(InvalidInput):
        parse_behaviour(document)


def test_behaviour_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMBDA_TUI_SERVICES", raising=False)
    assert configured_behaviour() == ServiceBehaviour()
    monkeypatch.setenv("LAMBDA_TUI_SERVICES", '{"latency_ms": 5, "requests_per_s": 100}')
    assert configured_behaviour() == ServiceBehaviour(latency_ms=5, requests_per_s=100)
    for text in ("{", "[]", '{"latency": 5}'):
        monkeypatch.setenv("LAMBDA_TUI_SERVICES", text)
        with pytest.raises(InvalidInput):
            configured_behaviour()


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_frames_in_any_pieces(size: int) -> None:
    frames = [(["s3", "GET", number], b"\0\xff" * number) for number in range(5)]
    data = b"".join(encode_frame(head, body) for head, body in frames)
    reader = FrameReader()
    read = [frame for start in range(0, len(data), size) for frame in reader.feed(data[start : start + size])]
    assert read == frames
