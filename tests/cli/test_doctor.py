"""`lambda-tui doctor`: true, offline, and silent about secrets."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import get_args

import pytest

from lambda_tui.cli.commands.doctor import command
from lambda_tui.cli.doctor_local import local_lambda_report
from lambda_tui.local_lambda.functions.runtimes import OWN
from lambda_tui.local_lambda.sandbox.isolation import TmpKind
from lambda_tui.local_lambda.sandbox.self_test import Fidelity
from tests.cli.program import Program

SECRET = "wJalrXUtnFEMI-EXAMPLE"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"


def test_the_document(program: Program) -> None:
    document = program.document("doctor", "--json")
    limits = document["local_lambda"]
    assert set(limits.pop("cpu_error_percent")) == {"256_mb", "1024_mb"}
    assert limits.pop("runtimes")[OWN.runtime] == f"Python {OWN.version}"
    assert limits.pop("runtime_client").startswith("awslambdaric")
    assert all(isinstance(sentence, str) for sentence in limits.pop("advice"))
    assert set(limits) == {
        "cpu",
        "memory",
        "processes",
        "visible_cpus",
        "tmp",
        "task_root",
        "shared_memory",
    }
    assert document["schema"] == "lambda-tui/doctor@1"
    assert document["versions"]["textual"].startswith("8.")
    assert limits["cpu"]["enforcement"] in {"cgroup-v1", "cgroup-v2", "duty-cycle", "none"}
    assert document["host"]["cpus"] >= 1
    assert document["data"] == {
        "data_folder": str(program.data),
        "config_folder": document["data"]["config_folder"],
        "writable": True,
        "problem": None,
    }
    assert document["aws"]["credentials_present"] is False


def test_what_it_says_is_what_a_run_is_held_to(program: Program) -> None:
    limits = program.document("doctor", "--quick", "--json")["local_lambda"]
    assert limits["cpu_error_percent"] is None
    run = program.document(
        "run", "--workload", "sleep", "--task-ms", "1", "--invocations", "1", "--json", "-"
    )
    assert run["target"]["cpu_enforcement"] == limits["cpu"]["enforcement"]
    assert run["target"]["memory_enforcement"] == limits["memory"]["enforcement"]


def test_an_unusable_data_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    document = Program(tmp_path / "file").document("doctor", "--quick", "--json")
    assert document["data"]["writable"] is False
    assert "LAMBDA_TUI_DATA_DIR" in document["data"]["problem"]


@pytest.mark.parametrize(
    ("files", "variables", "source"),
    [
        ({}, {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}, "env"),
        (
            {"credentials": f"[default]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n"},
            {},
            "shared-credentials-file",
        ),
        ({"config": "[default]\ncredential_process = touch RAN\n"}, {}, "credential process (not tried)"),
        ({"config": "[profile sso]\nsso_session = x\n"}, {"AWS_PROFILE": "sso"}, "SSO (not tried)"),
        ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}, "container role (not tried)"),
    ],
)
def test_credentials_are_found_without_calling_anyone_and_never_shown(
    tmp_path: Path, files: dict[str, str], variables: dict[str, str], source: str
) -> None:
    (tmp_path / ".aws").mkdir()
    for name, text in files.items():
        (tmp_path / ".aws" / name).write_text(text.replace("RAN", str(tmp_path / "ran")))
    program = Program(tmp_path / "data", variables)
    done = program("doctor", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    assert f'"credentials_source": "{source}"' in done.stdout
    for secret in (SECRET, KEY_ID):
        assert secret not in done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()


def test_an_unknown_profile_is_reported(tmp_path: Path) -> None:
    document = Program(tmp_path / "data", {"AWS_PROFILE": "nobody"}).document("doctor", "--quick", "--json")
    assert document["aws"]["credentials_present"] is False
    assert "nobody" in document["aws"]["problem"]


def test_the_table_names_every_fact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from click.testing import CliRunner  # noqa: PLC0415

    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("lambda_tui.cli.commands.doctor.wants_table", lambda target: True)
    shown = CliRunner().invoke(command, ["--quick"], catch_exceptions=False).stdout
    for fact in ("lambda-tui", "visible cpus", "data folder", "credentials present", "columns"):
        assert fact in shown


@pytest.mark.parametrize("tmp", [*get_args(TmpKind), "charged-tmpfs", "TMPDIR"])
def test_each_kind_of_tmp_is_explained_and_the_lesser_ones_have_advice(
    monkeypatch: pytest.MonkeyPatch, tmp: str
) -> None:
    enforcement = {"cpu": "cgroup-v2", "processes": "pids-cgroup", "tmp": tmp}
    monkeypatch.setattr(
        "lambda_tui.local_lambda.sandbox.self_test.two_second_test", lambda: (enforcement, [])
    )
    report = local_lambda_report(measured=True)
    assert report["tmp"]["enforcement"] == tmp
    assert "private" in report["tmp"]["note"]
    if sys.platform == "linux":
        assert bool(report["advice"]) == (tmp in ("charged-tmpfs", "TMPDIR"))


@pytest.mark.parametrize("how", ["pids-cgroup", "user-namespace", "own-user", "user-limit", "none"])
def test_each_limit_on_processes_is_explained(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    enforcement = {"cpu": "cgroup-v2", "processes": how, "tmp": "block-device"}
    monkeypatch.setattr(
        "lambda_tui.local_lambda.sandbox.self_test.two_second_test", lambda: (enforcement, [])
    )
    report = local_lambda_report(measured=True)
    assert ("1024" in report["processes"]["note"]) == (how != "none")
    if sys.platform == "linux":
        assert bool(report["advice"]) == (how == "none" and os.geteuid() == 0)


@pytest.mark.parametrize(("error_percent", "is_busy"), [(-8.0, False), (4.0, False), (66.0, True)])
def test_a_host_that_is_busy_with_something_else_is_called_so(
    monkeypatch: pytest.MonkeyPatch, error_percent: float, is_busy: bool
) -> None:
    enforcement = {"cpu": "cgroup-v2", "processes": "pids-cgroup", "tmp": "block-device"}
    measurements = [Fidelity(256, 1000, 100, 1.0), Fidelity(1024, 1000, 100, error_percent)]
    monkeypatch.setattr(
        "lambda_tui.local_lambda.sandbox.self_test.two_second_test", lambda: (enforcement, measurements)
    )
    advice = local_lambda_report(measured=True)["advice"]
    assert any("66 % too slow" in sentence for sentence in advice) is is_busy
