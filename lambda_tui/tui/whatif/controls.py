"""The form of the What-if screen: everything about a month that can be turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from lambda_tui.billing import PriceBook, invocations_per_month, money_text, parse_rate
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.question import Question, parse_question, rate_text
from lambda_tui.tui.widgets.field_select import FieldSelect
from lambda_tui.tui.widgets.fields import (
    MEMORY_SIZES_MB,
    ChoiceField,
    Field,
    NumberField,
    NumberInput,
    SliderField,
)

LABELS = {
    "memory_mb": "Memory",
    "duration_ms": "Duration",
    "typed_at_mb": "typed for",
    "cpu_ms": "of it CPU",
    "invocations": "Invocations",
    "per_second": "or req/s",
    "cold_start_percent": "Cold starts",
    "init_ms": "Init",
    "architecture": "CPU",
    "speed_ratio": "arm64 speed",
    "region": "Region",
    "ephemeral_mb": "Storage",
    "free_tier": "Free tier",
    "requests_used": "used already",
    "gb_seconds_used": "used already",
    "provisioned": "Provisioned",
    "hours_per_day": "kept for",
    "arrivals": "Arrivals",
    "era": "Rules",
}
"""What the form calls the fields of a question."""

INVOCATION_STEPS = (*(factor * 10**power for power in range(3, 11) for factor in (1, 2, 5)), 10**11)
PROVISIONED_STEPS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
PERCENT_STEPS = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)

ERAS = (
    ("today's", "today"),
    ("before 2025-08: init free", "before-2025-08"),
    ("before 2020-12: 100 ms", "before-2020-12"),
)
ON, OFF = "on", "off"


@dataclass
class QuestionEdited(Message):
    """A control changed; the question may have become another, or unusable."""


ARRIVALS = [("evenly spread", "even"), ("independent (Poisson)", "poisson")]
"""Independent arrivals come in bursts: some find every provisioned environment busy and run on demand."""


@dataclass
class BaseRequested(Message):
    """The user wants another run to start from."""


class WhatIfControls(VerticalScroll, can_focus=False):
    """`question()` is what the form says now, validated."""

    BORDER_TITLE = "One month"

    def __init__(self, book: PriceBook, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._book = book
        self._start = Question()

    def compose(self) -> ComposeResult:
        start = self._start
        yield Button("Typed numbers ▾", id="base", compact=True)
        yield SliderField("memory_mb", LABELS["memory_mb"], MEMORY_SIZES_MB, start.memory_mb, unit="MB")
        yield NumberField(
            "duration_ms", LABELS["duration_ms"], money_text(start.duration_ms), unit="ms, warm"
        )
        yield NumberField("typed_at_mb", LABELS["typed_at_mb"], str(start.typed_at_mb), unit="MB")
        yield NumberField("cpu_ms", LABELS["cpu_ms"], money_text(start.cpu_ms), unit="ms")
        yield Static(id="duration-hint", classes="hint")
        yield Label("Traffic", classes="heading")
        yield SliderField(
            "invocations", LABELS["invocations"], INVOCATION_STEPS, start.invocations
        ).add_class("-long")
        yield NumberField("per_second", LABELS["per_second"], rate_text(start.invocations), unit="on average")
        yield Static(id="traffic-hint", classes="hint")
        yield SliderField("cold_start_percent", LABELS["cold_start_percent"], PERCENT_STEPS, 1, unit="%")
        yield NumberField("init_ms", LABELS["init_ms"], money_text(start.init_ms), unit="ms each")
        yield Label("Where", classes="heading")
        yield ChoiceField("region", LABELS["region"], _regions(self._book), start.region)
        yield Static(id="price-hint", classes="hint")
        yield ChoiceField(
            "architecture", LABELS["architecture"], [(name, name) for name in ("x86_64", "arm64")], "x86_64"
        )
        yield NumberField("speed_ratio", LABELS["speed_ratio"], "1.00", unit="× x86_64")
        yield Static("1.00 means not measured", id="speed-hint", classes="hint")
        yield NumberField("ephemeral_mb", LABELS["ephemeral_mb"], str(start.ephemeral_mb), unit="MB of /tmp")
        yield Label("Terms", classes="heading")
        yield SliderField("provisioned", LABELS["provisioned"], PROVISIONED_STEPS, 0)
        yield NumberField("hours_per_day", LABELS["hours_per_day"], "24", unit="hours a day")
        yield ChoiceField("arrivals", LABELS["arrivals"], ARRIVALS, start.arrivals)
        yield ChoiceField("free_tier", LABELS["free_tier"], [("not deducted", OFF), ("deducted", ON)], OFF)
        yield NumberField("requests_used", LABELS["requests_used"], "0", unit="requests").add_class("-long")
        yield NumberField("gb_seconds_used", LABELS["gb_seconds_used"], "0", unit="GB-s").add_class("-long")
        yield ChoiceField("era", LABELS["era"], ERAS, start.era)

    def on_mount(self) -> None:
        self._show_what_applies()

    def question(self) -> Question:
        """What the form says.

        Raises:
            InvalidInput: the first value that is not usable; it is also shown under its field.
        """
        for field in self.query("Field.-refused").results(Field):
            field.refuse(None)
        values: dict[str, object] = {field.field_name: field.text for field in self.query(Field)}
        rate = str(values.pop("per_second"))
        values["free_tier"] = values["free_tier"] == ON
        try:
            if parse_rate(rate) is None and rate not in ("", "0"):
                raise InvalidInput(
                    "per_second", f"per_second must be a number up to 1,000,000, not {rate!r}."
                )
            return parse_question(values)
        except InvalidInput as error:
            self.refuse(error)
            raise

    def refuse(self, error: InvalidInput) -> None:
        """Say under the field it names why a value is not usable."""
        name = error.field.partition(".")[0]
        label = LABELS.get(name, name)
        for field in self.query(Field):
            if field.field_name == name:
                field.refuse(f"{error.message.replace(error.field, label)} {error.hint}".strip())

    def turn_to(self, values: Mapping[str, object]) -> None:
        """Set fields of a question by name."""
        for name, value in values.items():
            field = self.query_one(f"#field-{name.replace('_', '-')}", Field)
            if isinstance(field, ChoiceField):
                field.query_one(FieldSelect).value = (
                    (ON if value else OFF) if isinstance(value, bool) else str(value)
                )
            else:
                field.query_one(NumberInput).value = _text(value)
        if "invocations" in values:
            self.query_one("#field-per-second NumberInput", NumberInput).value = rate_text(
                self._invocations()
            )

    def reset(self, changes: Mapping[str, object]) -> None:
        """Back to the values of the start, with `changes`."""
        start = {field.name: getattr(self._start, field.name) for field in fields(Question)}
        self.turn_to({**start, **changes})

    def show_hints(self, *, base: str, duration: Content, traffic: str, prices: Content) -> None:
        """Lines that depend on the answer."""
        button = self.query_one("#base", Button)
        if str(button.label) != f"{base} ▾":
            button.label = f"{base} ▾"
        self.query_one("#duration-hint", Static).update(duration, layout=False)
        self.query_one("#traffic-hint", Static).update(traffic, layout=False)
        hint = self.query_one("#price-hint", Static)
        if hint.visual != prices:
            hint.update(prices)

    @property
    def chosen_region(self) -> str:
        return self.query_one("#field-region", Field).text

    def take_typed_duration(self, *, typed: bool) -> None:
        """Under a run the duration is not typed but measured or forecast."""
        for name in ("duration-ms", "typed-at-mb", "cpu-ms"):
            self.query_one(f"#field-{name}").display = typed

    def _invocations(self) -> int:
        text = self.query_one("#field-invocations", Field).text
        return int(text) if text.isdigit() else 0

    @on(Input.Changed)
    @on(FieldSelect.Changed)
    def _edited(self, event: Input.Changed | FieldSelect.Changed) -> None:
        self._link_traffic(event)
        self._show_what_applies()
        self.post_message(QuestionEdited())

    def _link_traffic(self, event: Input.Changed | FieldSelect.Changed) -> None:
        """Invocations and requests a second are one quantity; the one being typed leads."""
        rate = self.query_one("#field-per-second NumberInput", NumberInput)
        count = self.query_one("#field-invocations NumberInput", NumberInput)
        if event.control is rate and rate.has_focus:
            typed = parse_rate(rate.value)
            if typed is not None:
                count.value = str(invocations_per_month(typed))
        elif event.control is count and not rate.has_focus and count.value.isdigit():
            rate.value = rate_text(int(count.value))

    def _show_what_applies(self) -> None:
        def field(name: str) -> Field:
            return self.query_one(f"#field-{name}", Field)

        arm = field("architecture").text == "arm64"
        field("speed-ratio").display = self.query_one("#speed-hint").display = arm
        keeps = field("provisioned").text not in ("", "0")
        field("hours-per-day").display = keeps
        # Without any, arrivals only move break-evens: a small terminal has no row to spare for that.
        field("arrivals").set_class(not keeps, "-idle")
        deducted = field("free-tier").text == ON
        field("requests-used").display = field("gb-seconds-used").display = deducted

    @on(Button.Pressed, "#base")
    def _base_pressed(self) -> None:
        self.post_message(BaseRequested())


def _regions(book: PriceBook) -> list[tuple[str, str]]:
    width = max(len(region) for region in book.regions)
    return [
        (f"{region:<{width}} {book.rates(region, 'x86_64').as_of}", region) for region in sorted(book.regions)
    ]


def _text(value: object) -> str:
    return money_text(value) if isinstance(value, Decimal) else str(value)
