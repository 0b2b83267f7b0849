"""The upstream over HTTPS, with a certificate made for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import urllib.request
from pathlib import Path

import pytest

from lambda_tui.errors import InvalidInput, StorageError
from lambda_tui.local_lambda.services.upstream import start_upstream
from tests.local_lambda.services.self_signed import server_context

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")


def fetch(url: str, trusted: Path | None) -> bytes:
    context = ssl.create_default_context(cafile=trusted)
    with urllib.request.urlopen(f"{url}/latency?ms=1&task=7", context=context, timeout=10) as answer:
        body: bytes = answer.read()
    return body


@needs_openssl
async def test_only_who_trusts_the_certificate_gets_an_answer(tmp_path: Path) -> None:
    context, certificate = server_context(tmp_path)
    assert os.listdir(tmp_path) == [certificate.name], "the key is not kept"
    upstream = await start_upstream(tls=context)
    try:
        assert upstream.url.startswith("https://127.0.0.1:")
        assert await asyncio.to_thread(fetch, upstream.url, certificate) == b"task-7\n"
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await asyncio.to_thread(fetch, upstream.url, None)
    finally:
        await upstream.close()


@needs_openssl
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="certificate could not be made"):
        server_context(tmp_path / "missing")


def test_no_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="needs the openssl program"):
        server_context(tmp_path)
