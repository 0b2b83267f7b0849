"""The question before money is spent."""

from __future__ import annotations

import io
import sys

import pytest

from lambda_tui.cli.spending import confirm_spending
from lambda_tui.errors import Interrupted, InvalidInput
from lambda_tui.scenario import Scenario
from lambda_tui.targets.fake import FakeTarget

REMOTE = "https://lambda.example.com"
SCENARIO = Scenario(invocations=100, memory_mb=512, timeout_s=30, task_ms=300, tasks=3)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_estimate_is_shown_and_only_yes_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, goes_on: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    target = FakeTarget()
    try:
        if goes_on:
            confirm_spending(REMOTE, target, SCENARIO, yes=False)
        else:
            with pytest.raises(Interrupted, match="Nothing was invoked"):
                confirm_spending(REMOTE, target, SCENARIO, yes=False)
    finally:
        target.close()
    asked = capsys.readouterr()
    # 100 x (0.5 GB x 0.9 s x $0.0000166667 + $0.0000002), and with 10 s of INIT before the timeout of 30 s.
    assert "100 invocations of lambda-tui-python" in asked.err
    assert "$0.000770 to at most $0.0334 (spend limit $0.05)" in asked.err
    assert asked.out == ""
    assert target.traffic.invocations == 0


def test_nobody_is_asked_for_this_machine_or_with_yes(capsys: pytest.CaptureFixture[str]) -> None:
    target = FakeTarget()
    confirm_spending("http://127.0.0.1:4000", target, SCENARIO, yes=False)
    confirm_spending(REMOTE, target, SCENARIO, yes=True)
    assert capsys.readouterr() == ("", "")
    assert not target.is_alive()


def test_without_a_terminal_there_is_no_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    target = FakeTarget()
    with pytest.raises(InvalidInput, match="Give --yes"):
        confirm_spending(REMOTE, target, SCENARIO, yes=False)
    assert not target.is_alive()
