from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.targets.fake import FakeTarget


@pytest.fixture
def charging() -> Iterator[FakeTarget]:
    """A fake Lambda that charges, as AWS does: spend limits hold there."""
    target = FakeTarget(costs_money=True)
    yield target
    target.close()


@pytest.fixture
def fake() -> Iterator[FakeTarget]:
    """A fake Lambda; set its `answer` before running."""
    target = FakeTarget()
    yield target
    target.close()
