"""A proxy in front of the stand-ins, with the latency, throttling and failures of real services.

One loopback port for S3, DynamoDB and SQS: a request's signature names the service it is for. Latency is
that of an answer on an open connection; connecting adds nothing here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from lambda_tui.errors import InvalidInput, TargetError, TargetLost
from lambda_tui.local_lambda.http.authentication import refuse_stranger
from lambda_tui.local_lambda.http.httpd import Answer, HttpServer, Request, Response
from lambda_tui.local_lambda.services.behaviour import Chance, ServiceBehaviour, TokenBucket, parse_behaviour
from lambda_tui.local_lambda.services.stand_in_process import StandInProcess
from lambda_tui.local_lambda.services.stand_ins import ACCOUNT_ID, BUCKET, QUEUE, TABLE

CONTROL_PATH = "/-/services"
"""GET starts the stand-ins, PUT changes how they answer. No bucket can have this name."""

MAX_BODY_BYTES = 64 * 1024 * 1024
_SERVICE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,]+/\d{8}/[a-z0-9-]+/(s3|dynamodb|sqs)/aws4_request\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of one service: SDKs decide by `status` and `code` whether to retry."""

    status: int
    code: str
    message: str


_THROTTLED = {
    "s3": Refusal(503, "SlowDown", "Please reduce your request rate."),
    "dynamodb": Refusal(
        400,
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded.",
    ),
    "sqs": Refusal(403, "RequestThrottled", "Request is throttled."),
}
_FAILED = {
    "s3": Refusal(500, "InternalError", "We encountered an internal error. Please try again."),
    "dynamodb": Refusal(500, "InternalServerError", "The request could not be processed."),
    "sqs": Refusal(500, "InternalFailure", "The request processing has failed."),
}
"""API references: Amazon S3 "Error responses", DynamoDB "Error handling", SQS "Common errors"."""


def refusal_response(service: str, refusal: Refusal) -> Response:
    """The error in the service's format: XML for S3, JSON for the others."""
    if service == "s3":
        body = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
        return Response(refusal.status, body.encode(), (("Content-Type", "application/xml"),))
    document = {"__type": f"com.amazonaws.{service}#{refusal.code}", "message": refusal.message}
    return _json(refusal.status, document, "application/x-amz-json-1.0")


class ServicesServer:
    """The running proxy; `url` has no path. The stand-ins behind it start with the first request."""

    def __init__(self, region: str, behaviour: ServiceBehaviour) -> None:
        self._stand_ins = StandInProcess(region)
        self._http = HttpServer(
            self._answer, lambda request: refuse_stranger(request, self._http.port), lambda _: MAX_BODY_BYTES
        )
        self.behave(behaviour)

    def behave(self, behaviour: ServiceBehaviour) -> None:
        """Answer like this from now on, restarting the random numbers from the seed."""
        self.behaviour = behaviour
        self._chance = Chance(behaviour)
        self._bucket = TokenBucket(behaviour.requests_per_s)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the stand-ins; None while they do not run."""
        return self._stand_ins.pid

    @property
    def connection_count(self) -> int:
        """Connections that clients keep open now."""
        return len(self._http.connections)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables with which a function calls the stand-ins and finds their contents."""
        return MappingProxyType(
            {
                "AWS_ENDPOINT_URL_S3": self.url,
                "AWS_ENDPOINT_URL_DYNAMODB": self.url,
                "AWS_ENDPOINT_URL_SQS": self.url,
                # A function must not use the user's AWS CLI configuration.
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "BUCKET": BUCKET,
                "TABLE": TABLE,
                "QUEUE_URL": f"{self.url}/{ACCOUNT_ID}/{QUEUE}",
            }
        )

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        await self._http.start()

    async def close(self) -> None:
        """Stop listening and end the stand-ins."""
        self._http.close()
        await self._stand_ins.close()

    def _answer(self, request: Request) -> Answer:
        if request.path == CONTROL_PATH:
            return self._control(request)
        match = _SERVICE.match(request.header("authorization") or "")
        if match is None:
            return _sentence(403, "Only signed requests to S3, DynamoDB and SQS are answered here.")
        if request.body_too_large:
            return _sentence(413, f"At most {MAX_BODY_BYTES} bytes are accepted.")
        return self._serve(match[1], request)

    async def _serve(self, service: str, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + self._chance.latency_ms() / 1000
        # Draw all of them for every request, so that one setting does not change another's random numbers.
        disconnects, fails = self._chance.disconnects(), self._chance.fails()
        if disconnects:
            response = None
        elif not self._bucket.admits(loop.time()):
            response = refusal_response(service, _THROTTLED[service])
        elif fails:
            response = refusal_response(service, _FAILED[service])
        else:
            response = await self._ask(service, request)
        await asyncio.sleep(answer_at - loop.time())
        if response is None:
            raise asyncio.CancelledError  # the connection is cut
        return _without_body(response) if request.method == "HEAD" else response

    async def _ask(self, service: str, request: Request) -> Response:
        try:
            return await self._stand_ins.ask(service, request)
        except TargetError as error:
            # SDKs retry after 503: by then the stand-ins have restarted.
            status = 503 if isinstance(error, TargetLost) else 501
            return refusal_response(service, Refusal(status, "ServicesUnavailable", str(error)))

    async def _control(self, request: Request) -> Response:
        try:
            if request.method == "PUT":
                self.behave(parse_behaviour(json.loads(request.body), self.behaviour))
            elif request.method == "GET":
                await self._stand_ins.start()
            else:
                return _sentence(405, "GET starts the services, PUT changes how they answer.")
        except TargetError as error:
            return _sentence(501, str(error))
        except (InvalidInput, ValueError, RecursionError) as error:
            return _sentence(400, str(error))
        return _json(200, asdict(self.behaviour))


async def start_services(region: str, behaviour: ServiceBehaviour | None = None) -> ServicesServer:
    """Start the proxy; the stand-ins start with the first request. Raises OSError if it cannot listen."""
    server = ServicesServer(region, behaviour or ServiceBehaviour())
    await server.start()
    return server


class _HeadResponse(Response):
    """The answer to HEAD: the length of a body that does not follow."""

    def encode(self, *, keep_alive: bool) -> bytes:
        encoded = super().encode(keep_alive=keep_alive)
        return encoded[: len(encoded) - len(self.body)]


def _without_body(response: Response) -> Response:
    return _HeadResponse(response.status, response.body, response.headers)


def _json(status: int, document: object, content_type: str = "application/json") -> Response:
    return Response(status, json.dumps(document).encode(), (("Content-Type", content_type),))


def _sentence(status: int, sentence: str) -> Response:
    return _json(status, {"message": sentence})
