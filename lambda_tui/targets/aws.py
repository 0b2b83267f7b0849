"""AWS itself: functions are read and invoked, never changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lambda_tui.aws_facts import vcpus_of, visible_cores
from lambda_tui.errors import TargetRefused
from lambda_tui.runs.target import TargetDescription, TargetKind
from lambda_tui.scenario import Scenario
from lambda_tui.targets.control_plane import ControlPlane
from lambda_tui.targets.credentials import configured_region, frozen_credentials, user_session
from lambda_tui.targets.functions import deployment_of
from lambda_tui.targets.protocol import Deployment, Progress

if TYPE_CHECKING:
    from botocore.session import Session


class AwsTarget:
    """Lambda in one region of the account given by `profile` (or the environment)."""

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        self._profile = profile
        self._region = region
        self._session: Session | None = None

    @property
    def kind(self) -> TargetKind:
        return "aws"

    @property
    def label(self) -> str:
        return " · ".join(filter(None, ("aws", self._profile, self._region)))

    @property
    def costs_money(self) -> bool:
        return True

    @property
    def _where(self) -> str:
        return f"AWS Lambda in {self._region}" if self._region else "AWS"

    def open(self, progress: Progress) -> None:
        """Find profile, region and credentials; nothing is sent to Lambda yet."""
        progress("looking for AWS credentials")
        session = user_session(self._profile, self._where, self._region)
        self._region = configured_region(session)
        if not self._region:
            raise TargetRefused(
                "No AWS region is set.", hint="Use --target aws:PROFILE/REGION or set AWS_REGION."
            )
        frozen_credentials(session, self._where)
        self._session = session

    def prepare(self, scenario: Scenario) -> Deployment:
        """Check that the function exists and is configured as the scenario asks."""
        if self._session is None or self._region is None:
            raise TargetRefused("AWS was not opened.")
        keys = frozen_credentials(self._session, self._where)
        control = ControlPlane(
            self._session, region=self._region, endpoint=None, keys=keys, where=self._where
        )
        return deployment_of(
            control,
            scenario,
            keys,
            may_change=False,
            describe=lambda memory_mb: TargetDescription(
                kind="aws",
                region=control.region,
                endpoint=control.endpoint,
                cpu_enforcement="aws",
                memory_enforcement="aws",
                host_cpus=visible_cores(memory_mb),
                vcpus=vcpus_of(memory_mb),
                host_limited=False,
            ),
            fresh_credentials=partial(frozen_credentials, self._session, self._where),
        )

    def is_alive(self) -> bool:
        """AWS is assumed to be up; the engine notices when it cannot be reached."""
        return True

    def close(self) -> None:
        """Nothing was started."""
