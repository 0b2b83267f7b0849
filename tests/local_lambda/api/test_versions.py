"""Versions, aliases, states and paging, through boto3 with its waiters and paginators."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError, WaiterError

from lambda_tui.local_lambda.functions.runtimes import OWN
from tests.local_lambda.local_server import ROLE, LocalServer, invoke, package, wait_until

ARN = "arn:aws:lambda:us-east-1:000000000000:function"


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Any:
    return server.client()


@pytest.fixture
def name(request: pytest.FixtureRequest, server: LocalServer, client: Any) -> Iterator[str]:
    """A function for one test, which answers with its version and its colour."""
    own = request.node.name.replace("[", "-").replace("]", "").replace("_", "-")[-60:]
    source = (
        "import os\n"
        "def handler(event, context):\n"
        "    return [context.function_version, os.environ.get('COLOUR'), context.invoked_function_arn]\n"
    )
    server.create(own, probe=source)
    yield own
    client.delete_function(FunctionName=own)


def refusal(call: Any, **options: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def paint(client: Any, name: str, colour: str) -> None:
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": colour}})


def test_a_version_is_a_snapshot_with_environments_of_its_own(client: Any, name: str) -> None:
    paint(client, name, "red")
    first = client.publish_version(FunctionName=name, Description="the first")
    assert (first["Version"], first["Description"]) == ("1", "the first")
    assert first["FunctionArn"] == f"{ARN}:{name}:1"
    paint(client, name, "blue")
    second = client.publish_version(FunctionName=name)
    client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="2")

    answers = {
        qualifier: invoke(client, name, Qualifier=qualifier).payload for qualifier in ("1", "2", "$LATEST")
    }
    assert answers == {
        "1": ["1", "red", f"{ARN}:{name}:1"],
        "2": ["2", "blue", f"{ARN}:{name}:2"],
        "$LATEST": ["$LATEST", "blue", f"{ARN}:{name}:$LATEST"],
    }
    read = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert read["Environment"]["Variables"] == {"COLOUR": "red"}
    assert second["RevisionId"] not in (first["RevisionId"], read["RevisionId"])
    again = invoke(client, name, Qualifier="1")
    assert again.report is not None
    assert again.report.init_ms is None, "a change of $LATEST leaves a version's environments alone"


def test_publishing_what_has_not_changed_gives_the_same_version(client: Any, name: str) -> None:
    numbers = [client.publish_version(FunctionName=name)["Version"] for _ in range(2)]
    paint(client, name, "green")
    numbers.append(client.publish_version(FunctionName=name, Description="of the version alone")["Version"])
    numbers.append(client.publish_version(FunctionName=name)["Version"])
    client.update_function_configuration(FunctionName=name, Description="of the function")
    numbers.append(client.publish_version(FunctionName=name)["Version"])
    assert numbers == ["1", "1", "2", "2", "3"]


def test_publishing_what_was_not_expected_is_refused(client: Any, name: str) -> None:
    current = client.get_function_configuration(FunctionName=name)
    code, _ = refusal(client.publish_version, FunctionName=name, CodeSha256="other")
    assert code == "InvalidParameterValueException"
    code, _ = refusal(client.publish_version, FunctionName=name, RevisionId="other")
    assert code == "PreconditionFailedException"
    published = client.publish_version(
        FunctionName=name, CodeSha256=current["CodeSha256"], RevisionId=current["RevisionId"]
    )
    assert published["Version"] == "1"


def test_publish_with_creation_and_with_new_code(client: Any, server: LocalServer) -> None:
    created = client.create_function(
        FunctionName="published",
        Runtime=OWN.runtime,
        Role=ROLE,
        Handler="probe.handler",
        Publish=True,
        Code={"ZipFile": package(probe="def handler(event, context): return 1")},
    )
    updated = client.update_function_code(
        FunctionName="published", Publish=True, ZipFile=package(probe="def handler(event, context): return 2")
    )
    assert (created["Version"], updated["Version"]) == ("1", "2")
    assert [invoke(client, "published", Qualifier=number).payload for number in ("1", "2")] == [1, 2]
    client.delete_function(FunctionName="published")


def test_numbers_are_never_used_again(client: Any, server: LocalServer) -> None:
    for expected in ("1", "2"):
        server.create("phoenix")
        assert client.publish_version(FunctionName="phoenix")["Version"] == expected
        client.delete_function(FunctionName="phoenix")


def test_aliases(client: Any, name: str) -> None:
    for colour in ("red", "blue"):
        paint(client, name, colour)
        client.publish_version(FunctionName=name)
    created = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="to all")
    assert created["AliasArn"] == f"{ARN}:{name}:live"
    assert invoke(client, f"{name}:live").payload == ["1", "red", f"{ARN}:{name}:live"]
    shown = client.get_function_configuration(FunctionName=name, Qualifier="live")
    assert (shown["Version"], shown["FunctionArn"]) == ("1", f"{ARN}:{name}:live")

    code, _ = refusal(client.update_alias, FunctionName=name, Name="live", RevisionId="other")
    assert code == "PreconditionFailedException"
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RevisionId=created["RevisionId"])
    changed = client.get_alias(FunctionName=name, Name="live")
    assert (changed["FunctionVersion"], changed["Description"]) == ("2", "to all")
    assert invoke(client, name, Qualifier="live").payload[:2] == ["2", "blue"]

    assert refusal(client.delete_function, FunctionName=name, Qualifier="2")[0] == "ResourceConflictException"
    client.delete_function(FunctionName=name, Qualifier="1")
    assert refusal(client.invoke, FunctionName=f"{name}:1")[0] == "ResourceNotFoundException"
    client.delete_alias(FunctionName=name, Name="live")
    client.delete_alias(FunctionName=name, Name="live")
    assert refusal(client.get_alias, FunctionName=name, Name="live")[0] == "ResourceNotFoundException"
    assert refusal(client.invoke, FunctionName=f"{name}:live")[0] == "ResourceNotFoundException"


def test_an_alias_splits_the_traffic_by_weight(client: Any, name: str) -> None:
    for colour in ("red", "blue"):
        paint(client, name, colour)
        client.publish_version(FunctionName=name)
    routing = {"AdditionalVersionWeights": {"2": 0.3}}
    alias = client.create_alias(FunctionName=name, Name="split", FunctionVersion="1", RoutingConfig=routing)
    assert alias["RoutingConfig"] == routing
    executed = Counter(client.invoke(FunctionName=f"{name}:split")["ExecutedVersion"] for _ in range(300))
    # Five standard deviations of 300 draws with a chance of 0.3.
    assert abs(executed["2"] - 90) < 40
    assert executed.total() == executed["1"] + executed["2"]
    client.update_alias(FunctionName=name, Name="split", RoutingConfig={})
    assert "RoutingConfig" not in client.get_alias(FunctionName=name, Name="split")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FunctionVersion": "9"}, "ResourceNotFoundException"),
        ({"FunctionVersion": "live"}, "ValidationException"),
        ({"Name": "123"}, "ValidationException"),
        ({"Name": "no name"}, "ValidationException"),
        ({"FunctionName": "nobody"}, "ResourceNotFoundException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 1.5}}}, "ValidationException"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, "InvalidParameterValueException"),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5, "2": 0.1}}},
            "InvalidParameterValueException",
        ),
    ],
)
def test_aliases_that_are_refused(client: Any, name: str, changes: dict[str, Any], code: str) -> None:
    client.publish_version(FunctionName=name)
    given = {"FunctionName": name, "Name": "live", "FunctionVersion": "1", **changes}
    assert refusal(client.create_alias, **given)[0] == code
    assert client.list_aliases(FunctionName=name)["Aliases"] == []


def test_an_alias_exists_once(client: Any, name: str) -> None:
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    code, _ = refusal(client.create_alias, FunctionName=name, Name="live", FunctionVersion="$LATEST")
    assert code == "ResourceConflictException"


def test_latest_stays(client: Any, name: str) -> None:
    code, _ = refusal(client.delete_function, FunctionName=name, Qualifier="$LATEST")
    assert code == "InvalidParameterValueException"


def test_lists_in_pages(client: Any, name: str) -> None:
    for number in range(1, 6):
        paint(client, name, f"colour {number}")
        client.publish_version(FunctionName=name)
        client.create_alias(FunctionName=name, Name=f"alias-{number}", FunctionVersion=str(number))

    def listed(operation: str, size: int, **options: str) -> list[dict[str, Any]]:
        pages = client.get_paginator(operation).paginate(
            FunctionName=name, PaginationConfig={"PageSize": size}, **options
        )
        key = {"list_aliases": "Aliases", "list_versions_by_function": "Versions"}[operation]
        return [item for page in pages for item in page[key]]

    for size in (1, 2, 50):
        versions = [version["Version"] for version in listed("list_versions_by_function", size)]
        assert versions == ["$LATEST", "1", "2", "3", "4", "5"]
        aliases = [alias["Name"] for alias in listed("list_aliases", size)]
        assert aliases == [f"alias-{number}" for number in range(1, 6)]
    assert [alias["Name"] for alias in listed("list_aliases", 2, FunctionVersion="3")] == ["alias-3"]
    every = client.get_paginator("list_functions").paginate(
        FunctionVersion="ALL", PaginationConfig={"PageSize": 3}
    )
    arns = [function["FunctionArn"] for page in every for function in page["Functions"]]
    assert [arn for arn in arns if f":{name}:" in arn] == [
        f"{ARN}:{name}:{version}" for version in ("$LATEST", "1", "2", "3", "4", "5")
    ]


@pytest.mark.parametrize("encode", [str, lambda text: quote(text, safe="")], ids=["plain", "encoded"])
@pytest.mark.parametrize(
    "form",
    ["{}", "{}:1", "000000000000:function:{}", f"{ARN}:{{}}", f"{ARN}:{{}}:live", "function:{}:live"],
)
def test_every_form_of_a_name_in_the_path(
    launch_open: LocalServer, form: str, encode: Callable[[str], str]
) -> None:
    identifier = form.format("named")
    status, _, body = launch_open.request("GET", f"/2015-03-31/functions/{encode(identifier)}/configuration")
    assert status == 200, body
    assert json.loads(body)["FunctionName"] == "named"


@pytest.fixture(scope="module")
def launch_open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Without authentication, so that the path can be written by hand; and states that take a while."""
    running = LocalServer(tmp_path_factory.mktemp("open"), "--no-auth", "--state-change-seconds", "0.4")
    client = running.client()
    running.create("named")
    client.get_waiter("function_active_v2").wait(FunctionName="named")
    client.publish_version(FunctionName="named")
    client.create_alias(FunctionName="named", Name="live", FunctionVersion="1")
    yield running
    running.stop()


