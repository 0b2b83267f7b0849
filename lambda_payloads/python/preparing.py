"""What an environment does at its INIT, once and unthrottled, so that no invocation pays for it.

AWS advises to import modules and to create clients outside the handler (Lambda guide, "Best practices"): what
is loaded before a fork is there for every child.
"""

from __future__ import annotations

from importlib import import_module

from models import MODULES

ALL_MODELS = "*"


def prepare(spec: str) -> None:
    """Load what a workload under a model needs: `http/threads`, or `http/*` for every model.

    An unknown name loads nothing: the invocation will say what is wrong with it.
    """
    kind, _, model = spec.partition("/")
    models = list(MODULES) if model == ALL_MODELS else [model] if model in MODULES else []
    for name in models:
        import_module(MODULES[name])
        if name == "process-pool":
            import_module("concurrent.futures.process")
        elif name == "thread-pool" or (name == "asyncio" and kind in ("s3", "dynamodb", "sqs")):
            import_module("concurrent.futures.thread")
    if kind == "http":
        if any(name != "asyncio" for name in models):
            import_module("upstream")
        if "asyncio" in models:
            import_module("async_upstream").prepare()
    elif kind in ("s3", "dynamodb", "sqs"):
        import_module("services").prepare(kind)
