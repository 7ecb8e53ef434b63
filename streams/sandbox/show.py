"""What the demo says, and when: from its scenes to the lines on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.changes import Change
from streams.clock import Clock
from streams.sandbox import screen
from streams.sandbox.ports import RankedLead
from streams.sandbox.simulate import Sent
from streams.sandbox.tally import Summary, Tally
from streams.sandbox.terminal import Terminal

SAMPLE_S = 0.4
"""While the worker catches up with a month, one change in so many seconds is shown: the others fly by."""

RANKED = 5
"""Leads in a ranking: what fits between two changes without hiding them."""


@dataclass(slots=True)
class Show:
    """The demo's screen. `sampling` is on while changes come faster than anyone reads."""

    terminal: Terminal
    clock: Clock
    sampling: bool = True
    paint: screen.Paint = field(init=False)
    _shown_at_s: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self.paint = screen.Paint(self.terminal.coloured)

    def opening(self, bootstrap: str, redis_url: str, leads: int, days: int) -> None:
        """What is about to be seen."""
        self.terminal.line(self.paint("leadline demo", screen.BOLD))
        self.terminal.line(f"a Kafka broker inside this program ({bootstrap}) and a Redis ({redis_url}):")
        self.terminal.line(
            "(this broker has no transactions, so a change may be published twice; on a real Kafka none is)"
        )
        self.terminal.line(f"{leads:,} simulated leads open mails, click, sign up for webinars, look at prices.")
        self.terminal.line(f"First the past {days} days, all at once; then what they do from now on.")
        self.terminal.line()

    def loading(self, sent: Sent) -> None:
        """The backlog on its way into Kafka."""
        self.terminal.status(f"loading  {sent.total:,} events into Kafka")

    def loaded(self, records: int) -> None:
        """The backlog in Kafka, and the worker on its way."""
        self.terminal.line(f"{records:,} events wait in Kafka; the worker starts and scores them")
        self.terminal.line(screen.change_header(self.paint))

    def progress(self, scored: int, sent: Sent, tally: Tally) -> None:
        """How far the worker has come through the past; after that, how much there has been since."""
        if self.sampling:
            self.terminal.status(screen.progress(scored, sent.total, tally.changes))
        else:
            self.terminal.status(f"live  {sent.live:,} events  {tally.changes:,} changes in all  Ctrl-C stops")

    def change(self, change: Change) -> None:
        """A lead that crossed a line; while sampling, now and then one of them."""
        now_s = self.clock.monotonic_s()
        if self.sampling and now_s - self._shown_at_s < SAMPLE_S:
            return
        self._shown_at_s = now_s
        now = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        self.terminal.line(screen.change_line(change, now=now, paint=self.paint))

    def caught_up(self, events: int, elapsed_s: float, tally: Tally, leads: int) -> None:
        """The past is scored; from here on every change is shown."""
        self.terminal.status("")
        self.terminal.line()
        speed = f"{events / elapsed_s:,.0f} a second" if elapsed_s > 0 else "at once"
        self.terminal.line(
            f"the past is scored: {events:,} events in {elapsed_s:.1f} s ({speed}), {tally.changes:,} changes"
        )
        self.terminal.line(f"leads now: {screen.bands(tally.by_band(leads))}")
        self.sampling = False

    def going_live(self, rate: float) -> None:
        """Live traffic begins."""
        self.terminal.line(
            self.paint(f"now live, {rate:g} events a second; a line for each change; Ctrl-C stops", screen.BOLD)
        )
        self.terminal.line(screen.change_header(self.paint))

    def ranking(self, ranked: Sequence[RankedLead], leads: int) -> None:
        """Who stands highest."""
        for text in screen.ranking_lines(ranked, leads, self.paint):
            self.terminal.line(text)

    def stopping(self) -> None:
        """Nothing new is sent; what was sent is scored."""
        self.terminal.status("stopping: the worker finishes what was sent")

    def summary(self, summary: Summary) -> None:
        """The end."""
        self.terminal.status("")
        for text in screen.summary_lines(summary, self.paint):
            self.terminal.line(text)
