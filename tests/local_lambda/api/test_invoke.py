"""Invocations of real environments, through boto3."""

from __future__ import annotations

import base64
import json
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_tui.results.report import Report
from tests.local_lambda.local_server import Invoked, LocalServer, invoke, package, wait_until


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Any:
    return server.client()


def report_of(invoked: Invoked) -> Report:
    assert invoked.report is not None, invoked.log
    return invoked.report


def refusal(call: Any, **options: object) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**options)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_a_cold_start_says_so_and_bills_its_init(server: LocalServer, client: Any) -> None:
    server.create("cold-then-warm")
    cold, warm = (invoke(client, "cold-then-warm") for _ in range(2))

    assert (cold.status, cold.error, cold.payload["runs"]) == (200, None, 1)
    report = report_of(cold)
    assert report.init_ms is not None
    # Billed comes from the unrounded sum, so the displayed figures may differ by one.
    assert abs(report.billed_ms - math.ceil(report.duration_ms + report.init_ms)) <= 1
    assert report_of(warm).init_ms is None
    assert abs(report_of(warm).billed_ms - math.ceil(report_of(warm).duration_ms)) <= 1
    assert warm.payload["environment"] == cold.payload["environment"]


def test_the_log_is_lambdas_text(client: Any) -> None:
    log = invoke(client, "probe", {"do": "print", "bytes": 3}).log
    request = "([0-9a-f-]{36})"
    expected = (
        rf"(importing the probe\n)?START RequestId: {request} Version: \$LATEST\nxxx"
        r"END RequestId: \2\nREPORT RequestId: \2\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 512 MB\tMax Memory Used: \d+ MB\t(Init Duration: \d+\.\d\d ms\t)?\n"
    )
    assert re.fullmatch(expected, log), log


def test_the_log_tail_is_the_last_4_kb(client: Any) -> None:
    log = invoke(client, "probe", {"do": "print", "bytes": 300_000}).log
    assert len(log) == 4096
    assert log.startswith("xxx")
    assert "REPORT RequestId" in log


def test_sequential_calls_share_one_environment(server: LocalServer, client: Any) -> None:
    server.create("sequential")
    answers = [invoke(client, "sequential") for _ in range(30)]
    assert len({answer.payload["environment"] for answer in answers}) == 1
    assert [answer.payload["runs"] for answer in answers] == list(range(1, 31))


def test_parallel_calls_get_an_environment_each(server: LocalServer, client: Any) -> None:
    server.create("parallel")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: invoke(client, "parallel", {"do": "sleep", "s": 1.5}), range(6)))
    assert len({answer.payload["environment"] for answer in answers}) == 6
    assert all(report_of(answer).duration_ms >= 1500 for answer in answers)


def test_an_exception_is_the_runtimes_own_payload(client: Any) -> None:
    failed = invoke(client, "probe", {"do": "raise"})
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload["errorType"] == "ValueError"
    assert failed.payload["errorMessage"] == "nothing works"
    assert failed.payload["requestId"] == report_of(failed).request_id
    assert "[ERROR] ValueError: nothing works" in failed.log
    assert invoke(client, "probe").error is None


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"do": "kill", "signal": 9}, "Runtime exited with error: signal: killed"),
        ({"do": "kill", "signal": 11}, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_runtime_that_exits(client: Any, event: dict[str, object], ending: str) -> None:
    died = invoke(client, "probe", event)
    report = report_of(died)
    message = f"RequestId: {report.request_id} Error: {ending}"
    assert died.error == "Unhandled"
    assert died.payload == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert (report.status, report.error_type) == ("error", "Runtime.ExitError")
    assert message in died.log
    before, after = died.log, invoke(client, "probe")
    assert (after.error, after.payload["runs"]) == (None, 1), "the runtime is started again"
    assert report_of(after).init_ms is None, "inside the invocation"
    assert report_of(after).duration_ms > 10, before


def test_a_timeout_kills_the_environment(server: LocalServer, client: Any) -> None:
    server.create("slow", timeout_s=3)  # the next one starts the runtime within it
    late = invoke(client, "slow", {"do": "sleep", "s": 30})
    report = report_of(late)
    assert late.error == "Unhandled"
    assert late.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {report.request_id} Error: Task timed out after 3.00 seconds",
    }
    assert (report.status, report.duration_ms) == ("timeout", 3000)
    assert report.billed_ms == math.ceil(3000 + (report.init_ms or 0))
    assert "Task timed out after 3.00 seconds" in late.log
    assert invoke(client, "slow").payload["runs"] == 1


