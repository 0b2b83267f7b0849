"""What must not bring the server down, and what must not grow: processes killed, nonsense sent."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_tui.local_lambda.functions.runtimes import OWN
from tests.local_lambda.local_server import (
    ROLE,
    LocalServer,
    control_groups_of,
    invoke,
    is_alive,
    package,
    wait_until,
)
from tests.local_lambda.raw_calls import connect, exchange, signed_invoke

Launch = Callable[..., LocalServer]
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

RELAY = """
import http.client, json, os

def handler(event, context):
    # The event says what to send to the Runtime API on this function's behalf.
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=2)
    statuses = []
    for method, path, headers, body in event["calls"]:
        path = path.replace("REQUEST", context.aws_request_id)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        except Exception as error:
            statuses.append(type(error).__name__)
            connection.close()
    return statuses
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    running = LocalServer(tmp_path_factory.mktemp("chaos"), "--max-environments", "256")
    running.create("probe")
    running.create("relay", probe=RELAY)
    running.create("noop", memory_mb=1769, probe="def handler(event, context): return None")
    yield running
    running.stop()
    assert running.errors_file.read_text() == "", "no fault was unexpected"


def test_environments_killed_at_random_under_load(server: LocalServer) -> None:
    """Every call is answered: by the function, or by an error that says the runtime was killed."""
    over = threading.Event()
    answers: Counter[str] = Counter()

    def call(number: int) -> None:
        client = server.client()
        while not over.is_set():
            answer = invoke(client, "probe", {"do": "sleep", "s": 0.02})
            answers[answer.payload["errorMessage"][-14:] if answer.error else "ok"] += 1

    chosen = random.Random(5)
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(call, number) for number in range(6)]
        for _ in range(25):
            time.sleep(chosen.random() * 0.15)
            for pid in chosen.sample(server.environment_pids(), k=1) if server.environment_pids() else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        over.set()
        for finished in calls:
            finished.result()
    assert set(answers) <= {"ok", "signal: killed"}
    assert answers["ok"] > 20
    assert invoke(server.client(), "probe").error is None


def test_the_server_killed_under_load_leaves_nothing(launch: Launch) -> None:
    server = launch()
    server.create("probe")
    lost: list[type[BaseException]] = []

    def call() -> None:
        client = server.client()
        with contextlib.suppress(AssertionError):
            try:
                while True:
                    invoke(client, "probe", {"do": "sleep", "s": 0.05})
            except (ConnectionClosedError, HTTPClientError) as error:
                lost.append(type(error))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(server.environment_pids()) >= 4)
    environments, groups = server.environment_pids(), control_groups_of(server.process.pid)
    server.process.kill()
    for thread in threads:
        thread.join(20)
    assert len(lost) == 6, "each caller hears of it"
    assert wait_until(lambda: not any(is_alive(pid) for pid in environments))
    assert wait_until(lambda: not any(group.exists() for group in groups))


def test_servers_that_come_and_are_killed_harm_no_other(server: LocalServer, launch: Launch) -> None:
    """Each sweeps what dead servers left when it starts; its watchdog cleans up if it is killed."""
    client = server.client()
    before = invoke(client, "probe")
    for _ in range(6):
        others = [launch(), launch()]  # one is up while the other starts and sweeps
        others[0].create("probe")
        assert invoke(others[0].client(), "probe").error is None
        for other in others:
            other.process.kill()
        during = invoke(client, "probe")
        assert (during.error, during.payload["environment"]) == (None, before.payload["environment"])
    survives(server)


@pytest.mark.timed
def test_a_crowd_of_cold_starts(server: LocalServer) -> None:
    """Sixty callers at once, none throttled, each with its own environment; the benchmark has 200."""
    server.create("crowd", memory_mb=128, timeout_s=120)
    client = server.client()
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda _: invoke(client, "crowd", {"do": "sleep", "s": 2}), range(60)))
    assert [answer.error for answer in answers] == [None] * 60
    environments = {answer.payload["environment"] for answer in answers}
    inits = [answer.report.init_ms or 0 for answer in answers if answer.report is not None]
    # All at once they would take turns on the CPU, and each would need as long as all of them together.
    assert sorted(inits)[len(inits) // 2] < 60 * sorted(inits)[0] / 4
    # A caller that arrived late on a busy machine may have found an environment free again.
    assert 40 <= len(environments) <= 60
    client.delete_function(FunctionName="crowd")
    assert wait_until(lambda: len(server.environment_pids()) < 30)


def figures(server: LocalServer) -> dict[str, int]:
    pid = server.process.pid
    status = Path(f"/proc/{pid}/status").read_text()
    return {
        "memory_kb": int(status.partition("VmRSS:")[2].split()[0]),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": len(os.listdir(f"/proc/{pid}/task")),
        "environments": len(server.environment_pids()),
        "groups": sum(1 for root in control_groups_of(pid) for _ in root.iterdir()),
    }


def test_thousands_of_invocations_let_nothing_grow(server: LocalServer) -> None:
    """4000 warm and 20 cold ones; 10,000 are in the benchmark."""
    request, client = signed_invoke(server), server.client()

    def round_of(calls: int, cold_starts: int) -> dict[str, int]:
        with connect(server.port) as connection:
            for _ in range(calls):
                exchange(connection, request)
        for number in range(cold_starts):
            client.update_function_configuration(FunctionName="noop", Description=str(number))
            invoke(client, "noop")
        assert wait_until(lambda: figures(server)["environments"] <= before["environments"] + 1)
        return figures(server)

    before = figures(server)
    before = round_of(500, 10)
    after = round_of(4000, 20)
    growth = {name: after[name] - before[name] for name in after}
    assert growth.pop("memory_kb") < 4096
    assert all(grown <= 4 for grown in growth.values()), growth


def survives(server: LocalServer) -> None:
    assert server.process.poll() is None
    assert server.client().get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 256


HTTP = st.one_of(
    st.binary(max_size=300),
    st.tuples(
        st.sampled_from([b"GET", b"POST", b"PUT", b"BREW", b"post", b""]),
        st.sampled_from([b"/", b"/2015-03-31/functions/probe/invocations", b"*", b"/%00%ff", b"//a/../.."]),
        st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"", b"HTTP/2.0"]),
        st.lists(
            st.sampled_from(
                [
                    b"Host: 127.0.0.1",
                    b"Content-Length: 5",
                    b"Content-Length: -1",
                    b"Content-Length: 99999999999999999999",
                    b"Transfer-Encoding: chunked",
                    b"Expect: 100-continue",
                    b"Connection: Upgrade",
                    b"Upgrade: websocket",
                    b"Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request",
                    b"no colon here",
                    b": empty",
                    b"X: \xff\xfe",
                ]
            ),
            max_size=5,
        ),
        st.binary(max_size=60),
    ).map(lambda parts: b" ".join(parts[:3]) + b"\r\n" + b"\r\n".join(parts[3]) + b"\r\n\r\n" + parts[4]),
)


