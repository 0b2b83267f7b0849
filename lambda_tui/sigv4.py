"""AWS Signature Version 4 for header-signed requests: pure functions, a fast signer and a verifier.

Follows the AWS documentation "Create a signed AWS API request"; equality with botocore's SigV4Auth is
property-tested. Paths and queries are given as they go over the wire (percent-encoded once).
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_HEADERS = frozenset(
    {"authorization", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
)
"""Never signed, as in botocore: proxies may change them."""

CLOCK_WINDOW_S = 15 * 60
"""AWS refuses signatures older or newer than 15 minutes."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key_id>[^/, ]+)/(?P<date>\d{8})/(?P<region>[^/, ]+)"
    r"/(?P<service>[^/, ]+)/aws4_request, *SignedHeaders=(?P<names>[^, ]+)"
    r", *Signature=(?P<signature>[0-9a-f]{64})"
)

Headers = Iterable[tuple[str, str]]


class SignatureRejected(Exception):
    """A received request is not signed correctly; `code` is AWS's error code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@lru_cache(maxsize=4096)
def canonical_path(path: str) -> str:
    """Empty and dot segments removed, then encoded a second time, as every service but S3 signs it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + tail, safe="/~")


def canonical_query(query: str) -> str:
    """The pairs of an encoded query, sorted; a name without a value gets an empty one."""
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)


def canonical_headers(headers: Headers) -> list[tuple[str, str]]:
    """Lower-case names in order, values trimmed, whitespace collapsed, repeated headers joined."""
    joined: dict[str, str] = {}
    for given, value in headers:
        name, trimmed = given.lower(), " ".join(value.split())
        joined[name] = f"{joined[name]},{trimmed}" if name in joined else trimmed
    return sorted(joined.items())