def test_out_of_memory(server: LocalServer, client: Any) -> None:
    if server.ready["memory_enforcement"] == "none":
        pytest.skip("this host enforces no memory limit")
    server.create("hungry", memory_mb=128)
    died = invoke(client, "hungry", {"do": "eat"})
    report = report_of(died)
    assert died.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {report.request_id} Error: Runtime exited with error: signal: killed",
    }
    assert (report.status, report.error_type) == ("error", "Runtime.OutOfMemory")
    assert report.max_memory_used_mb == 128


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("import a_module_that_is_not_there", "Runtime.ImportModuleError"),
        ("1 / 0", "ZeroDivisionError"),
        ("this is no python", "Runtime.UserCodeSyntaxError"),
        ("other = None", "Runtime.HandlerNotFound"),
        ("import os; os._exit(5)", "Runtime.ExitError"),
    ],
)
def test_a_failing_init_is_tried_again_inside_each_invocation(
    server: LocalServer, client: Any, source: str, error_type: str
) -> None:
    name = f"broken-{error_type.replace('.', '-')}"
    server.create(name, probe=source)
    for phases in (["init", "invoke"], ["invoke"]):
        failed = invoke(client, name)
        assert failed.error == "Unhandled"
        assert failed.payload["errorType"] == error_type
        report = report_of(failed)
        assert (report.status, report.error_type, report.init_ms) == ("error", error_type, None)
        init_report = rf"INIT_REPORT .*Phase: (\w+)\tStatus: error\tError Type: {error_type}\n"
        assert re.findall(init_report, failed.log) == phases


def test_other_memory_means_another_environment(server: LocalServer, client: Any) -> None:
    server.create("resized", memory_mb=256)
    before = invoke(client, "resized")
    answer = client.update_function_configuration(FunctionName="resized", MemorySize=1024)
    assert (answer["MemorySize"], answer["LastUpdateStatus"]) == (1024, "Successful")
    after = invoke(client, "resized")
    assert (report_of(before).memory_mb, report_of(after).memory_mb) == (256, 1024)
    assert after.payload["environment"] != before.payload["environment"]
    assert report_of(after).init_ms is not None


def test_a_busy_environment_finishes_before_it_is_retired(server: LocalServer, client: Any) -> None:
    server.create("finishing")
    pids = set(server.environment_pids())
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, client, "finishing", {"do": "sleep", "s": 1.5})
        wait_until(lambda: set(server.environment_pids()) - pids)
        client.update_function_configuration(FunctionName="finishing", Timeout=10)
        old = running.result()
    new = invoke(client, "finishing")
    assert old.error is None
    assert new.payload["environment"] != old.payload["environment"]


def test_new_code_runs_in_a_new_environment(server: LocalServer, client: Any) -> None:
    server.create("recoded", probe="def handler(event, context): return 1")
    assert invoke(client, "recoded").payload == 1
    client.update_function_code(
        FunctionName="recoded", ZipFile=package(probe="def handler(event, context): return 2")
    )
    assert invoke(client, "recoded").payload == 2


def test_event_and_dry_run(client: Any, seen_folder: Path) -> None:
    event = json.dumps({"do": "touch", "path": str(seen_folder / "run")})
    dry = json.dumps({"do": "touch", "path": str(seen_folder / "dry")})
    assert client.invoke(FunctionName="probe", InvocationType="DryRun", Payload=dry)["StatusCode"] == 204
    assert client.invoke(FunctionName="probe", InvocationType="Event", Payload=event)["StatusCode"] == 202
    assert wait_until((seen_folder / "run").exists)
    assert not (seen_folder / "dry").exists()