@given(data=HTTP, cut=st.booleans())
@FUZZ
def test_malformed_http(server: LocalServer, data: bytes, cut: bool) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(data)
        if not cut:
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while answer := connection.recv(65536):
                    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 100"))
    assert server.process.poll() is None


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        st.sampled_from(
            [
                "/2018-06-01/runtime/invocation/REQUEST/response",
                "/2018-06-01/runtime/invocation/REQUEST/error",
                "/2018-06-01/runtime/invocation/other/response",
                "/2018-06-01/runtime/invocation/%00/error",
                "/2018-06-01/runtime/init/error",
                "/2018-06-01/runtime/restore/next",
                "/2018-06-01/runtime/invocation/next/x",
                "/2018-06-01/runtime/",
                "/",
            ]
        ),
        st.dictionaries(
            st.sampled_from(
                ["Lambda-Runtime-Function-Error-Type", "Content-Type", "Host", "Origin", "Transfer-Encoding"]
            ),
            st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20),
            max_size=2,
        ),
        st.text(max_size=50).map(lambda text: text.encode(errors="replace").decode()),
    ),
    min_size=1,
    max_size=4,
)


@given(calls=CALLS)
@FUZZ
def test_malformed_runtime_traffic(
    server: LocalServer, calls: list[tuple[str, str, dict[str, str], str]]
) -> None:
    """A function that talks to the Runtime API itself: the caller gets some answer, and the next its own."""
    # The answer need not be JSON: a runtime may send anything, and it is passed on.
    answer = server.client().invoke(FunctionName="relay", Payload=json.dumps({"calls": calls}))
    assert answer["StatusCode"] == 200
    after = invoke(server.client(), "relay", {"calls": []})
    assert after.payload == [] or after.error is not None
    assert server.process.poll() is None


def test_a_full_disk_is_one_clear_answer(launch: Launch, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    small = Path("/var/tmp") / f"lambda-tui-test-{os.getpid()}"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        small.rmdir()
        pytest.skip("this host lets nobody mount a small disk")
    try:
        server = launch(environ={"TMPDIR": str(small)})
        server.create("probe")
        client = server.client()
        large = package(probe="# " + "".join(random.Random(1).choices("abcdefgh", k=4_000_000)))
        with pytest.raises(ClientError, match="disk of the embedded Lambda is full"):
            client.update_function_code(FunctionName="probe", ZipFile=large)
        assert invoke(client, "probe").error is None
        server.stop()
    finally:
        subprocess.run(["umount", str(small)], check=False)
        small.rmdir()


def test_nobody_reads_what_the_server_says(tmp_path: Path) -> None:
    """Standard output and error are pipes without a reader: it still serves."""
    ready = tmp_path / "ready.json"
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "lambda_tui.local_lambda", "--no-auth", "--ready-file", str(ready)],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
    )
    os.close(writing)
    try:
        assert wait_until(lambda: ready.exists() or process.poll() is not None)
        port = int(json.loads(ready.read_text())["endpoint"].rpartition(":")[2])
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = f"GET /2016-08-19/account-settings HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_standard_descriptors_that_are_closed(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "lambda_tui.local_lambda",
         "--ready-file", str(ready)],
    )  # fmt: skip
    try:
        assert wait_until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None
        names = {os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)}
        assert names == {"/dev/null"}
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_function_created_by_many_at_once_exists_once(server: LocalServer) -> None:
    client = server.client()

    def create(_: int) -> str:
        try:
            client.create_function(
                FunctionName="once",
                Runtime=OWN.runtime,
                Role=ROLE,
                Handler="probe.handler",
                Code={"ZipFile": package(probe="def handler(event, context): return 1")},
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "created"

    with ThreadPoolExecutor(8) as pool:
        results = Counter(pool.map(create, range(8)))
    assert results == {"created": 1, "ResourceConflictException": 7}
    assert invoke(client, "once").payload == 1
