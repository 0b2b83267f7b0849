"""AWS and endpoint targets: botocore's own client against a fake Lambda on a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_tui.aws_facts import visible_cores
from lambda_tui.errors import InvalidInput, LambdaTuiError, TargetRefused, TargetUnreachable
from lambda_tui.load.run import Run
from lambda_tui.scenario import Scenario
from lambda_tui.targets import AwsTarget, EndpointTarget, LocalTarget, parse_target
from lambda_tui.targets.functions import is_loopback
from tests.targets.fake import Answer, FakeTarget


def say(line: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def server() -> Iterator[FakeTarget]:
    target = FakeTarget()
    target.open(say)
    yield target
    target.close()


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keys and a region, and none of this machine's AWS files."""
    config = tmp_path / "config"
    config.write_text("[profile known]\nregion = eu-west-1\n")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return tmp_path


@pytest.fixture
def aws(server: FakeTarget, monkeypatch: pytest.MonkeyPatch) -> AwsTarget:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.endpoint)
    return AwsTarget()


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("local", LocalTarget, "local · us-east-1"),
        ("aws", AwsTarget, "aws"),
        ("aws:work", AwsTarget, "aws · work"),
        ("aws:work/eu-west-1", AwsTarget, "aws · work · eu-west-1"),
        ("http://127.0.0.1:9001", EndpointTarget, "http://127.0.0.1:9001 · us-east-1"),
        ("https://lambda.example:8443/", EndpointTarget, "https://lambda.example:8443 · us-east-1"),
    ],
)
def test_every_form_of_target(text: str, kind: type[object], label: str) -> None:
    target = parse_target(text)
    assert isinstance(target, kind)
    assert target.label == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lokal",
        "aws:",
        "aws:a/b/c",
        "aws:a/",
        "ftp://x",
        "http://",
        "http://h:99999",
        "http://h/path",
        "http://u@h",
    ],
)
def test_any_other_target_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_target(text)
    assert caught.value.field == "target"
    assert caught.value.hint


def test_aws_checks_the_function_and_changes_nothing(aws: AwsTarget, server: FakeTarget) -> None:
    aws.open(say)
    deployment = aws.prepare(Scenario(memory_mb=512))
    assert deployment.endpoint == server.endpoint
    assert (deployment.region, deployment.memory_mb, deployment.timeout_s) == ("eu-central-1", 512, 30)
    assert deployment.description.to_document() == {
        "kind": "aws",
        "region": "eu-central-1",
        "endpoint": server.endpoint,
        "cpu_enforcement": "aws",
        "memory_enforcement": "aws",
        "host_cpus": 2,
        "vcpus": 512 / 1769,
        "host_limited": False,
    }
    assert "test-secret" not in repr(deployment)
    assert server.traffic.variables == []


def test_aws_refuses_a_payload_function_of_another_size(aws: AwsTarget) -> None:
    aws.open(say)
    with pytest.raises(
        TargetRefused, match="memory 512 MB instead of 1024 MB, architecture x86_64"
    ) as caught:
        aws.prepare(Scenario(memory_mb=1024, architecture="arm64"))
    assert "--memory 512" in caught.value.hint


