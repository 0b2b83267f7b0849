"""The same control-plane calls to the embedded Lambda and to moto's server: two readings of one API.

moto is an independent implementation, checked by its authors against AWS. Where the two differ, the
difference is listed here with which is right and the source.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local_lambda.local_server import LocalServer, package

moto_server = pytest.importorskip("moto.server", reason="moto is not installed: no second implementation")

CODE = package(probe="def handler(event, context): return 1")
OTHER_CODE = package(probe="def handler(event, context): return 2")
ARN = "arn:aws:lambda:us-east-1:{account}:function:twin"

STEPS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "create",
        "create_function",
        {
            "Runtime": "python3.12",
            "Role": "arn:aws:iam::{account}:role/twin",
            "Handler": "probe.handler",
            "Code": {"ZipFile": CODE},
            "MemorySize": 256,
            "Timeout": 7,
            "Description": "first",
            "Environment": {"Variables": {"COLOUR": "red"}},
            "Tags": {"team": "blue"},
        },
    ),
    (
        "create again",
        "create_function",
        {
            "Runtime": "python3.12",
            "Role": "arn:aws:iam::{account}:role/twin",
            "Handler": "probe.handler",
            "Code": {"ZipFile": CODE},
        },
    ),
    ("get", "get_function", {}),
    ("get configuration", "get_function_configuration", {}),
    ("get configuration of $LATEST", "get_function_configuration", {"Qualifier": "$LATEST"}),
    ("get by ARN", "get_function_configuration", {"FunctionName": ARN}),
    ("get nobody", "get_function", {"FunctionName": "nobody"}),
    ("get version before there is one", "get_function", {"Qualifier": "1"}),
    ("publish", "publish_version", {"Description": "one"}),
    ("publish unchanged", "publish_version", {}),
    ("get version", "get_function_configuration", {"Qualifier": "1"}),
    ("resize", "update_function_configuration", {"MemorySize": 1024, "Timeout": 9}),
    ("recolour", "update_function_configuration", {"Environment": {"Variables": {"COLOUR": "blue"}}}),
    ("new code", "update_function_code", {"ZipFile": OTHER_CODE}),
    ("publish the second", "publish_version", {}),
    ("the first has not changed", "get_function_configuration", {"Qualifier": "1"}),
    ("list versions", "list_versions_by_function", {}),
    ("alias", "create_alias", {"Name": "live", "FunctionVersion": "1", "Description": "to all"}),
    ("alias again", "create_alias", {"Name": "live", "FunctionVersion": "1"}),
    ("alias for nothing", "create_alias", {"Name": "lost", "FunctionVersion": "9"}),
    ("get alias", "get_alias", {"Name": "live"}),
    ("get no alias", "get_alias", {"Name": "lost"}),
    (
        "weigh alias",
        "update_alias",
        {
            "Name": "live",
            "FunctionVersion": "2",
            "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.25}},
        },
    ),
    ("get by alias", "get_function_configuration", {"Qualifier": "live"}),
    ("list aliases", "list_aliases", {}),
    ("reserve", "put_function_concurrency", {"ReservedConcurrentExecutions": 3}),
    ("get reserved", "get_function_concurrency", {}),
    ("unreserve", "delete_function_concurrency", {}),
    ("get unreserved", "get_function_concurrency", {}),
    ("no policy", "get_policy", {}),
    ("no URL", "get_function_url_config", {}),
    ("tag", "tag_resource", {"Resource": ARN, "Tags": {"stage": "test"}}),
    ("tags", "list_tags", {"Resource": ARN}),
    ("untag", "untag_resource", {"Resource": ARN, "TagKeys": ["team"]}),
    ("tags left", "list_tags", {"Resource": ARN}),
    ("delete alias", "delete_alias", {"Name": "live"}),
    ("delete version", "delete_function", {"Qualifier": "1"}),
    ("the version is gone", "get_function_configuration", {"Qualifier": "1"}),
    ("list", "list_functions", {}),
    ("delete", "delete_function", {}),
    ("gone", "get_function", {}),
    ("delete again", "delete_function", {}),
]

OURS_ALONE = {
    "alias again": "CreateAlias has ResourceConflictException; the service model has no ConflictException",
    "get alias": "the service model gives GetAlias 200, not 201",
    "weigh alias": "the service model gives UpdateAlias 200, not 201",
    "get by alias": "AWS gives the ARN with the qualifier it was asked for with (GetFunctionConfiguration)",
    "tag": "the service model gives TagResource 204, not 200",
    "delete alias": "the service model gives DeleteAlias 204, not 201",
}
"""Steps whose answers differ, and why ours stands."""

UNSTABLE = {"LastModified", "RevisionId", "Location", "RepositoryType", "ResponseMetadata"}


class Twin:
    """One of the two, with the account it pretends to be."""

    def __init__(self, client: Any, account: str) -> None:
        self._client = client
        self._account = account

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        given = self._with_account({"FunctionName": "twin", **parameters})
        if "Resource" in given or operation in ("list_functions",):
            del given["FunctionName"]
        try:
            response = getattr(self._client, operation)(**given)
        except ClientError as error:
            return {
                "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
                "error": error.response["Error"]["Code"],
            }
        return {
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            **self._without_account(stable(response)),
        }

    def _with_account(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._with_account(inner) for name, inner in value.items()}
        return value.replace("{account}", self._account) if isinstance(value, str) else value

    def _without_account(self, value: Any) -> Any:
        return json.loads(json.dumps(value).replace(self._account, "{account}"))


def stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: stable(inner) for name, inner in value.items() if name not in UNSTABLE}
    if isinstance(value, list):
        items = [stable(inner) for inner in value]
        return [
            inner
            for inner in items
            if not isinstance(inner, dict) or inner.get("FunctionName", "twin") == "twin"
        ]
    return value


def shared(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Both without the members that only one of them has."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = {name: shared(ours[name], theirs[name]) for name in ours.keys() & theirs.keys()}
        return {name: pair[0] for name, pair in pairs.items()}, {
            name: pair[1] for name, pair in pairs.items()
        }
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        both = [shared(our_item, their_item) for our_item, their_item in zip(ours, theirs, strict=True)]
        return [pair[0] for pair in both], [pair[1] for pair in both]
    return ours, theirs


@pytest.fixture(scope="module")
def answers(server: LocalServer) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Both answers to every step, in order."""
    with moto() as endpoint:
        keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
        options = {"endpoint_url": endpoint, "region_name": "us-east-1", **keys}
        boto3.client("iam", **options).create_role(RoleName="twin", AssumeRolePolicyDocument="{}")
        once = Config(retries={"total_max_attempts": 1})
        theirs = Twin(boto3.client("lambda", config=once, **options), "123456789012")
        ours = Twin(server.client(), "000000000000")
        return {
            name: (ours.answer(operation, parameters), theirs.answer(operation, parameters))
            for name, operation, parameters in STEPS
        }


@contextlib.contextmanager
def moto() -> Iterator[str]:
    with contextlib.redirect_stderr(io.StringIO()):
        running = moto_server.ThreadedMotoServer(port=0, verbose=False)
        running.start()
        try:
            _, port = running.get_host_and_port()
            yield f"http://127.0.0.1:{port}"
        finally:
            running.stop()


@pytest.mark.parametrize("step", [name for name, _, _ in STEPS if name not in OURS_ALONE])
def test_both_say_the_same(answers: dict[str, tuple[dict[str, Any], dict[str, Any]]], step: str) -> None:
    ours, theirs = shared(*answers[step])
    assert ours == theirs


@pytest.mark.parametrize("step", OURS_ALONE)
def test_a_known_difference_is_still_one(
    answers: dict[str, tuple[dict[str, Any], dict[str, Any]]], step: str
) -> None:
    ours, theirs = shared(*answers[step])
    assert ours != theirs, f"no longer: {OURS_ALONE[step]}"
