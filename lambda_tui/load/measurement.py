"""What a run has measured so far: invocations, statistics and bill, recorded in the history as they come."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lambda_tui.aws_facts import DEFAULT_REGION
from lambda_tui.billing import Rates
from lambda_tui.billing.bill import Bill
from lambda_tui.billing.prices import load_prices
from lambda_tui.billing.run_bill import RunBill
from lambda_tui.errors import LambdaTuiError
from lambda_tui.load.decode import decode
from lambda_tui.load.engine_cpu import EngineCpu
from lambda_tui.load.engine_group import Batch
from lambda_tui.results import Invocation, Report, RunStatistics, Summary
from lambda_tui.runs.host import lawful_billed_ms
from lambda_tui.scenario import Scenario

if TYPE_CHECKING:
    from lambda_tui.history import RunRecorder


class Measurement:
    """Grows batch by batch; `recorder`, once set, gets every batch before it counts."""

    def __init__(self, scenario: Scenario) -> None:
        self.entries: list[Invocation] = []
        self.statistics = RunStatistics()
        self.recorder: RunRecorder | None = None
        # Until the target tells its region, the empty bill has the prices of the default one.
        self._bill = RunBill(load_prices().rates(DEFAULT_REGION, scenario.architecture))
        self._engine_cpu = EngineCpu()
        self._scenario = scenario

    def begin(self, scenario: Scenario, rates: Rates) -> None:
        """Price what comes at these rates, of the scenario as it is deployed; nothing may have come yet."""
        self._bill, self._scenario = RunBill(rates), scenario
        self.statistics.gb_ms_usd = rates.gb_second / 1000
        self.statistics.request_usd = rates.request

    def take(self, batch: Batch) -> LambdaTuiError | None:
        """Add what the engines report; the error that ends the recording, if there is one."""
        invocations = [decode(exchange, self) for exchange in batch.exchanges]
        failure = self._record(invocations)
        for invocation in invocations:
            self.statistics.add(invocation)
            self.statistics.add_lawful(invocation, lawful_billed_ms(invocation, self._scenario))
        self.statistics.add_dropped(batch.dropped)
        self.statistics.add_held_back(batch.held_back)
        self.statistics.add_recorder_behind(batch.recorder_behind_s)
        self.statistics.add_engine_cpu(self._engine_cpu.percent(batch.now_ms, batch.cpu_s))
        self.entries.extend(invocations)
        return failure

    def finish(self, stopped_by: LambdaTuiError | None) -> LambdaTuiError | None:
        """Close the recording; the error that kept it from being complete, if there is one."""
        if self.recorder is None:
            return None
        try:
            self.recorder.finish(summary=self.summary(), bill=self.bill(), stopped_by=stopped_by)
        except LambdaTuiError as error:
            return error
        return None

    def summary(self) -> Summary:
        return self.statistics.summary()

    def bill(self) -> Bill:
        return self._bill.bill()

    @property
    def spent_usd(self) -> Decimal:
        """What was billed, and the most that can be billed of what is not known."""
        summary = self.summary()
        return self.bill().total_usd + summary.possibly_billed_usd + summary.unreported_usd

    def newest_failure(self) -> Invocation | None:
        """The last invocation that no answer came to."""
        return next((each for each in reversed(self.entries) if each.status == "failed"), None)

    def _record(self, invocations: list[Invocation]) -> LambdaTuiError | None:
        if not invocations or self.recorder is None:
            return None
        try:
            self.recorder.append(invocations)
        except LambdaTuiError as error:
            self.recorder = None
            return error
        return None

    def reported_usd(self, report: Report, *, first_use: bool) -> Decimal:
        return self._bill.add(
            memory_mb=report.memory_mb,
            billed_ms=report.billed_ms,
            duration_ms=report.duration_ms,
            init_ms=report.init_ms,
            first_use=first_use,
        )

    def unreported_usd(self, service_ms: float) -> Decimal:
        usd = self._bill.add_unreported(memory_mb=self._scenario.memory_mb, at_most_ms=service_ms)
        self.statistics.unreported_usd = self._bill.unreported_at_most_usd
        return usd
