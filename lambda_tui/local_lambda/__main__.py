"""`python -m lambda_tui.local_lambda`: the embedded Lambda alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lambda_tui.errors import LambdaTuiError
from lambda_tui.local_lambda.sandbox.sandbox import ENFORCEMENTS
from lambda_tui.local_lambda.scheduling.scheduler import SchedulerLimits
from lambda_tui.local_lambda.server import ServeOptions, serve


def parse_options(arguments: Sequence[str]) -> ServeOptions:
    """The options of the command line; exits with 2 on a usage error."""
    defaults = ServeOptions()
    parser = argparse.ArgumentParser(prog="python -m lambda_tui.local_lambda", description=__doc__)
    parser.add_argument("--port", type=_port, default=defaults.port, help="0 takes a free port")
    parser.add_argument(
        "--ready-file", type=Path, help="where to write address and keys, once calls are answered"
    )
    parser.add_argument("--region", default=defaults.region)
    parser.add_argument("--no-auth", action="store_true", help="answer unsigned requests too")
    _add_limits(parser, defaults.limits)
    parser.add_argument("--state-change-seconds", type=float, default=defaults.state_change_s)
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    parser.add_argument("--enforcement", choices=["auto", *ENFORCEMENTS], default=defaults.enforcement)
    given = parser.parse_args(arguments)
    return ServeOptions(
        port=given.port,
        ready_file=given.ready_file,
        region=given.region,
        authenticate=not given.no_auth,
        limits=_limits(given),
        stop_with_stdin=given.stop_with_stdin,
        enforcement=given.enforcement,
        state_change_s=given.state_change_seconds,
    )


def _add_limits(parser: argparse.ArgumentParser, defaults: SchedulerLimits) -> None:
    parser.add_argument("--max-environments", type=int, help="instead of what this host holds")
    parser.add_argument("--idle-seconds", type=float, help="instead of AWS's measured times")
    parser.add_argument("--account-concurrency", type=int, default=defaults.account_concurrency)
    parser.add_argument("--scaling-rate", type=int, default=defaults.scaling_per_10_s)
    parser.add_argument("--time-scale", type=float, default=defaults.time_scale)
    parser.add_argument("--package-mb-per-s", type=float, help="delay cold starts by the package's size")
    parser.add_argument("--max-age-seconds", type=float, default=defaults.max_age_s)


def _limits(given: argparse.Namespace) -> SchedulerLimits:
    return SchedulerLimits(
        max_environments=given.max_environments,
        idle_s=given.idle_seconds,
        account_concurrency=given.account_concurrency,
        scaling_per_10_s=given.scaling_rate,
        time_scale=given.time_scale,
        max_age_s=given.max_age_seconds,
        package_mb_per_s=given.package_mb_per_s,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0-65535)")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        return serve(parse_options(sys.argv[1:] if arguments is None else arguments))
    except LambdaTuiError as error:
        print(f"lambda-tui: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