def test_a_function_of_ones_own_is_taken_as_it_is(aws: AwsTarget, server: FakeTarget) -> None:
    server.configuration |= {"MemorySize": 2048, "Timeout": 7, "Architectures": ["arm64"]}
    last = list(Run(Scenario(function="mine", invocations=2), aws).snapshots())[-1]
    assert last.stopped_by is None
    assert (last.scenario.memory_mb, last.scenario.timeout_s, last.scenario.architecture) == (
        2048,
        7,
        "arm64",
    )
    assert last.summary.ok == 2


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (
            404,
            "ResourceNotFoundException",
            "no function called lambda-tui-python on AWS Lambda in eu-central-1",
        ),
        (403, "AccessDeniedException", "Access denied"),
        (403, "ExpiredTokenException", "have expired"),
        (403, "UnrecognizedClientException", "not accepted"),
        (503, "ServiceException", "refused with ServiceException"),
    ],
)
def test_refusals_are_one_sentence(
    aws: AwsTarget, server: FakeTarget, status: int, code: str, says: str
) -> None:
    body = json.dumps({"__type": code, "message": "because."}).encode()
    server.configuration_answer = Answer(status=status, body=body)
    aws.open(say)
    with pytest.raises(TargetRefused, match=says):
        aws.prepare(Scenario())


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, b"<!DOCTYPE HTML><html><body>" + b"nothing here " * 50, r"answers with a web page \(404\)"),
        (200, b"<html>hello</html>", "something other than a function's configuration"),
        (200, b'{"hello": 1}', "something other than a function's configuration"),
        (200, b'{"MemorySize": "much", "Timeout": null}', "something other than a function's configuration"),
        (200, b"[1]", "something other than a function's configuration"),
    ],
)
def test_a_server_that_is_no_lambda_is_called_so(
    aws: AwsTarget, server: FakeTarget, status: int, body: bytes, says: str
) -> None:
    server.configuration_answer = Answer(status=status, body=body)
    aws.open(say)
    with pytest.raises(TargetRefused, match=says) as refused:
        aws.prepare(Scenario())
    assert len(str(refused.value)) < 200


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(TargetRefused, match="No credentials were found for AWS Lambda in eu-central-1"):
        AwsTarget().open(say)


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(TargetRefused, match="No AWS region"):
        AwsTarget().open(say)


def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetRefused, match="nobody"):
        AwsTarget("nobody").open(say)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(TargetRefused, match="nobody"):
        AwsTarget().open(say)


def test_a_known_profile_brings_its_region(monkeypatch: pytest.MonkeyPatch, aws_environment: Path) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    keys = "[known]\naws_access_key_id = AKIAKNOWN\naws_secret_access_key = s\n"
    (aws_environment / "credentials").write_text(keys)
    target = AwsTarget("known")
    target.open(say)
    assert target.label == "aws · known · eu-west-1"


def test_a_loopback_endpoint_may_be_reconfigured(server: FakeTarget) -> None:
    target = EndpointTarget(server.endpoint)
    target.open(say)
    deployment = target.prepare(Scenario(memory_mb=1769, timeout_s=9))
    assert (server.configuration["MemorySize"], server.configuration["Timeout"]) == (1769, 9)
    assert (deployment.memory_mb, deployment.timeout_s) == (1769, 9)
    assert deployment.description.kind == "endpoint"
    assert deployment.description.vcpus == 1.0


def test_a_reconfiguration_that_fails_says_why(server: FakeTarget) -> None:
    server.configuration |= {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no room"}
    target = EndpointTarget(server.endpoint)
    target.open(say)
    with pytest.raises(TargetRefused, match="could not be changed: no room"):
        target.prepare(Scenario(memory_mb=1769))


def test_an_unreachable_endpoint(server: FakeTarget) -> None:
    target = EndpointTarget(server.endpoint)
    target.open(say)
    server.close()
    with pytest.raises(TargetUnreachable, match=f"{server.endpoint} cannot be reached") as caught:
        target.prepare(Scenario())
    assert isinstance(caught.value, LambdaTuiError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("https://lambda.us-east-1.amazonaws.com", False),
        ("http://10.0.0.1:1", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_what_is_on_this_machine(endpoint: str, here: bool) -> None:
    assert is_loopback(endpoint) is here


def test_visible_processors_follow_the_memory() -> None:
    assert [visible_cores(size) for size in (128, 3008, 3009, 5308, 7077, 8846, 10240)] == [
        2,
        2,
        3,
        4,
        5,
        6,
        6,
    ]


def test_the_region_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    target = AwsTarget()
    target.open(lambda _line: None)
    assert target.label == "aws · eu-north-1"
