"""`lambda-tui` as a user starts it: a separate process, with its own data folder and no AWS settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "lambda_tui"]
TIMEOUT_S = 90


@dataclass(frozen=True, slots=True)
class Program:
    """Runs the command line; `data` is its data folder."""

    data: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_TUI"))
        }
        home = str(self.data.parent)
        return {**kept, "HOME": home, "LAMBDA_TUI_DATA_DIR": str(self.data), **self.variables}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=TIMEOUT_S,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def document(self, *arguments: str) -> dict[str, Any]:
        """The JSON that a successful command prints."""
        done = self(*arguments)
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def recorded(self) -> list[dict[str, Any]]:
        """The run history, newest first."""
        runs: list[dict[str, Any]] = self.document("history", "list", "--json")["runs"]
        return runs
