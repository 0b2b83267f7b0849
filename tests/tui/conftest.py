from __future__ import annotations

import pytest

from tests.tui.screen_text import SHORT_WAITS


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHORT_WAITS.items():
        monkeypatch.setattr(name, value)
