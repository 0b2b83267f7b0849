"""Where lambda-tui keeps its files: one folder for data, one for settings, both private to the user."""

from __future__ import annotations

import os
from pathlib import Path

from lambda_tui.errors import StorageError

APP_NAME = "lambda-tui"
PRIVATE_FOLDER = 0o700


def data_folder() -> Path:
    """The folder of run history and prices, created if missing: LAMBDA_TUI_DATA_DIR or the platform's.

    Raises:
        StorageError: it cannot be created.
    """
    return _created(data_path())


def data_path() -> Path:
    """The path of the data folder, which need not exist."""
    own = os.environ.get("LAMBDA_TUI_DATA_DIR")
    if own:
        return Path(own).expanduser()
    import platformdirs  # noqa: PLC0415  (not needed where the folder is named)

    return platformdirs.user_data_path(APP_NAME, appauthor=False)


def config_folder() -> Path:
    """The platform's folder for settings; created if missing.

    Raises:
        StorageError: it cannot be created.
    """
    return _created(config_path())


def config_path() -> Path:
    """The path of the settings folder, which need not exist."""
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_config_path(APP_NAME, appauthor=False)


def _created(path: Path) -> Path:
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be created: {error.strerror or error}.",
            hint="Set LAMBDA_TUI_DATA_DIR to a folder you can write to.",
        ) from error
    return path
