"""Documents as files: what they are called, and that nothing is ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambda_tui.errors import StorageError
from lambda_tui.tui.export import export_document, run_export
from tests.tui.whatif_alone import run_of


def test_a_second_export_gets_a_number_and_the_first_stays(tmp_path: Path) -> None:
    names = [export_document(("cost", {"n": number}), tmp_path).name for number in range(3)]
    assert names == ["cost.json", "cost-2.json", "cost-3.json"]
    assert [json.loads((tmp_path / name).read_text())["n"] for name in names] == [0, 1, 2]


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    path = export_document(("../../run 1/x", {}), tmp_path)
    assert path.parent == tmp_path
    assert path.name == "..-..-run-1-x.json"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written: No such file"):
        export_document(("cost", {}), tmp_path / "gone")


def test_a_run_is_named_by_what_it_ran() -> None:
    name, document = run_export(run_of(512, "r1", concurrency="threads"))
    assert name == "run-r1-threads-512MB"
    assert document["scenario"]["concurrency"] == "threads"
