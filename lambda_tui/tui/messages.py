"""What widgets and threads tell the screen: the contract of the user interface."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.results import Invocation


@dataclass
class SnapshotArrived(Message):
    """A run has something newer to show; of several waiting ones only the last is handled."""

    snapshot: Snapshot
    generation: int
    """Counts the runs of this session: a late snapshot of an older run is recognised by it."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived) and message.generation == self.generation


@dataclass
class RunFailed(Message):
    """A run ended without a final snapshot, for a foreseeable cause."""

    error: LambdaTuiError
    generation: int


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
    """A control changed; the scenario may have become another, or invalid."""

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
