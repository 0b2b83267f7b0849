"""Any address that speaks Lambda's API: `lambda-tui local serve` in another terminal, or another emulator."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from lambda_tui.aws_facts import DEFAULT_REGION, vcpus_of
from lambda_tui.errors import TargetRefused
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Scenario
from lambda_tui.targets.control_plane import ControlPlane
from lambda_tui.targets.credentials import configured_region, frozen_credentials, user_session
from lambda_tui.targets.functions import deployment_of, is_loopback
from lambda_tui.targets.protocol import Deployment, Progress

if TYPE_CHECKING:
    from botocore.session import Session


class EndpointTarget:
    """A Lambda-compatible endpoint; credentials and region come from the environment, as for any SDK.

    On this machine our own payload functions may be reconfigured; nothing is changed elsewhere.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._region = DEFAULT_REGION
        self._session: Session | None = None

    @property
    def kind(self) -> TargetKind:
        return "endpoint"

    @property
    def label(self) -> str:
        return f"{self._endpoint} · {self._region}"

    @property
    def costs_money(self) -> bool:
        return not is_loopback(self._endpoint)

    def open(self, progress: Progress) -> None:
        """Find credentials and region; the endpoint itself is first called by `prepare`."""
        progress(f"looking for the credentials for {self._endpoint}")
        session = user_session(None, self._endpoint)
        self._region = configured_region(session) or DEFAULT_REGION
        frozen_credentials(session, self._endpoint)
        self._session = session

    def prepare(self, scenario: Scenario) -> Deployment:
        """Set the function to the scenario's memory and timeout where that is allowed."""
        if self._session is None:
            raise TargetRefused(f"{self._endpoint} was not opened.")
        keys = frozen_credentials(self._session, self._endpoint)
        control = ControlPlane(
            self._session, region=self._region, endpoint=self._endpoint, keys=keys, where=self._endpoint
        )
        return deployment_of(
            control,
            scenario,
            keys,
            may_change=is_loopback(self._endpoint),
            describe=self._describe,
            fresh_credentials=partial(frozen_credentials, self._session, self._endpoint),
        )

    def _describe(self, memory_mb: int) -> TargetDescription:
        return TargetDescription(
            kind="endpoint",
            region=self._region,
            endpoint=self._endpoint,
            cpu_enforcement="none",
            memory_enforcement="none",
            host_cpus=os.cpu_count() or 1,
            vcpus=vcpus_of(memory_mb),
            # What is behind an endpoint elsewhere does not run on this host.
            host_limited=is_loopback(self._endpoint) and vcpus_of(memory_mb) > (os.cpu_count() or 1),
        )

    def is_alive(self) -> bool:
        """Not ours to watch; the engine notices when it cannot be reached."""
        return True

    def close(self) -> None:
        """Nothing was started."""