def test_states_that_take_a_while(launch_open: LocalServer) -> None:
    client = launch_open.client()
    created = client.create_function(
        FunctionName="states",
        Runtime=OWN.runtime,
        Role=ROLE,
        Handler="probe.handler",
        Timeout=5,
        Code={"ZipFile": package(probe="def handler(event, context): return context.memory_limit_in_mb")},
    )
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    code, message = refusal(client.invoke, FunctionName="states")
    assert (code, "Pending" in message) == ("ResourceConflictException", True)
    client.get_waiter("function_active_v2").wait(FunctionName="states", WaiterConfig={"Delay": 1})
    assert invoke(client, "states").payload == "128"

    updated = client.update_function_configuration(FunctionName="states", MemorySize=256)
    assert (updated["MemorySize"], updated["LastUpdateStatus"]) == (256, "InProgress")
    assert invoke(client, "states").payload == "128", (
        "the configuration before serves until the change is made"
    )
    code, message = refusal(client.update_function_configuration, FunctionName="states", MemorySize=512)
    assert (code, "in progress" in message) == ("ResourceConflictException", True)
    with pytest.raises(WaiterError):
        client.get_waiter("function_updated_v2").wait(
            FunctionName="states", WaiterConfig={"Delay": 0, "MaxAttempts": 1}
        )
    client.get_waiter("function_updated_v2").wait(FunctionName="states", WaiterConfig={"Delay": 1})
    assert invoke(client, "states").payload == "256"


