"""Long runs with temporary keys from botocore's real providers: a container, an assumed role, SSO."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from lambda_tui.errors import TargetError, TargetRefused
from lambda_tui.history import HistoryStore
from lambda_tui.load.run import Run
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.scenario import Scenario
from lambda_tui.sigv4 import SignatureRejected, Verifier
from lambda_tui.targets import AwsTarget
from tests.load.key_services import Key, KeyServices, utc_in
from tests.targets.fake import Answer, FakeTarget

LIFE_S = 3.0
"""botocore shortens an SSO key's life by up to a second: it keeps whole seconds."""

LONG_RUN = Scenario(rate=200, seconds=4.5, max_usd=None)
"""Half as long again as the first keys live."""


class CheckingLambda(FakeTarget):
    """Answers requests signed with a valid key of `keys`, body included; all others get AWS's error."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        super().__init__(self._judge)
        self.keys = keys
        self.used: set[str] = set()

    def _judge(self, number: int) -> Answer:
        headers = self.traffic.headers
        key_id = headers["authorization"].partition("Credential=")[2].partition("/")[0]
        key = self.keys[key_id]
        path, _, query = self.traffic.targets[-1].partition("?")
        verifier = Verifier(key_id, key.secret, "us-east-1")
        try:
            verifier.verify("POST", path, query, list(headers.items()), self.traffic.body, now=time.time())
        except SignatureRejected as rejected:
            return refused(rejected.code)
        if headers["x-amz-security-token"] != key.token:
            return refused("UnrecognizedClientException")
        self.used.add(key_id)
        return Answer(delay_ms=5) if time.time() < key.expires_at else refused("ExpiredTokenException")


def refused(code: str) -> Answer:
    return Answer(status=403, body=json.dumps({"__type": code, "message": "refused"}).encode())


@pytest.fixture(autouse=True)
def aws_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A separate configuration, and nothing of this machine's."""
    monkeypatch.setattr("lambda_tui.load.credential_refresh.REFRESH_INTERVAL_S", 0.5)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


@pytest.fixture
def services() -> Iterator[KeyServices]:
    with KeyServices(LIFE_S) as running:
        yield running


@pytest.fixture
def container(services: KeyServices, monkeypatch: pytest.MonkeyPatch) -> KeyServices:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{services.endpoint}/container")
    return services


@pytest.fixture
def sso(services: KeyServices, monkeypatch: pytest.MonkeyPatch, aws_files: Path) -> KeyServices:
    """A login as `aws sso login` leaves it: in a cached file, with what is needed to renew it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", services.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", services.endpoint)
    monkeypatch.setenv("AWS_PROFILE", "work")
    for provider in (SSOProvider, SSOTokenProvider):
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(aws_files))
    (aws_files / "config").write_text(
        "[profile work]\nsso_session = us\nsso_account_id = 111122223333\nsso_role_name = tester\n"
        "[sso-session us]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n"
    )
    login = {
        "startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": "login-0",
        "expiresAt": utc_in(minutes=5), "clientId": "c", "clientSecret": "s", "refreshToken": "again",
        "registrationExpiresAt": utc_in(minutes=60),
    }  # fmt: skip
    (aws_files / f"{hashlib.sha1(b'us').hexdigest()}.json").write_text(json.dumps(login))
    return services


class AssumedKeys(Mapping[str, Key]):
    """The keys of the roles assumed from moto's STS."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getitem__(self, key_id: str) -> Key:
        role = self._backend.get_assumed_role_from_access_key(key_id)
        # moto's times are UTC without saying so.
        expires_at = role.expiration.timestamp() - time.timezone
        return Key(role.secret_access_key, role.session_token, expires_at)

    def __iter__(self) -> Iterator[str]:
        return iter(role.access_key_id for role in self._backend.assumed_roles)

    def __len__(self) -> int:
        return len(self._backend.assumed_roles)


@pytest.fixture
def assumed(monkeypatch: pytest.MonkeyPatch, aws_files: Path) -> Iterator[AssumedKeys]:
    """A role of another account, assumed with the long-lived keys of a source profile."""
    server = pytest.importorskip("moto.server", reason="moto is not installed: no STS")
    from moto.sts.models import STSBackend, sts_backends  # noqa: PLC0415

    assume = STSBackend.assume_role

    def assume_shortly(self: Any, **options: Any) -> Any:
        return assume(self, **{**options, "duration": LIFE_S})

    # AWS and botocore allow no shorter time than 15 minutes.
    monkeypatch.setattr(STSBackend, "assume_role", assume_shortly)
    monkeypatch.setenv("AWS_PROFILE", "work")
    with contextlib.redirect_stderr(io.StringIO()):
        running = server.ThreadedMotoServer(port=0, verbose=False)
        running.start()
        (aws_files / "config").write_text(
            "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base\n"
            "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/tester\nsource_profile = base\n"
            f"services = here\n[services here]\nsts =\n  endpoint_url = http://127.0.0.1:"
            f"{running.get_host_and_port()[1]}\n"
        )
        yield AssumedKeys(sts_backends["111122223333"]["aws"])
        running.stop()


