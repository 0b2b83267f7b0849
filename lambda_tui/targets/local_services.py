"""Makes the embedded Lambda start its S3, DynamoDB and SQS before a run, so no invocation waits for them."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from lambda_tui.errors import TargetLost, TargetRefused

START_TIMEOUT_S = 40.0
_CONTROL_PATH = "/-/services"


def start_services(url: str, workload: str) -> None:
    """Return when they run.

    Raises:
        TargetRefused: the extra `services` is not installed.
        TargetLost: they could not be started.
    """
    connection = HTTPConnection(urlsplit(url).netloc, timeout=START_TIMEOUT_S)
    try:
        connection.request("GET", _CONTROL_PATH)
        response = connection.getresponse()
        document = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise TargetLost(f"The services of the embedded Lambda did not answer: {error}.") from None
    finally:
        connection.close()
    if response.status == 501:
        raise TargetRefused(document["message"].replace("This needs", f"The {workload} workload needs"))
    if response.status != 200:
        raise TargetLost(document["message"])