def test_tags(client: Any, name: str) -> None:
    arn = f"{ARN}:{name}"
    client.tag_resource(Resource=arn, Tags={"team": "blue", "stage": "test"})
    client.untag_resource(Resource=arn, TagKeys=["stage", "absent"])
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "blue"}
    assert client.get_function(FunctionName=name)["Tags"] == {"team": "blue"}


def test_what_a_function_never_has_is_not_found(client: Any, name: str) -> None:
    for operation in ("get_policy", "get_function_url_config", "get_function_event_invoke_config"):
        assert refusal(getattr(client, operation), FunctionName=name)[0] == "ResourceNotFoundException"
    assert client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
    assert client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"


def test_code_that_nothing_runs_any_more_is_removed(server: LocalServer, client: Any) -> None:
    source = "import os\ndef handler(event, context): return [{}, os.environ['LAMBDA_TASK_ROOT']]"
    server.create("recycled", probe=source.format(1))
    _, first = invoke(client, "recycled").payload
    client.publish_version(FunctionName="recycled")
    client.update_function_code(FunctionName="recycled", ZipFile=package(probe=source.format(2)))
    _, second = invoke(client, "recycled").payload
    client.update_function_code(FunctionName="recycled", ZipFile=package(probe=source.format(3)))
    assert wait_until(lambda: not Path(second).exists())
    assert Path(first).exists(), "version 1 still has it"
    assert invoke(client, "recycled", Qualifier="1").payload == [1, first]
    client.delete_function(FunctionName="recycled")
    assert wait_until(lambda: not Path(first).exists())


