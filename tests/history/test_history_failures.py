"""Files that cannot be used, and files of other versions."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lambda_tui.errors import StorageError
from lambda_tui.folders import config_folder, data_folder
from lambda_tui.history import HistoryStore
from lambda_tui.history.schema import MIGRATIONS, migrate
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import STARTED_AT, invocation

ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from lambda_tui.errors import StorageError
from lambda_tui.history import HistoryStore
from lambda_tui.scenario import Scenario
from tests.runs.made_runs import STARTED_AT, invocation

store = HistoryStore(Path(sys.argv[1]))
recorder = store.begin(run_id="full", name="", started_at=STARTED_AT, scenario=Scenario())
recorder.append([invocation(0)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    for number in range(1, 100_000):
        recorder.append([invocation(number)])
except StorageError as error:
    kept = number
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
recorder.append([invocation(kept)])
assert [one.index for one in store.load("full").invocations] == list(range(kept + 1))
"""


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match=r"cannot be opened: .*\. Set LAMBDA_TUI_DATA_DIR"):
        HistoryStore(tmp_path / "data" / "history.sqlite3")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a file system that refuses even root")
@pytest.mark.parametrize("folder", ["/sys/kernel", "/sys/kernel/lambda-tui"])
def test_an_unwritable_folder_is_a_sentence(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", folder)
    with pytest.raises(StorageError, match=folder):
        HistoryStore()


def test_folders_are_private_and_follow_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_TUI_DATA_DIR", str(tmp_path / "deep" / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert data_folder() == tmp_path / "deep" / "data"
    for folder in (data_folder(), config_folder()):
        assert folder.is_relative_to(tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_is_a_sentence_and_keeps_what_was_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path / "history.sqlite3")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be used" in done.stdout
    assert "Check the free space" in done.stdout


@pytest.mark.parametrize("content", [b"this is not a database, " * 100, b"\x00" * 5000])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"is damaged: .* Move the file away"):
        HistoryStore(path)
    assert path.read_bytes() == content


def test_a_file_damaged_in_the_middle_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = HistoryStore(path)
    recorder = store.begin(run_id="r", name="", started_at=STARTED_AT, scenario=Scenario())
    recorder.append([invocation(index) for index in range(200)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xab" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"), closing(HistoryStore(path)) as damaged:
        damaged.load("r")


def test_a_newer_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match=r"has version 99.* Update lambda-tui"):
        HistoryStore(path)


def test_migrations_keep_the_runs_and_happen_once(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = HistoryStore(path)
    store.begin(run_id="r", name="kept", started_at=STARTED_AT, scenario=Scenario())
    store.close()
    later = (
        *MIGRATIONS,
        "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; DROP INDEX IF EXISTS x",
    )
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, later)
    migrate(connection, later)
    assert connection.execute("SELECT name, note FROM runs").fetchall() == [("kept", "none")]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
    connection.close()


def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    HistoryStore(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT; SELECT * FROM missing"))
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    assert "note" not in columns
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()