def test_the_context_object(server: LocalServer, client: Any) -> None:
    custom = {"custom": {"näme": "wért\nzwei"}}
    encoded = base64.b64encode(json.dumps(custom, ensure_ascii=False).encode()).decode()
    answer = invoke(client, "probe", {"do": "context"}, ClientContext=encoded)
    assert answer.payload["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:probe"
    assert 15_000 < answer.payload["left_ms"] <= 20_000
    assert answer.payload["request_id"] == report_of(answer).request_id
    assert answer.payload["memory"] == "512"
    assert answer.payload["custom"] == custom["custom"]
    root = answer.payload["trace"].split(";")[0]
    assert abs(int(root.removeprefix("Root=1-").split("-")[0], 16) - time.time()) < 60


def test_the_environment_variables_start_from_nothing(server: LocalServer, client: Any) -> None:
    client.update_function_configuration(
        FunctionName="probe", Environment={"Variables": {"COLOUR": "blue", "TZ": "Europe/Vienna"}}
    )
    environ = invoke(client, "probe", {"do": "environ"}).payload
    assert environ["COLOUR"] == "blue"
    assert environ["TZ"] == "Europe/Vienna"
    assert environ["AWS_REGION"] == "us-east-1"
    assert environ["_HANDLER"] == "probe.handler"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", environ["AWS_LAMBDA_LOG_STREAM_NAME"])
    assert "HOME" not in environ
    assert server.ready["secret_access_key"] not in environ.values()


@pytest.mark.parametrize(
    "name",
    [
        "probe",
        "probe:$LATEST",
        "000000000000:function:probe",
        "arn:aws:lambda:us-east-1:000000000000:function:probe",
        "arn:aws:lambda:us-east-1:000000000000:function:probe:$LATEST",
    ],
)
def test_every_form_of_a_function_name(client: Any, name: str) -> None:
    assert invoke(client, name, {"n": 1}).payload["event"] == {"n": 1}


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"FunctionName": "nobody"}, 404, "ResourceNotFoundException"),
        ({"FunctionName": "probe", "TenantId": "one"}, 400, "InvalidParameterValueException"),
        ({"FunctionName": "probe", "DurableExecutionName": "one"}, 400, "InvalidParameterValueException"),
        ({"FunctionName": "probe:live"}, 404, "ResourceNotFoundException"),
        ({"FunctionName": "probe", "Qualifier": "7"}, 404, "ResourceNotFoundException"),
        (
            {"FunctionName": "arn:aws:lambda:eu-west-1:000000000000:function:probe"},
            404,
            "ResourceNotFoundException",
        ),
        ({"FunctionName": "no such name"}, 400, "ValidationException"),
        ({"FunctionName": "probe", "Payload": "{"}, 400, "InvalidRequestContentException"),
        ({"FunctionName": "probe", "Payload": b"[" * 200_000}, 400, "InvalidRequestContentException"),
        ({"FunctionName": "probe", "ClientContext": "%%%"}, 400, "InvalidRequestContentException"),
        ({"FunctionName": "probe", "InvocationType": "Later"}, 400, "ValidationException"),
        ({"FunctionName": "probe", "LogType": "Head"}, 400, "ValidationException"),
        ({"FunctionName": "probe", "Payload": b'"' + b"x" * 6291456 + b'"'}, 413, "RequestTooLargeException"),
        (
            {"FunctionName": "probe", "InvocationType": "Event", "Payload": b'"' + b"x" * 1048576 + b'"'},
            413,
            "RequestTooLargeException",
        ),
    ],
)
def test_refusals(client: Any, options: dict[str, object], status: int, code: str) -> None:
    assert refusal(client.invoke, **options) == (status, code)


def test_an_unknown_function_is_named_by_its_arn(client: Any) -> None:
    with pytest.raises(
        ClientError, match=r"Function not found: arn:aws:lambda:us-east-1:\d+:function:nobody"
    ):
        client.invoke(FunctionName="nobody")


def test_six_megabytes_pass(server: LocalServer, client: Any) -> None:
    server.create("size", probe="def handler(event, context): return len(event)")
    longest = "x" * (6 * 1024 * 1024 - 2)
    assert invoke(client, "size", longest).payload == len(longest)
    assert invoke(client, "probe", {"do": "large", "bytes": 6_000_000}).payload == "x" * 6_000_000