def run_of(
    lambda_: CheckingLambda,
    monkeypatch: pytest.MonkeyPatch,
    *,
    scenario: Scenario = LONG_RUN,
    history: HistoryStore | None = None,
) -> Snapshot:
    lambda_.open(lambda _: None)
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_.endpoint)
    try:
        return list(Run(scenario, AwsTarget(), history=history).snapshots())[-1]
    finally:
        lambda_.close()


def assert_nothing_missing(last: Snapshot, lambda_: CheckingLambda) -> None:
    assert last.stopped_by is None
    assert last.summary.ok == LONG_RUN.planned_invocations
    assert last.summary.dropped == 0
    assert len(lambda_.used) > 3


def test_a_containers_keys_are_renewed(container: KeyServices, monkeypatch: pytest.MonkeyPatch) -> None:
    lambda_ = CheckingLambda(container.keys)
    assert_nothing_missing(run_of(lambda_, monkeypatch), lambda_)


def test_a_role_is_assumed_again(assumed: AssumedKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    lambda_ = CheckingLambda(assumed)
    assert_nothing_missing(run_of(lambda_, monkeypatch), lambda_)


def test_an_sso_role_and_its_login_are_renewed(sso: KeyServices, monkeypatch: pytest.MonkeyPatch) -> None:
    lambda_ = CheckingLambda(sso.keys)
    assert_nothing_missing(run_of(lambda_, monkeypatch), lambda_)
    assert len(sso.logins) == 2, "the cached one had 5 minutes left: botocore renews it below 15"


@pytest.mark.timed
def test_a_slow_renewal_makes_no_start_wait(container: KeyServices, monkeypatch: pytest.MonkeyPatch) -> None:
    container.holds_s = 0.5
    lambda_ = CheckingLambda(container.keys)
    last = run_of(lambda_, monkeypatch)
    assert_nothing_missing(last, lambda_)
    starts = last.summary.start_error_ms
    assert starts is not None
    assert starts.p99 < container.holds_s * 1000 / 4


def test_a_renewal_that_fails_for_a_while_is_made_up_for(
    container: KeyServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.life_s = 4.0
    lambda_ = CheckingLambda(container.keys)
    judge, refusing = lambda_.answer, range(100, 200)

    def answer(number: int) -> Answer:
        container.refuses = 500 if number in refusing else None
        return judge(number)

    lambda_.answer = answer
    assert_nothing_missing(run_of(lambda_, monkeypatch), lambda_)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("container", "could not be fetched: Error when retrieving credentials from container-role"),
        ("sso", "The login for AWS Lambda in us-east-1 is not valid: The SSO session"),
    ],
)
def test_a_renewal_that_fails_for_good_is_reported_and_loses_nothing(
    kind: str, reason: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services: KeyServices = request.getfixturevalue(kind)
    services.life_s = 5.0  # botocore asks a container three times before it gives up, which takes 3 s
    lambda_ = CheckingLambda(services.keys)
    judge = lambda_.answer

    def answer(number: int) -> Answer:
        services.refuses = 401
        return judge(number)

    lambda_.answer = answer
    with contextlib.closing(HistoryStore(tmp_path / "history.sqlite3")) as history:
        last = run_of(lambda_, monkeypatch, scenario=LONG_RUN.with_changes(seconds=9), history=history)
        kept = history.load(last.run_id)
    assert isinstance(last.stopped_by, TargetRefused)
    assert "The credentials for AWS Lambda in us-east-1 have expired." in last.stopped_by.message
    assert reason in last.stopped_by.message
    assert last.summary.ok > 100
    assert len(kept.invocations) == len(last.invocations) == last.summary.invocations
    assert kept.summary == last.summary


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"AccessKeyId": "A"}, "the answer has no 'SecretAccessKey'"),
        ({"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": "soon"}, "soon"),
        ({"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": "2020-01-01T00:00:00Z"},
         "still expired"),
    ],
)  # fmt: skip
def test_a_malformed_answer_is_one_sentence(
    container: KeyServices, monkeypatch: pytest.MonkeyPatch, document: dict[str, str], reason: str
) -> None:
    monkeypatch.setattr(container, "_document", lambda *_: document)
    with pytest.raises(TargetError, match=f"could not be fetched.*{reason}"):
        AwsTarget().open(lambda _: None)


def test_a_role_that_may_not_be_assumed_is_one_sentence(
    assumed: AssumedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.core.exceptions import AccessDeniedError  # noqa: PLC0415
    from moto.sts.models import STSBackend  # noqa: PLC0415

    def deny(*_: Any, **__: Any) -> None:
        raise AccessDeniedError("base", "sts:AssumeRole")

    monkeypatch.setattr(STSBackend, "assume_role", deny)
    with pytest.raises(TargetRefused, match="could not be fetched: User: base is not authorized") as caught:
        AwsTarget().open(lambda _: None)
    assert "lambda:InvokeFunction" not in str(caught.value)


def test_a_page_instead_of_sts_is_one_sentence(assumed: AssumedKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError  # what answers then is HTML

    monkeypatch.setattr("moto.sts.models.STSBackend.assume_role", fail)
    with pytest.raises(TargetRefused, match="the answer is not from a credential service"):
        AwsTarget().open(lambda _: None)