def test_the_sequence_of_a_memory_tuning_tool(client: Any, name: str) -> None:
    """What AWS Lambda Power Tuning does per memory size, and how it cleans up."""
    before = client.get_function_configuration(FunctionName=name)
    sizes = (128, 512, 1769)
    for memory_mb in sizes:
        client.update_function_configuration(FunctionName=name, MemorySize=memory_mb)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        version = client.publish_version(FunctionName=name)["Version"]
        alias = f"RAM{memory_mb}"
        assert refusal(client.get_alias, FunctionName=name, Name=alias)[0] == "ResourceNotFoundException"
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    client.update_function_configuration(FunctionName=name, MemorySize=before["MemorySize"])
    for memory_mb in sizes:
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        answer = invoke(client, name, {}, Qualifier=f"RAM{memory_mb}")
        assert answer.report is not None
        assert answer.report.memory_mb == memory_mb
    for memory_mb in sizes:
        version = client.get_alias(FunctionName=name, Name=f"RAM{memory_mb}")["FunctionVersion"]
        client.delete_alias(FunctionName=name, Name=f"RAM{memory_mb}")
        client.delete_function(FunctionName=name, Qualifier=version)
    assert len(client.list_versions_by_function(FunctionName=name)["Versions"]) == 1


def test_the_aws_command_line_with_its_waiters(server: LocalServer, name: str, tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_LAMBDA": server.ready["endpoint"],
        "AWS_ACCESS_KEY_ID": server.ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.ready["secret_access_key"],
        "AWS_DEFAULT_REGION": server.ready["region"],
    }

    def aws(*words: str) -> str:
        command = [str(Path(sys.executable).with_name("aws")), "lambda", *words, "--function-name", name]
        done = subprocess.run(
            [*command, "--output", "text"],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    aws("update-function-configuration", "--memory-size", "1769")
    aws("wait", "function-updated-v2")
    assert aws("publish-version", "--query", "Version") == "1"
    aws("wait", "published-version-active", "--qualifier", "1")
    aws("create-alias", "--name", "live", "--function-version", "1")
    executed = aws("invoke", "--qualifier", "live", "--query", "ExecutedVersion", str(tmp_path / "out"))
    assert executed == "1"
    assert json.loads((tmp_path / "out").read_text())[0] == "1"
    assert aws("list-aliases", "--query", "Aliases[].Name") == "live"
