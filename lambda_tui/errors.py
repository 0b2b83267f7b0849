"""Everything that can foreseeably go wrong, as one tree.

    LambdaTuiError                 exit code 1
    |- InvalidInput                2   the user gave an invalid value; names the field
    |- TargetError                 3   the target refused or could not be reached
    |  |- TargetUnreachable            refused connection, unknown host, timeout while connecting
    |  |- TargetRefused                credentials, permissions, unknown function, wrong configuration
    |  `- TargetLost                   it worked, then went away in the middle of a run
    |- StorageError                1   the data folder cannot be read or written
    |- SloMissed                   4   a stated objective was not met
    |- LimitReached                5   a spend, call or time limit stopped the run
    `- Interrupted               130   Ctrl-C, Esc or a signal

The message is one sentence that says what is wrong; `hint` says what to do about it. Anything
that is not in this tree is a programming error and crashes loudly.
"""

from __future__ import annotations

from typing import ClassVar


class LambdaTuiError(Exception):
    """Root of every foreseeable failure; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InvalidInput(LambdaTuiError):
    """A value given by the user cannot be used. `field` is its name for the user."""

    exit_code = 2
    title = "Not a usable value"

    def __init__(self, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class TargetError(LambdaTuiError):
    """The Lambda to invoke refused or cannot be reached."""

    exit_code = 3
    title = "The target did not answer"


class TargetUnreachable(TargetError):
    """No connection could be made."""


class TargetRefused(TargetError):
    """The target answered and refused."""

    title = "The target refused"


class TargetLost(TargetError):
    """The target went away during a run; what was measured until then is kept."""

    title = "The target went away"


class StorageError(LambdaTuiError):
    """The data folder cannot be read or written."""

    title = "Cannot read or write the data folder"


class SloMissed(LambdaTuiError):
    """A stated objective was not met."""

    exit_code = 4
    title = "Objective missed"


class LimitReached(LambdaTuiError):
    """A spend, call or time limit stopped the run."""

    exit_code = 5
    title = "Limit reached"


class Interrupted(LambdaTuiError):
    """The user stopped the run."""

    exit_code = 130
    title = "Stopped"