def canonical_request(
    method: str, path: str, query: str, headers: Sequence[tuple[str, str]], payload_hash: str
) -> str:
    """The text whose hash is signed; `headers` are canonical and exactly those to sign."""
    lines = "".join(f"{name}:{value}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    return f"{method}\n{canonical_path(path)}\n{canonical_query(query)}\n{lines}\n{names}\n{payload_hash}"


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """The key derived for one day (`date` is YYYYMMDD), region and service."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature(key: bytes, timestamp: str, scope: str, canonical: str) -> str:
    """Signature of a canonical request; `timestamp` is YYYYMMDDTHHMMSSZ, `scope` date/region/service/..."""
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@dataclass(slots=True)
class Signer:
    """Signs requests with one set of credentials, keeping the derived key for the day."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    region: str
    service: str = "lambda"
    _date: str = field(default="", repr=False)
    _key: bytes = field(default=b"", repr=False)
    _scope: str = field(default="", repr=False)

    def sign(  # noqa: PLR0917 - all that is signed, in the order it is signed in
        self, method: str, path: str, query: str, headers: Headers, payload_hash: str, now: float
    ) -> list[tuple[str, str]]:
        """The headers to add: X-Amz-Date, X-Amz-Security-Token if there is a token, Authorization.

        `headers` are all the request will carry and must contain Host; `now` is seconds since 1970.
        """
        timestamp = timestamp_of(int(now))
        if timestamp[:8] != self._date:
            self._derive_key(timestamp[:8])
        added = [("X-Amz-Date", timestamp)]
        if self.session_token:
            added.append(("X-Amz-Security-Token", self.session_token))
        signed = canonical_headers(
            [pair for pair in (*headers, *added) if pair[0].lower() not in UNSIGNED_HEADERS]
        )
        canonical = canonical_request(method, path, query, signed, payload_hash)
        names = ";".join(name for name, _ in signed)
        value = signature(self._key, timestamp, self._scope, canonical)
        credential = f"{self.access_key_id}/{self._scope}"
        added.append(
            (
                "Authorization",
                f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={value}",
            )
        )
        return added

    def use_credentials(self, access_key_id: str, secret_access_key: str, session_token: str | None) -> None:
        """Sign with other keys from now on."""
        self.access_key_id, self.secret_access_key = access_key_id, secret_access_key
        self.session_token = session_token
        self._date = ""

    def _derive_key(self, date: str) -> None:
        self._key = signing_key(self.secret_access_key, date, self.region, self.service)
        self._scope = f"{date}/{self.region}/{self.service}/aws4_request"
        self._date = date


@dataclass(slots=True)
class Verifier:
    """Checks received requests against the one set of credentials that may sign them."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    region: str
    service: str = "lambda"
    _keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    def verify(
        self,
        method: str,
        path: str,
        query: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        now: float,
    ) -> float:
        """Check that our keys signed the request, body included, within the clock window; return its expiry.

        `headers` have lower-case names, `now` and the result are seconds since 1970. Raises:
            SignatureRejected: missing, malformed, foreign, stale or wrong signature.
        """
        values = dict(headers)
        claim = self._parse(values.get("authorization"))
        timestamp = values.get("x-amz-date", "")
        signed_at = self._check_claim(claim, timestamp, now)
        names = claim["names"].split(";")
        self._check_coverage(names, values)
        payload_hash = sha256(body).hexdigest()
        if values.get("x-amz-content-sha256", payload_hash) != payload_hash:
            raise SignatureRejected(
                "InvalidSignatureException", "The body does not match X-Amz-Content-SHA256."
            )
        signed = canonical_headers([pair for pair in headers if pair[0] in names])
        canonical = canonical_request(method, path, query, signed, payload_hash)
        self._compare(claim, timestamp, canonical)
        return signed_at + CLOCK_WINDOW_S

    def _compare(self, claim: re.Match[str], timestamp: str, canonical: str) -> None:
        scope = f"{claim['date']}/{self.region}/{self.service}/aws4_request"
        expected = signature(self._key(claim["date"]), timestamp, scope, canonical)
        if not hmac.compare_digest(expected, claim["signature"]):
            raise SignatureRejected(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )

    def _parse(self, authorization: str | None) -> re.Match[str]:
        if authorization is None:
            raise SignatureRejected("MissingAuthenticationTokenException", "Missing Authentication Token")
        claim = _AUTHORIZATION.fullmatch(authorization)
        if claim is None:
            raise SignatureRejected(
                "IncompleteSignatureException", "The Authorization header is not a Signature Version 4 one."
            )
        return claim

    def _check_claim(self, claim: re.Match[str], timestamp: str, now: float) -> float:
        if not hmac.compare_digest(claim["key_id"].encode(), self.access_key_id.encode()):
            raise SignatureRejected(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        if claim["service"] != self.service or claim["region"] != self.region:
            raise SignatureRejected(
                "InvalidSignatureException",
                f"Credential should be scoped to {self.region}/{self.service}, "
                f"not {claim['region']}/{claim['service']}.",
            )
        signed_at = seconds_of(timestamp)
        if signed_at is None or timestamp[:8] != claim["date"]:
            raise SignatureRejected(
                "IncompleteSignatureException", "X-Amz-Date is missing, malformed or of another day."
            )
        if abs(now - signed_at) > CLOCK_WINDOW_S:
            raise SignatureRejected(
                "InvalidSignatureException",
                f"Signature not current: signed {timestamp}, now {timestamp_of(int(now))} (15 min.)",
            )
        return signed_at

    def _check_coverage(self, names: list[str], values: dict[str, str]) -> None:
        must = {"host", "x-amz-date", *[name for name in values if name.startswith("x-amz-")]}
        if not must.issubset(names):
            raise SignatureRejected(
                "InvalidSignatureException", "Host and every X-Amz header of the request must be signed."
            )

    def _key(self, date: str) -> bytes:
        if date not in self._keys:
            # The claimed date is within 15 minutes of now, so at most two days are in use.
            if len(self._keys) > 1:
                self._keys.clear()
            self._keys[date] = signing_key(self.secret_access_key, date, self.region, self.service)
        return self._keys[date]


@lru_cache(maxsize=8)
def timestamp_of(seconds: int) -> str:
    """SigV4's basic ISO 8601 form, UTC: 20261121T080000Z."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


@lru_cache(maxsize=64)
def seconds_of(timestamp: str) -> float | None:
    """The inverse of `timestamp_of`; None if it is not of that form."""
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
