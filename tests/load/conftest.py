from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.targets.fake import FakeTarget


@pytest.fixture
def fake() -> Iterator[FakeTarget]:
    """A fake Lambda; set its `answer` before running."""
    target = FakeTarget()
    yield target
    target.close()
