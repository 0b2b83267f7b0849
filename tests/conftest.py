"""For the whole suite: no test sees this user's data folder, and generated tests have no deadline."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

# A busy two-core machine makes any single example slow; that says nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

_data_dir = pytest.StashKey[TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_data_dir] = TemporaryDirectory(prefix="lambda-tui-tests-")
    os.environ["LAMBDA_TUI_DATA_DIR"] = config.stash[_data_dir].name


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_data_dir].cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A failure of a timed test may be the machine's; any other is the code's."""
    reports = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    failed = [report for report in reports if isinstance(report, pytest.TestReport)]
    if failed:
        timed = sum("timed" in report.keywords for report in failed)
        terminalreporter.write_line(f"{timed} of the failed tests are timed, {len(failed) - timed} are not.")