def test_a_larger_response_is_refused(client: Any) -> None:
    refused = invoke(client, "probe", {"do": "large", "bytes": 7_000_000})
    assert refused.error == "Unhandled"
    assert refused.payload["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_payload_function_waits_for_its_upstream(client: Any) -> None:
    event = {
        "schema": 1,
        "workload": {"kind": "http", "tasks": 3, "task_ms": 200, "work": 1, "url": None},
        "concurrency": {"model": "threads", "workers": 3},
    }
    answer = invoke(client, "lambda-tui-python", event)
    assert answer.error is None, answer.payload
    assert answer.payload["completed"] == 3
    assert answer.payload["handler_ms"] >= 200
    assert answer.payload["environment_id"] in answer.log or answer.payload["cold"]


@pytest.mark.timed
def test_cpu_follows_memory(server: LocalServer, client: Any) -> None:
    """CPU time over wall time of the same invocation: a busy host can only make it smaller."""
    if server.ready["cpu_enforcement"] == "none":
        pytest.skip("this host enforces no CPU quota")
    source = (
        "import time\n"
        "def handler(event, context):\n"
        "    wall, cpu = time.perf_counter(), time.process_time()\n"
        "    while time.process_time() - cpu < 0.1: pass\n"
        "    return (time.process_time() - cpu) / (time.perf_counter() - wall)\n"
    )
    server.create("computing", memory_mb=256, probe=source)
    shares = [invoke(client, "computing").payload for _ in range(2)]
    assert max(shares) < 256 / 1769 * 1.35


def test_the_response_says_what_the_host_did(server: LocalServer, client: Any) -> None:
    source = (
        "import time\n"
        "def handler(event, context):\n"
        "    began = time.process_time()\n"
        "    while time.process_time() - began < event['cpu_s']: pass\n"
        "    return (time.process_time() - began) * 1000\n"
    )
    server.create("measured", memory_mb=256, probe=source)

    def figures(cpu_s: float) -> tuple[float, float, int, float]:
        response = client.invoke(FunctionName="measured", Payload=json.dumps({"cpu_s": cpu_s}))
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        assert re.fullmatch(r"[0-9a-f]{32}", headers["x-lambda-tui-environment-id"])
        return (
            json.loads(response["Payload"].read()),
            float(headers["x-lambda-tui-cpu-ms"]),
            int(headers["x-lambda-tui-throttled-periods"]),
            float(headers["x-lambda-tui-throttled-ms"]),
        )

    figures(0)
    used_ms, cpu_ms, periods, throttled_ms = figures(0.1)
    assert used_ms <= cpu_ms <= used_ms * 1.2 + 5
    idle = figures(0)
    assert idle[1] < 10
    if server.ready["cpu_enforcement"].startswith("cgroup"):
        # 100 ms of CPU at 2.9 ms in each period of 20 ms: about 34 periods.
        assert 15 <= periods <= 45
        assert throttled_ms > 200


def streamed(client: Any, **options: Any) -> tuple[bytes, dict[str, str]]:
    answer = client.invoke_with_response_stream(**options)
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    events = list(answer["EventStream"])
    assert [list(event) for event in events[:-1]] == [["PayloadChunk"]] * (len(events) - 1)
    return b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1]), events[-1]["InvokeComplete"]


def test_a_response_stream_carries_what_invoke_would(client: Any) -> None:
    body, complete = streamed(client, FunctionName="probe", Payload=b'{"do": "large", "bytes": 200000}')
    assert json.loads(body) == "x" * 200_000
    assert complete == {}

    body, complete = streamed(client, FunctionName="probe", Payload=b"{}", LogType="Tail")
    assert "environment" in json.loads(body)
    assert "REPORT RequestId" in base64.b64decode(complete["LogResult"]).decode()


def test_a_response_stream_ends_with_the_functions_error(client: Any) -> None:
    body, complete = streamed(client, FunctionName="probe", Payload=b'{"do": "raise"}')
    assert body == b""
    assert complete["ErrorCode"] == "Unhandled"
    assert "errorMessage" in json.loads(complete["ErrorDetails"])


def test_a_response_stream_is_refused_as_invoke_is(client: Any) -> None:
    stream = client.invoke_with_response_stream
    assert refusal(stream, FunctionName="nobody") == (404, "ResourceNotFoundException")
    assert refusal(stream, FunctionName="probe", InvocationType="Event") == (400, "ValidationException")
    dry = stream(FunctionName="probe", InvocationType="DryRun")
    dry["EventStream"].close()
    assert dry["StatusCode"] == 204
