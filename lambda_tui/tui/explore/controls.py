"""The form on the left: everything that can be chosen about a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar, get_args

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, Static

from lambda_tui.errors import InvalidInput
from lambda_tui.scenario import (
    CPU_WORKLOADS,
    MVP_WORKLOADS,
    WAITING_WORKLOADS,
    Architecture,
    Scenario,
    parse_scenario,
)
from lambda_tui.tui.explore.push_button import PushButton
from lambda_tui.tui.messages import AllModelsRequested, RunRequested, ScenarioEdited
from lambda_tui.tui.widgets.field_select import FieldSelect
from lambda_tui.tui.widgets.fields import MEMORY_SIZES_MB, ChoiceField, Field, NumberField, SliderField
from lambda_tui.tui.widgets.model_picker import ModelPicker
from lambda_tui.wording.names import FIELD_LABELS, MODELS, WORKLOADS

WORKER_COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 100)


class Controls(VerticalScroll, can_focus=False):
    """The form. `scenario()` is what it says now, validated."""

    BORDER_TITLE = "Scenario"
    AUTO_FOCUS: ClassVar[str] = "ModelPicker"

    def __init__(self, scenario: Scenario, *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._base = scenario
        self._known: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        base = self._base
        with Vertical(id="what"):
            yield ChoiceField(
                "workload", FIELD_LABELS["workload"], [(kind, kind) for kind in MVP_WORKLOADS], base.workload
            )
            yield Static("", id="workload-hint", classes="hint")
            yield NumberField("tasks", FIELD_LABELS["tasks"], str(base.tasks), unit="per invocation")
            yield NumberField("task_ms", FIELD_LABELS["task_ms"], f"{base.task_ms:g}", unit="ms")
            yield NumberField("work", FIELD_LABELS["work"], str(base.work), unit="per task")
            yield Label("Concurrency", classes="heading")
            yield ModelPicker(base.concurrency)
            yield Static("", id="model-hint", classes="hint")
        with Vertical(id="where"):
            yield SliderField("workers", FIELD_LABELS["workers"], WORKER_COUNTS, base.workers, unit=" ")
            yield SliderField(
                "memory_mb", FIELD_LABELS["memory_mb"], MEMORY_SIZES_MB, base.memory_mb, unit="MB"
            )
            yield Static("", id="cpu-hint", classes="hint")
            yield ChoiceField(
                "architecture", FIELD_LABELS["architecture"], _architectures(), base.architecture
            )
            yield NumberField("callers", FIELD_LABELS["callers"], str(base.callers), unit="at a time")
            yield NumberField(
                "invocations", FIELD_LABELS["invocations"], str(base.invocations), unit="in all"
            )
            yield NumberField("max_usd", FIELD_LABELS["max_usd"], _limit_text(base), unit="USD")
            with Horizontal(id="buttons"):
                yield PushButton("Run ⏎", id="run", classes="-primary")
                yield PushButton("All models [not bold]a[/]", id="all-models")
            yield Static("", id="promise", classes="hint")

    def on_mount(self) -> None:
        self._known = self._values()
        self._show_what_applies()

    def scenario(self) -> Scenario:
        """What the form says.

        Raises:
            InvalidInput: the first value that is not usable; it is also shown under its field.
        """
        for field in self.query(Field):
            field.refuse(None)
        try:
            return parse_scenario({**asdict(self._base), **self._values()})
        except InvalidInput as error:
            self._refuse(error)
            raise

    def _usable(self) -> Scenario | None:
        try:
            return self.scenario()
        except InvalidInput:
            return None

    def show_hints(self, cpu: str, promise: str | Content) -> None:
        """Lines that depend on the target: the CPU share, and what Enter will do and cost."""
        self.query_one("#cpu-hint", Static).update(cpu)
        self.query_one("#promise", Static).update(promise)

    def focus_field(self, name: str) -> None:
        """Move the focus to the editor of a scenario field; what is typed next replaces its value."""
        for field in self.query(Field):
            if field.field_name == name:
                editor = field.query_one("Input, FieldSelect")
                editor.focus()
                if isinstance(editor, Input):
                    editor.select_all()

    def _values(self) -> dict[str, object]:
        values: dict[str, object] = {field.field_name: field.text for field in self.query(Field)}
        values["concurrency"] = self.query_one(ModelPicker).value
        values["max_usd"] = values["max_usd"] or None
        return values

    def _refuse(self, error: InvalidInput) -> None:
        label = FIELD_LABELS.get(error.field, error.field)
        for field in self.query(Field):
            if field.field_name == error.field:
                field.refuse(error.message.replace(error.field, label))

    def _show_what_applies(self) -> None:
        workload = self.query_one("#field-workload", ChoiceField).text
        for kind, description in WORKLOADS.items():
            if kind == workload:
                self.query_one("#workload-hint", Static).update(description)
        model = self.query_one(ModelPicker).value
        self.query_one("#model-hint", Static).update(MODELS[model])
        self.query_one("#field-work").display = workload in CPU_WORKLOADS
        self.query_one("#field-task-ms").display = workload in WAITING_WORKLOADS

    @on(Input.Changed)
    @on(FieldSelect.Changed)
    @on(ModelPicker.Changed)
    def _edited(self) -> None:
        """Editors also tell the values they start with; those are no edit."""
        values = self._values()
        if values != self._known:
            self._known = values
            self._show_what_applies()
            self.post_message(ScenarioEdited(self._usable()))

    @on(PushButton.Pressed, "#run")
    def _run_pressed(self) -> None:
        self.post_message(RunRequested())

    @on(PushButton.Pressed, "#all-models")
    def _all_models_pressed(self) -> None:
        self.post_message(AllModelsRequested())


def _architectures() -> list[tuple[str, str]]:
    return [(name, name) for name in get_args(Architecture)]


def _limit_text(scenario: Scenario) -> str:
    return "" if scenario.max_usd is None else f"{scenario.max_usd:f}"
