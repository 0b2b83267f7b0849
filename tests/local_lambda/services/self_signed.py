"""A throw-away certificate for the upstream on loopback, made by the openssl program at start."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from lambda_tui.errors import InvalidInput, StorageError

_DAYS = "2"


def server_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a key and a certificate for 127.0.0.1 in `folder`; return server context and certificate.

    A client trusts it alone through ``SSL_CERT_FILE``, which Python's ssl and OpenSSL read. The key is
    deleted before this returns.

    Raises:
        InvalidInput: there is no openssl program.
        StorageError: it could not make them.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise InvalidInput("tls", "TLS on the upstream needs the openssl program.")
    key, certificate = folder / "upstream-key.pem", folder / "upstream.pem"
    made = subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-batch"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StorageError(f"The upstream's certificate could not be made: {made.stderr.strip()[-200:]}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    finally:
        key.unlink()
    return context, certificate
