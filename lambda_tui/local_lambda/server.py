"""The embedded Lambda as a process: starts everything, prints how to reach it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import signal
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.errors import InvalidInput, StorageError, TargetRefused
from lambda_tui.local_lambda.api import invoke as invoke_api
from lambda_tui.local_lambda.api.aliases import AliasOperations
from lambda_tui.local_lambda.api.concurrency import ConcurrencyOperations
from lambda_tui.local_lambda.api.control_plane import ControlPlane, OperationGroup
from lambda_tui.local_lambda.api.functions import FunctionOperations
from lambda_tui.local_lambda.api.invoke import InvokeApi
from lambda_tui.local_lambda.api.minor import MinorOperations
from lambda_tui.local_lambda.complaints import complain, complain_of_exception, keep_standard_descriptors
from lambda_tui.local_lambda.environment.environment import Environment
from lambda_tui.local_lambda.functions.code_store import CodeStore
from lambda_tui.local_lambda.functions.function import FunctionConfiguration
from lambda_tui.local_lambda.functions.installed import payload_functions
from lambda_tui.local_lambda.functions.registry import FunctionRegistry
from lambda_tui.local_lambda.http.authentication import Authenticator, refuse_stranger
from lambda_tui.local_lambda.http.errors import LambdaApiError
from lambda_tui.local_lambda.http.httpd import Answer, HttpServer, Request
from lambda_tui.local_lambda.sandbox.sandbox import Sandbox, open_sandbox, state_folder
from lambda_tui.local_lambda.scheduling.events import EventQueue
from lambda_tui.local_lambda.scheduling.provisioned import ProvisionedConcurrency
from lambda_tui.local_lambda.scheduling.scheduler import Scheduler, SchedulerLimits
from lambda_tui.local_lambda.services import ServicesServer, configured_behaviour, start_services
from lambda_tui.local_lambda.services.upstream import UpstreamServer, start_upstream
from lambda_tui.sigv4 import Verifier

MAX_CONTROL_BODY_BYTES = 70_167_211
"""Slightly more than a 50 MB zip in Base64; AWS names this figure when it refuses a larger request."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve. `stop_with_stdin` is for a parent process: end when standard input does, and print no
    exports but, without a ready file, its document on one line.

    `state_change_s` is how long new functions stay Pending, and updates InProgress; AWS takes about a second.
    """

    port: int = 0
    ready_file: Path | None = None
    region: str = DEFAULT_REGION
    authenticate: bool = True
    limits: SchedulerLimits = field(default_factory=SchedulerLimits)
    stop_with_stdin: bool = False
    enforcement: str = "auto"
    state_change_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AccessKey:
    """New at every start: yesterday's keys are of no use today."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)

    @classmethod
    def random(cls) -> AccessKey:
        suffix = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16))
        return cls(f"LKIA{suffix}", secrets.token_urlsafe(30))


def serve(options: ServeOptions) -> int:
    """Serve until SIGINT, SIGTERM, SIGHUP or, if asked, the end of standard input; returns the exit code.

    Raises:
        TargetRefused: the port is in use.
        StorageError: the ready file or the state folder cannot be written.
        InvalidInput: this host cannot enforce the requested limits, or standard input cannot be watched.
    """
    keep_standard_descriptors()
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        runner.run(_serve(options))
    return 0


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's if it is installed (15 % less CPU for a warm invocation), otherwise asyncio's."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return cast("asyncio.AbstractEventLoop", uvloop.new_event_loop())


