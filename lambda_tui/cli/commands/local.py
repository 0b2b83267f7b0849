"""`lambda-tui local serve`: the embedded Lambda for any AWS client."""

from __future__ import annotations

from pathlib import Path

import click

from lambda_tui.local_lambda.sandbox.sandbox import ENFORCEMENTS
from lambda_tui.local_lambda.scheduling.scheduler import SchedulerLimits
from lambda_tui.local_lambda.server import ServeOptions, serve

DEFAULTS = ServeOptions()


@click.group("local")
def command() -> None:
    """The embedded Lambda, without the interface."""


@command.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULTS.port,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write address and keys as JSON, for you alone, once calls are answered.",
)
@click.option("--region", default=DEFAULTS.region, show_default=True, help="Region to sign for.")
@click.option("--no-auth", is_flag=True, help="Answer unsigned requests too: any program here may run code.")
@click.option(
    "--max-environments",
    type=click.IntRange(min=1),
    help="Execution environments at the same time; more are throttled. By default 64 to 1,000, by the memory "
    "of this machine, and at most 256 without control groups.",
)
@click.option(
    "--idle-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="How long an idle environment is kept warm; by default as measured on AWS, 240 to 360 s.",
)
@click.option(
    "--account-concurrency",
    type=click.IntRange(min=1),
    default=DEFAULTS.limits.account_concurrency,
    show_default=True,
    help="The simulated quota; ten times as many requests a second are let through.",
)
@click.option(
    "--scaling-rate",
    type=click.IntRange(min=1),
    default=DEFAULTS.limits.scaling_per_10_s,
    show_default=True,
    help="Environments that each function may add in 10 s.",
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULTS.limits.time_scale,
    show_default=True,
    help="How many times faster idle times, maximum age and event retries pass, for demonstrations.",
)
@click.option(
    "--max-age-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULTS.limits.max_age_s,
    show_default=True,
    help="Age at which environments are replaced, even busy ones; AWS says every few hours.",
)
@click.option(
    "--package-mb-per-s",
    type=click.FloatRange(min=0, min_open=True),
    help="Simulate the fetching of code: callers wait for a new environment, before INIT, as long as the zip "
    "package takes at this rate. By default it takes no time; AWS publishes no rate.",
)
@click.option(
    "--state-change-seconds",
    type=click.FloatRange(min=0),
    default=DEFAULTS.state_change_s,
    show_default=True,
    help="How long new functions are Pending and updates InProgress.",
)
@click.option(
    "--enforcement",
    type=click.Choice(("auto", *ENFORCEMENTS)),
    default=DEFAULTS.enforcement,
    show_default=True,
    help="How CPU and memory are limited; auto takes the best that works here, duty-cycle is approximate.",
)
@click.pass_context
def serve_command(
    ctx: click.Context,
    *,
    port: int,
    ready_file: Path | None,
    region: str,
    no_auth: bool,
    max_environments: int | None,
    idle_seconds: float | None,
    account_concurrency: int,
    scaling_rate: int,
    time_scale: float,
    max_age_seconds: float,
    package_mb_per_s: float | None,
    state_change_seconds: float,
    enforcement: str,
) -> None:
    """Serve the Lambda API on 127.0.0.1 until Ctrl-C, and print the export lines a client needs."""
    options = ServeOptions(
        port=port,
        ready_file=ready_file,
        region=region,
        authenticate=not no_auth,
        limits=SchedulerLimits(
            max_environments=max_environments,
            idle_s=idle_seconds,
            account_concurrency=account_concurrency,
            scaling_per_10_s=scaling_rate,
            time_scale=time_scale,
            max_age_s=max_age_seconds,
            package_mb_per_s=package_mb_per_s,
        ),
        enforcement=enforcement,
        state_change_s=state_change_seconds,
    )
    ctx.exit(serve(options))
