"""A bare execution environment: one JSON event per line on stdin, one JSON outcome per line on stdout.

Run with the payload's folder as the argument. Unlike Lambda's, it needs no runtime client.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any


def main(task_root: str) -> None:
    sys.path[0] = task_root
    handler = import_module("handler")
    for line in sys.stdin:
        print(json.dumps(_invoke(handler.lambda_handler, json.loads(line))), flush=True)


def _invoke(lambda_handler: Any, event: object) -> dict[str, Any]:
    try:
        return {"response": lambda_handler(event, None)}
    except Exception as error:  # noqa: BLE001  (the boundary at which Lambda catches too)
        return {"errorType": type(error).__name__, "errorMessage": str(error)}


if __name__ == "__main__":
    main(sys.argv[1])