async def _serve(options: ServeOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(complain_of_exception)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if options.stop_with_stdin:
        _watch_stdin(loop, stop)
    server = LocalLambda(options, open_sandbox(state_folder(), enforcement=options.enforcement))
    try:
        await server.start()
        _announce(options, server)
        await stop.wait()
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
    finally:
        await server.close()


class LocalLambda:
    """Every part of the embedded Lambda, put together."""

    def __init__(self, options: ServeOptions, sandbox: Sandbox) -> None:
        self.key = AccessKey.random()
        self.upstream: UpstreamServer | None = None
        self.services: ServicesServer | None = None
        self._options = options
        self._sandbox = sandbox
        self._scheduler = Scheduler(sandbox, options.region, options.limits)
        self._registry = FunctionRegistry(
            options.region, self._superseded, state_change_s=options.state_change_s
        )
        self._code = CodeStore(
            sandbox.directory / "functions", (self._registry.uses_code, self._scheduler.uses_code)
        )
        self._provisioned = ProvisionedConcurrency(self._registry, self._scheduler)
        self._scheduler.on_gone = self._environment_gone
        self._events = EventQueue(self._scheduler, options.limits.time_scale)
        self._invoke_api = InvokeApi(self._registry, self._scheduler, self._events)
        self._control_plane = ControlPlane(self._operations())
        verifier = Verifier(self.key.access_key_id, self.key.secret_access_key, options.region)
        self._authenticator = Authenticator(verifier if options.authenticate else None)
        self._http = HttpServer(
            self._answer, lambda request: refuse_stranger(request, self._http.port), _max_body_bytes
        )

    def _operations(self) -> list[OperationGroup]:
        concurrency = self._scheduler.concurrency
        return [
            FunctionOperations(self._registry, self._code, concurrency, self._provisioned),
            AliasOperations(self._registry, self._provisioned),
            ConcurrencyOperations(self._registry, concurrency, self._provisioned),
            MinorOperations(self._registry),
        ]

    def _superseded(self, configuration: FunctionConfiguration) -> None:
        self._scheduler.retire(configuration)
        self._code.supersede(configuration.task_root)

    def _environment_gone(self, environment: Environment) -> None:
        self._provisioned.gone(environment)
        self._code.sweep()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.port}"

    async def start(self) -> None:
        """Start the services for payloads and the endpoint; raises TargetRefused if the port is in use."""
        self.upstream = await start_upstream()
        self.services = await start_services(self._options.region, configured_behaviour())
        variables = {"UPSTREAM_URL": self.upstream.url, **self.services.environment}
        for function in payload_functions(self._registry, variables):
            self._registry.add(function)
        try:
            await self._http.start(self._options.port)
        except OSError as error:
            raise _port_refused(self._options.port, error) from None

    def description(self) -> dict[str, object]:
        """The ready file's document."""
        return {
            "endpoint": self.endpoint,
            "pid": os.getpid(),
            "region": self._options.region,
            "access_key_id": self.key.access_key_id,
            "secret_access_key": self.key.secret_access_key,
            "cpu_enforcement": self._sandbox.cpu_enforcement,
            "memory_enforcement": self._sandbox.memory_enforcement,
            "host_cpus": self._sandbox.host_cpus,
            "upstream_url": self.upstream.url if self.upstream else None,
            "services_url": self.services.url if self.services else None,
        }

    async def close(self) -> None:
        """Stop listening, kill every environment, and remove their groups and folders."""
        self._http.close()
        self._events.close()
        await self._provisioned.close()
        await self._scheduler.close()
        if self.upstream is not None:
            await self.upstream.close()
        if self.services is not None:
            await self.services.close()
        self._sandbox.close()

    def _answer(self, request: Request) -> Answer:
        try:
            if not request.body_too_large:  # without its bytes it cannot be verified, and is refused anyway
                self._authenticator.check(request)
            if invoke_api.is_invocation(request):
                return self._invoke_api.answer(request)
            return self._control_plane.answer(request)
        except LambdaApiError as error:
            return error.response()


def _max_body_bytes(request: Request) -> int:
    return (
        invoke_api.max_event_bytes(request) if invoke_api.is_invocation(request) else MAX_CONTROL_BODY_BYTES
    )


def _port_refused(port: int, error: OSError) -> TargetRefused:
    if error.errno == errno.EADDRINUSE:
        return TargetRefused(
            f"Port {port} on 127.0.0.1 is in use.", hint="Choose another, or --port 0 for a free one."
        )
    return TargetRefused(f"Port {port} on 127.0.0.1 cannot be used: {error.strerror}.")


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    try:
        loop.add_reader(0, read)
    except OSError:
        raise InvalidInput("stop-with-stdin", "stop-with-stdin needs a pipe on standard input.") from None


def _announce(options: ServeOptions, server: LocalLambda) -> None:
    if not options.authenticate:
        complain("Warning: --no-auth lets everyone on this machine run code as you.")
    if options.ready_file is not None:
        _write_private(options.ready_file, json.dumps(server.description()))
    elif options.stop_with_stdin:
        _print(json.dumps(server.description()))
    if not options.stop_with_stdin:
        exports = {
            "AWS_ENDPOINT_URL_LAMBDA": server.endpoint,
            "AWS_ACCESS_KEY_ID": server.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.key.secret_access_key,
            "AWS_REGION": options.region,
            "AWS_DEFAULT_REGION": options.region,  # botocore reads only this one
        }
        _print("\n".join(f"export {name}={value}" for name, value in exports.items()))


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Nobody reads; Python would fail once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _write_private(path: Path, text: str) -> None:
    """Write atomically a file that only its owner can read."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(f"The ready file {path} cannot be written: {error.strerror}.") from None
