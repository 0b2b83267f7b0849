"""What widgets and threads tell the screen: the contract of the user interface."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.judge import ComparisonState
from lambda_tui.load.series import Comparable, Series
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation
from lambda_tui.scenario import Scenario

Key = TypeVar("Key", bound=Hashable)


@dataclass
class SnapshotArrived(Message, Generic[Key]):
    """A run has something newer to show; of several waiting ones of a run only the last is handled."""

    snapshot: Snapshot
    series: Series[Key]
    """A late snapshot of an older series is recognised by it."""
    key: Key
    is_last: bool

    def can_replace(self, message: Message) -> bool:
        return (
            isinstance(message, SnapshotArrived) and message.series is self.series and message.key == self.key
        )


@dataclass
class ComparisonArrived(Message):
    """A comparison of all models has something newer to show."""

    state: ComparisonState
    comparison: Comparable
    """A late state of an older comparison is recognised by it."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ComparisonArrived) and message.comparison is self.comparison


@dataclass
class RunFailed(Message):
    """A series or comparison ended without a final snapshot, for a foreseeable cause."""

    error: LambdaTuiError
    series: object


@dataclass
class ThreadCrashed(Message):
    """A programming error in a background thread; raised again on the user interface's thread."""

    error: BaseException


@dataclass
class TargetProgressed(Message):
    """The target said one line about its start."""

    text: str


@dataclass
class TargetOpened(Message):
    """The target is ready, or `error` says why it is not."""

    error: LambdaTuiError | None


@dataclass
class ScenarioEdited(Message):
    """A control changed; `scenario` is what the form says now, None where that is not usable."""

    scenario: Scenario | None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ScenarioEdited)


@dataclass
class RunRequested(Message):
    """The user pressed the Run button."""


@dataclass
class AllModelsRequested(Message):
    """The user pressed the All models button."""


@dataclass
class InvocationSelected(Message):
    """A row of the feed was chosen."""

    invocation: Invocation
