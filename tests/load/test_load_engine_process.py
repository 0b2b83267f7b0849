"""The engine as a process: timeouts, crashes, and that it never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambda_tui.billing import load_prices
from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.engine.plan import EnginePlan
from lambda_tui.load.engine.process import MOST_UNREAD_BYTES
from lambda_tui.load.engine.session import PART
from lambda_tui.load.engine_process import EngineProcess
from lambda_tui.load.planning import plan_of
from lambda_tui.scenario import Scenario
from tests.targets.fake import Answer, FakeTarget

RATES = load_prices().rates("us-east-1", "x86_64")


def plan_for(fake: FakeTarget, scenario: Scenario) -> EnginePlan:
    fake.open(lambda line: None)
    return plan_of(scenario, fake.prepare(scenario), RATES, "run-1")


def test_a_crowd_of_cold_starts_on_this_machine_is_waited_for(fake: FakeTarget) -> None:
    scenario = Scenario(callers=1000, invocations=1000)
    alone, crowd = plan_for(fake, Scenario(invocations=1000)), plan_for(fake, scenario)
    assert crowd.read_timeout_s > alone.read_timeout_s + 50
    elsewhere = replace(fake.prepare(scenario), endpoint="https://lambda.us-east-1.amazonaws.com")
    assert plan_of(scenario, elsewhere, RATES, "run-1").read_timeout_s == elsewhere.timeout_s + 10


def messages(engine: EngineProcess) -> Iterator[tuple[Any, ...]]:
    while True:
        message = engine.next_message()
        if message[0] == "ready":
            engine.go(time.perf_counter())
        yield message
        if message[0] == "end":
            return


def exchanges(received: list[tuple[Any, ...]]) -> list[Any]:
    return [exchange for message in received if message[0] in {"part", "batch"} for exchange in message[1]]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def test_an_answer_that_never_comes_is_given_up_after_the_read_timeout(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=None if number == 1 else 0)
    plan = replace(plan_for(fake, Scenario(invocations=3)), read_timeout_s=0.3)
    with EngineProcess() as engine:
        engine.start(plan)
        received = list(messages(engine))
    assert [(exchange[5], exchange[10]) for exchange in exchanges(received)] == [
        (200, ""),
        (0, "ReadTimeout"),
        (200, ""),
    ]
    assert fake.traffic.invocations == 3
    assert received[-1][1] == "done"


def test_an_unanswered_invocation_is_booked_at_its_worst_case(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=None)
    plan = plan_for(fake, Scenario(invocations=10))
    plan = replace(plan, read_timeout_s=0.2, max_usd=str(2.5 * float(plan.worst_case_usd)))
    with EngineProcess() as engine:
        engine.start(plan)
        received = list(messages(engine))
    assert fake.traffic.invocations == 2
    assert received[-1][1] == "usd"


def test_an_unread_engine_holds_back_the_load_and_says_for_how_long(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(body=b"x" * 100_000)
    plan = plan_for(fake, Scenario(invocations=400, callers=4, max_usd=None))
    with EngineProcess() as engine:
        engine.start(plan)
        assert engine.next_message() == ("ready",)
        engine.go(time.perf_counter())
        sent = 0
        while fake.traffic.invocations > sent or sent < MOST_UNREAD_BYTES / 100_000:
            sent = fake.traffic.invocations
            time.sleep(0.3)
        received = list(messages(engine))
    # Plus what the pipe itself holds.
    assert sent < 400
    assert len(exchanges(received)) == 400
    assert sum(message[5] for message in received if message[0] == "batch") > 0.1


def test_records_are_sent_in_small_parts(fake: FakeTarget) -> None:
    with EngineProcess() as engine:
        engine.start(plan_for(fake, Scenario(invocations=300, callers=8, max_usd=None)))
        received = list(messages(engine))
    assert sorted(exchange[0] for exchange in exchanges(received)) == list(range(300))
    assert max(len(message[1]) for message in received if message[0] in {"part", "batch"}) <= PART


def test_a_bug_in_the_engine_is_an_error_with_its_last_words(fake: FakeTarget) -> None:
    plan = replace(plan_for(fake, Scenario(invocations=3)), request_usd="not a number")
    with EngineProcess() as engine:
        engine.start(plan)
        with pytest.raises(LambdaTuiError, match=r"engine ended unexpectedly: decimal\.InvalidOperation"):
            list(messages(engine))


def test_a_stopped_engine_that_does_not_listen_is_killed(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    with EngineProcess() as engine:
        engine.start(plan_for(fake, Scenario(invocations=100_000)))
        assert next(messages(engine)) == ("ready",)
        os.kill(engine.pid, signal.SIGSTOP)
        began = time.monotonic()
        engine.stop()
        engine.stop()
        with pytest.raises(LambdaTuiError, match="signal 9"):
            list(messages(engine))
        assert time.monotonic() - began < 2


def test_closing_leaves_no_process_behind(fake: FakeTarget) -> None:
    with EngineProcess() as engine:
        engine.start(plan_for(fake, Scenario(invocations=100_000)))
        engine.next_message()
        pid = engine.pid
    assert not is_running(pid)


PARENT = """
import sys, time
from lambda_tui.load.engine.process import MOST_UNREAD_BYTES
from lambda_tui.load.engine_process import EngineProcess
engine = EngineProcess()
print(engine.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("delay_s", [0.0, 1.0], ids=["while it starts", "while it waits"])
def test_the_engine_dies_with_a_killed_parent(delay_s: float) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(delay_s)
    assert is_running(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone(pid)


def test_the_engine_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, lambda_tui.load.engine.process as engine;"
        "print([name for name in ('pydantic', 'boto3', 'botocore', 'httpx', 'textual', 'rich', 'sqlite3')"
        " if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_plan_shows_no_credentials(fake: FakeTarget) -> None:
    shown = repr(plan_for(fake, Scenario()))
    assert "fake-secret" not in shown
    assert "fake-token" not in shown
    assert "AKIAFAKE" not in shown


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_credentials_are_not_on_the_command_line_or_in_the_environment(fake: FakeTarget) -> None:
    fake.answer = lambda number: Answer(delay_ms=5)
    with EngineProcess() as engine:
        engine.start(plan_for(fake, Scenario(invocations=100_000)))
        engine.next_message()
        seen = (
            Path(f"/proc/{engine.pid}/cmdline").read_bytes()
            + Path(f"/proc/{engine.pid}/environ").read_bytes()
        )
    assert b"fake-secret" not in seen
    assert b"fake-token" not in seen


GETS_PRIORITY = """
import ctypes, os, struct
from lambda_tui.load.engine.priority import NICENESS, SLICE_NS, take_priority
take_priority()
try:
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS - 1)
except PermissionError:
    assert os.getpriority(os.PRIO_PROCESS, 0) == 0
else:
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
attributes = ctypes.create_string_buffer(48)
getattr_number = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
assert ctypes.CDLL(None).syscall(getattr_number, 0, attributes, 48, 0) == 0
_, _, _, nice, _, slice_ns, _, _ = struct.unpack("IIQiIQQQ", attributes)
assert nice in (0, NICENESS)
version = tuple(map(int, os.uname().release.split(".")[:2]))
assert version < (6, 12) or slice_ns == SLICE_NS, slice_ns
"""


@pytest.mark.skipif(sys.platform != "linux", reason="time slices are Linux's")
def test_the_engine_takes_the_priority_it_is_granted() -> None:
    subprocess.run([sys.executable, "-c", GETS_PRIORITY], check=True)


def test_the_engine_is_no_less_urgent_than_whoever_started_it(fake: FakeTarget) -> None:
    with EngineProcess() as engine:
        engine.start(plan_for(fake, Scenario(invocations=1)))
        assert [message[0] for message in messages(engine)][-1] == "end"
        assert os.getpriority(os.PRIO_PROCESS, engine.pid) <= os.getpriority(os.PRIO_PROCESS, 0)
