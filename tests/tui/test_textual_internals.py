"""What is private to Textual is used in one file only."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import dedent

from textual.notifications import Notification
from textual.widgets._toast import Toast, ToastHolder

import lambda_tui.tui
from lambda_tui.tui import textual_internals
from lambda_tui.tui.textual_internals import LastingNotices
from tests.tui.test_explore import until

FENCED = textual_internals.__name__


@cache
def _names(cls: type) -> set[str]:
    """Private attributes and methods that a class of Textual defines on itself."""
    tree = ast.parse(dedent(inspect.getsource(cls)))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def _own_classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(lambda_tui.tui.__path__, "lambda_tui.tui."):
        for cls in vars(import_module(module.name)).values():
            if inspect.isclass(cls) and cls.__module__ == module.name and module.name != FENCED:
                yield cls


def test_no_class_shares_a_private_name_with_its_base_in_textual() -> None:
    """Neither by intent nor by accident: `self._title` of ours could be one of Textual's next release."""
    clashes = {}
    for cls in _own_classes():
        theirs = {
            name for base in cls.__mro__ if base.__module__.startswith("textual.") for name in _names(base)
        }
        shared = _names(cls) & theirs
        if shared:
            clashes[cls.__qualname__] = shared
    assert clashes == {}


def test_no_private_module_and_no_private_attribute_of_another_object_is_used() -> None:
    offences = []
    for path in Path(lambda_tui.tui.__path__[0]).rglob("*.py"):
        if path.stem == "textual_internals":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual."):
                names = [node.module or "", *(alias.name for alias in node.names)]
                offences += [f"{path.name}: {name}" for name in names if "._" in name or name.startswith("_")]
            elif isinstance(node, ast.Attribute) and _is_private_of_another(node):
                offences.append(f"{path.name}: {ast.unparse(node)}")
    assert offences == []


class _Notified(LastingNotices):
    """With its notifications at hand."""

    @property
    def raised(self) -> list[Notification]:
        return list(self._notifications)


async def test_a_toast_made_as_its_notice_expires_does_not_freeze_the_program() -> None:
    """Textual's own timer never leaves its loop where its delay is negative."""
    app = _Notified()
    async with app.run_test(notifications=True) as pilot:
        app.notify("Theme: lambda-dark", timeout=60)
        await pilot.pause()
        (notice,) = app.raised
        assert notice.time_left > 50
        notice.raised_at -= 120
        assert notice.has_expired
        assert app.raised == []
        # Between that question and the making of a toast time goes on.
        late = ToastHolder(Toast(notice))
        await app.mount(late)
        await until(pilot, lambda: not late.is_attached)


def _is_private_of_another(node: ast.Attribute) -> bool:
    is_private = node.attr.startswith("_") and not node.attr.startswith("__")
    return is_private and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
