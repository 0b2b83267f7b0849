"""The operations on functions, through boto3 (which checks our answers' shapes by parsing them)."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_tui.local_lambda.scheduling.scheduler import host_environments
from tests.local_lambda.local_server import PROBE, ROLE, LocalServer, invoke, package

CODE = {"ZipFile": package(probe=PROBE)}
BASE = {"Runtime": "python3.12", "Role": ROLE, "Handler": "probe.handler", "Code": CODE}


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Any:
    return server.client()


def refusal(call: Any, **options: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def zip_with(name: str, *, mode: int = stat.S_IFREG | 0o644, size: int = 1) -> bytes:
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, b"\0" * size, zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


def test_the_life_of_a_function(client: Any) -> None:
    created = client.create_function(
        FunctionName="life", Description="first", Environment={"Variables": {"COLOUR": "1"}}, **BASE
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:life"
    assert (created["MemorySize"], created["Timeout"], created["State"]) == (128, 3, "Active")
    assert created["CodeSize"] == len(CODE["ZipFile"])

    changed = client.update_function_configuration(
        FunctionName="life",
        MemorySize=1769,
        Timeout=900,
        Handler="probe.other",
        Description="second",
        Environment={"Variables": {"SHAPE": "2"}},
        RevisionId=created["RevisionId"],
    )
    assert changed["RevisionId"] != created["RevisionId"]
    configuration = client.get_function_configuration(FunctionName="life")
    assert {
        "MemorySize": 1769,
        "Timeout": 900,
        "Handler": "probe.other",
        "Description": "second",
        "Environment": {"Variables": {"SHAPE": "2"}},
        "CodeSha256": created["CodeSha256"],
    }.items() <= configuration.items()

    recoded = client.update_function_code(FunctionName="life", ZipFile=package(probe="x = 1"))
    assert recoded["CodeSha256"] != created["CodeSha256"]
    assert client.get_function(FunctionName="life")["Configuration"]["RevisionId"] == recoded["RevisionId"]
    client.get_waiter("function_active_v2").wait(FunctionName="life")
    client.get_waiter("function_updated_v2").wait(FunctionName="life")

    client.delete_function(FunctionName="life")
    assert refusal(client.get_function, FunctionName="life")[0] == "ResourceNotFoundException"


def test_functions_are_listed_in_pages(client: Any) -> None:
    for number in range(5):
        client.create_function(FunctionName=f"page-{number}", **BASE)
    pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    assert names == sorted(names)
    assert {"lambda-tui-python", "probe", *(f"page-{number}" for number in range(5))} <= set(names)
    assert len(pages) == -(-len(names) // 2)


def test_the_payload_function_is_there(client: Any) -> None:
    function = client.get_function_configuration(FunctionName="lambda-tui-python")
    assert (function["MemorySize"], function["Timeout"]) == (512, 30)
    assert function["Environment"]["Variables"]["UPSTREAM_URL"].startswith("http://127.0.0.1:")


def test_account_settings(server: LocalServer, client: Any) -> None:
    settings, ready = client.get_account_settings(), server.ready
    watched = ready["cpu_enforcement"] == "duty-cycle" or ready["memory_enforcement"] == "rss"
    assert settings["AccountLimit"]["ConcurrentExecutions"] == host_environments(watched=watched)
    assert settings["AccountUsage"]["FunctionCount"] == len(client.list_functions()["Functions"])


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"MemorySize": 127}, "ValidationException", "Value '127' at 'memorySize'"),
        ({"MemorySize": 10241}, "ValidationException", "less than or equal to 10240"),
        ({"Timeout": 0}, "ValidationException", "Value '0' at 'timeout'"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"EphemeralStorage": {"Size": 10}}, "ValidationException", "'ephemeralStorage.size'"),
        ({"MemorySize": "much"}, "ValidationException", "MemorySize"),
        ({"Environment": {"Variables": {"COLOUR": "x" * 4096}}}, "InvalidParameterValueException", "4KB"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "COLOUR": "y"}}},
            "InvalidParameterValueException",
            "Reserved keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"COLOUR": "\0"}}}, "InvalidParameterValueException", "NUL"),
        (
            {"Environment": {"Variables": {"COLOUR": "\ud800"}}},
            "InvalidParameterValueException",
            "surrogates",
        ),
        ({"Environment": {"Variables": {"NO-NAME": ""}}}, "ValidationException", "environment.variables"),
        ({"Handler": "two words"}, "ValidationException", "'handler'"),
        ({"Role": "me", "Timeout": 0}, "ValidationException", "2 validation errors"),
        ({"KMSKeyArn": "arn:aws:kms:key"}, "InvalidParameterValueException", "KMSKeyArn"),
        ({"Runtime": "nodejs22.x"}, "InvalidParameterValueException", "Python"),
        ({"RevisionId": "other"}, "PreconditionFailedException", "Revision Id"),
    ],
)
def test_changes_that_are_refused(client: Any, changes: dict[str, object], code: str, words: str) -> None:
    before = client.get_function_configuration(FunctionName="probe")["RevisionId"]
    error_code, message = refusal(client.update_function_configuration, FunctionName="probe", **changes)
    assert error_code == code
    assert words in message
    assert client.get_function_configuration(FunctionName="probe")["RevisionId"] == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FunctionName": "probe"}, "ResourceConflictException"),
        ({"FunctionName": "no such name"}, "ValidationException"),
        ({"Handler": None}, "InvalidParameterValueException"),
        ({"Role": None}, "ValidationException"),
        ({"PackageType": "Image"}, "InvalidParameterValueException"),
        ({"Architectures": ["sparc"]}, "ValidationException"),
        ({"Runtime": "python4"}, "ValidationException"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": zip_with("../outside.py")}}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": zip_with("/outside.py")}}, "InvalidParameterValueException"),
        (
            {"Code": {"ZipFile": zip_with("link", mode=stat.S_IFLNK | 0o777)}},
            "InvalidParameterValueException",
        ),
        ({"Code": {"ZipFile": zip_with("bomb", size=251 * 1024 * 1024)}}, "InvalidParameterValueException"),
    ],
)
def test_creations_that_are_refused(client: Any, changes: dict[str, object], code: str) -> None:
    given = {"FunctionName": "refused", **BASE, **changes}
    error_code, _ = refusal(
        client.create_function, **{name: value for name, value in given.items() if value is not None}
    )
    assert error_code == code
    assert refusal(client.get_function, FunctionName="refused")[0] == "ResourceNotFoundException"


def test_what_is_not_there_says_so(client: Any) -> None:
    code, message = refusal(client.list_layers)
    assert code == "NotImplementedException"
    assert "ListLayers" in message


def test_refused_packages_leave_nothing(client: Any) -> None:
    environ = invoke(client, "probe", {"do": "environ"}).payload
    root = Path(environ["LAMBDA_TASK_ROOT"])
    before = sorted(root.parent.iterdir())
    refusal(client.update_function_code, FunctionName="probe", ZipFile=zip_with("../outside.py"))
    assert sorted(root.parent.iterdir()) == before
    assert root.parents[1].stat().st_mode & 0o077 == 0
