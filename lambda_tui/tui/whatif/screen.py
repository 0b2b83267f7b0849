"""What-if: one month of a function, turned by sliders; every change re-prices everything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Digits, Static

from lambda_tui.billing import PriceBook, load_prices
from lambda_tui.errors import InvalidInput
from lambda_tui.forecast.answer import Answer, answer
from lambda_tui.forecast.measured import MeasuredBase
from lambda_tui.load.snapshot import Snapshot
from lambda_tui.targets.protocol import Target
from lambda_tui.tui.dialogs.run_picker import RunPicker, recorded_runs
from lambda_tui.tui.mode_screen import Explanation, ModeScreen
from lambda_tui.tui.modes import WHATIF
from lambda_tui.tui.whatif import texts
from lambda_tui.tui.whatif.base import LAST, TYPED, BaseLoaded, LatestRun, base_choices, load_base
from lambda_tui.tui.whatif.bill_table import BillTable
from lambda_tui.tui.whatif.composition_bar import CompositionBar
from lambda_tui.tui.whatif.controls import BaseRequested, QuestionEdited, WhatIfControls
from lambda_tui.tui.whatif.keys import WHATIF_KEYS
from lambda_tui.tui.whatif.memory_chart import MemoryChart
from lambda_tui.tui.whatif.picture_pane import PicturePane
from lambda_tui.tui.whatif.pictures import show_pictures, show_tables
from lambda_tui.tui.whatif.traffic_chart import TrafficChart
from lambda_tui.tui.widgets.pane_tabs import PaneTabs
from lambda_tui.wording.money import big_money
from lambda_tui.wording.scenarios import work_and_model

if TYPE_CHECKING:
    from lambda_tui.history import HistoryStore
    from lambda_tui.tui.export import Document

PANES = (("month", "Bill"), ("by-memory", "Memory"), ("by-traffic", "Traffic"), ("composition", "Parts"))
"""Ids and titles of the panes beside the form, in the order of the tabs of a small terminal."""


class WhatIfScreen(ModeScreen):
    """A form, the bill and three pictures around one question and its answer."""

    MODE = WHATIF
    PANES = PANES
    CSS_PATH = "whatif.tcss"
    AUTO_FOCUS = "#field-memory-mb Slider"
    BINDINGS: ClassVar[list[BindingType]] = list(WHATIF_KEYS)

    def __init__(
        self,
        target: Target,
        latest_run: LatestRun,
        history: HistoryStore | None,
        *,
        prices: PriceBook | None = None,
        today: date | None = None,
    ) -> None:
        super().__init__(target)
        self._latest_run = latest_run
        self._history = history
        self._book = prices or load_prices()
        self._today = today or date.today()
        self._base: MeasuredBase | None = None
        self._answered: MeasuredBase | None = None
        self.answer: Answer | None = None
        self.pinned: Answer | None = None

    def compose_content(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="form"):
                yield WhatIfControls(self._book, id="whatif-controls").add_class("pane")
                with Vertical(id="totals", classes="pane") as totals:
                    totals.border_title = "A month costs"
                    yield Digits(id="total")
                    yield Static(id="per-million")
                    yield Static(id="change")
            with Vertical(id="answer"):
                yield PaneTabs(id="tabs")
                yield Static(id="headline")
                with Horizontal(id="charts"):
                    yield PicturePane(MemoryChart(), "A month by memory", id="by-memory")
                    yield PicturePane(TrafficChart(), "A month by traffic, req/s", id="by-traffic")
                yield PicturePane(CompositionBar(), "What the bill consists of", id="composition")
                with VerticalScroll(id="month", classes="pane", can_focus=False) as month:
                    month.border_title = "The bill of a month"
                    yield BillTable()

    def on_mount(self) -> None:
        self._price()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """A run made since then is what people come here with."""
        latest = self._latest_run()
        known = None if self._base is None else self._base.run_id
        if latest is not None and latest.is_final and latest.summary.ok and latest.run_id != known:
            self._choose(LAST)

    def arranged(self) -> None:
        for name, _ in PANES:
            self.query_one(f"#{name}").set_class(name != self.pane, "-away")
        self.query_one("#charts").set_class(self.pane not in ("by-memory", "by-traffic"), "-away")
        self.show_tabs(PANES)

    # The base

    @on(BaseRequested)
    def action_choose_base(self) -> None:
        def chosen(choice: str | None) -> None:
            if choice is not None:
                self._choose(choice)

        choices = base_choices(self._finished_run(), recorded_runs(self, self._history))
        self.app.push_screen(RunPicker("Start from", choices), chosen)

    def _choose(self, choice: str) -> None:
        if choice == TYPED:
            self._take_base(None, None)
        else:
            load_base(choice, self._finished_run(), self._history, self.post_message)

    def on_base_loaded(self, message: BaseLoaded) -> None:
        if message.error is not None:
            self.notify_error(message.error)
            return
        self._take_base(message.base, message.region)

    def _take_base(self, base: MeasuredBase | None, region: str | None) -> None:
        self._base = base
        controls = self.query_one(WhatIfControls)
        controls.take_typed_duration(typed=base is None)
        if base is not None:
            controls.turn_to(self._of_base(base))
            self._take_region(region)
        self._price()

    def _take_region(self, region: str | None) -> None:
        if region in self._book.regions:
            self.query_one(WhatIfControls).turn_to({"region": region})
        elif region is not None:
            chosen = self.query_one(WhatIfControls).chosen_region
            self.notify(
                f"There are no prices for {region}: {chosen} stands in for it.",
                title="Unknown region",
                severity="warning",
                timeout=10,
                markup=False,
            )

    def _of_base(self, base: MeasuredBase) -> dict[str, object]:
        """What a run says about the question."""
        values: dict[str, object] = {
            "memory_mb": base.scenario.memory_mb,
            "architecture": base.scenario.architecture,
        }
        return {**values, "init_ms": base.init_ms} if base.init_ms else values

    def _finished_run(self) -> Snapshot | None:
        latest = self._latest_run()
        return latest if latest is not None and latest.is_final and latest.summary.ok else None

    # Pricing and showing

    def on_question_edited(self, message: QuestionEdited) -> None:
        self._price()

    def _price(self) -> None:
        """Answer the question of the form; an unusable one leaves the last answer on screen."""
        controls = self.query_one(WhatIfControls)
        try:
            question = controls.question()
            if self.answer is not None and question == self.answer.question and self._base is self._answered:
                return
            self.answer = answer(question, self._base, self._book, self._today)
        except InvalidInput as error:
            controls.refuse(error)
            return
        self._answered = self._base
        self.redraw()

    def redraw(self) -> None:
        """Show the answer everywhere."""
        current = self.answer
        if current is None:
            return
        with self.app.batch_update():
            self._show_hints(current)
            self._show_bill(current)
            show_pictures(self, current, self.pinned)
            show_tables(self, current, self.pinned)

    def _show_hints(self, current: Answer) -> None:
        base = work_and_model(self._base.scenario) if self._base is not None else "Typed numbers"
        self.query_one(WhatIfControls).show_hints(
            base=base,
            duration=texts.duration_line(current.duration, current.question.memory_mb),
            traffic=texts.traffic_line(current.question),
            prices=texts.price_line(current),
        )

    def _show_bill(self, current: Answer) -> None:
        bill = current.bill
        self.query_one("#total", Digits).update(big_money(bill.total_usd, bill.currency))
        self.query_one("#per-million", Static).update(texts.unit_costs(bill), layout=False)
        self.query_one("#change", Static).update(texts.change_content(current, self.pinned), layout=False)
        self.query_one("#headline", Static).update(texts.headline(current, self.pinned), layout=False)
        month, caption = self.query_one("#month"), texts.bill_caption(current)
        if month.border_subtitle != caption:
            month.border_subtitle = caption
        self.query_one(BillTable).show(texts.bill_rows(current, self.pinned))

    # Keys

    def action_pin(self) -> None:
        """Pin this month, or take the pin away if nothing changed since."""
        if self.answer is None:
            return
        self.pinned = None if self.pinned is self.answer else self.answer
        self.redraw()
        self.notify(
            "Pinned: changes are shown against this month." if self.pinned else "Pin removed.", timeout=3
        )

    def action_tables(self) -> None:
        panes = list(self.query(PicturePane))
        if self.has_class("-folded"):
            panes = [pane for pane in panes if pane.id == self.pane]
        for pane in panes:
            pane.toggle()
        if self.answer is not None:
            show_tables(self, self.answer, self.pinned)

    def action_reset(self) -> None:
        base = self._base
        self.query_one(WhatIfControls).reset({} if base is None else self._of_base(base))

    @on(BillTable.Explain)
    def _explain_row(self) -> None:
        self.action_explain()

    def explanation(self) -> Explanation | None:
        """How the amount under the cursor of the bill is calculated."""
        if self.answer is None:
            return None
        text = texts.explained(self.answer, self.query_one(BillTable).selected)
        why = texts.duration_reason(self.answer, self._base)
        return Explanation("How this amount is calculated", text, why)

    def help_text(self) -> Content:
        return texts.help_text()

    def copied(self) -> str:
        return "" if self.answer is None else texts.summary_text(self.answer, self._base)

    def exports(self) -> Iterable[Document]:
        if self.answer is None:
            return []
        question = self.answer.question
        return [(f"cost-{question.region}-{question.memory_mb}MB", self.answer.bill.to_document())]
