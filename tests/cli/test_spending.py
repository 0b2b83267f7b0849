"""The question before money is spent."""

from __future__ import annotations

import io
import sys

import pytest

from lambda_tui.cli.spending import confirm_spending
from lambda_tui.errors import Interrupted, InvalidInput
from lambda_tui.scenario import Scenario
from tests.targets.fake import FakeTarget

SCENARIO = Scenario(invocations=100, memory_mb=512, timeout_s=30, task_ms=300, tasks=3)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_estimate_is_shown_and_only_yes_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, goes_on: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    target = FakeTarget(costs_money=True)
    try:
        if goes_on:
            confirm_spending(target, SCENARIO, yes=False)
        else:
            with pytest.raises(Interrupted, match="Nothing was invoked"):
                confirm_spending(target, SCENARIO, yes=False)
    finally:
        target.close()
    asked = capsys.readouterr()
    # 100 x (0.5 GB x 0.9 s x $0.0000166667 + $0.0000002), and with 10 s of INIT before the timeout of 30 s.
    assert "This invokes lambda-tui-python on fake · none · us-east-1 100 times. " in asked.err
    assert "$0.000770 to at most $0.0334 at us-east-1 prices; a run stops at $0.05. Go on?" in asked.err
    assert asked.out == ""
    assert target.traffic.invocations == 0


def test_nobody_is_asked_for_this_machine_or_with_yes(capsys: pytest.CaptureFixture[str]) -> None:
    for target, yes in ((FakeTarget(), False), (FakeTarget(costs_money=True), True)):
        confirm_spending(target, SCENARIO, yes=yes)
        assert not target.is_alive()
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_there_is_no_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    target = FakeTarget(costs_money=True)
    with pytest.raises(InvalidInput, match="Give --yes"):
        confirm_spending(target, SCENARIO, yes=False)
    assert not target.is_alive()
