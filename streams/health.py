"""Is the worker alive, is it ready, and its metrics: three pages for probes and Prometheus.

Alive and ready are pure functions of facts. A worker that waits for Redis or Kafka is alive: a restart would not
help it. It is not ready while it holds no lane, a lane does not work or is halted, Redis does not answer, or Kafka
has not told yet how far there is to read; the body says why, each reason on a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web
from mode import Service

from streams.facts import WorkerFacts
from streams.metrics import Metrics


def why_not_ready(facts: WorkerFacts) -> Iterator[str]:
    """Each reason why not all that is assigned here is scored; none: ready."""
    if not facts.redis.is_up:
        where = f"Redis at {', '.join(facts.redis.away)}" if facts.redis.away else "Redis"
        yield f"{where} does not answer, or takes nothing: the log says which"
    if not facts.lanes:
        why = "Kafka has not yet said which it holds" if facts.is_rebalancing else "other workers hold them all"
        yield f"no partition is assigned to this worker: {why}"
    for lane in facts.lanes:
        if lane.halted:
            yield f"lane {lane.partition} is halted: {lane.halted}"
        elif lane.work is None:
            yield f"lane {lane.partition} has not taken over yet"
        elif not lane.knows_lag:
            yield f"lane {lane.partition} does not know yet how far there is to read"


class HealthServer(Service):
    """Serves /live, /ready and /metrics on one address."""

    mundane_level = "debug"

    def __init__(self, address: str, metrics: Metrics, facts: Callable[[], WorkerFacts], **service: Any) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._metrics = metrics
        self._facts = facts
        self._runner: web.AppRunner | None = None
        super().__init__(**service)

    async def on_start(self) -> None:
        """Listen. An address in use raises OSError and ends the worker."""
        app = web.Application()
        app.add_routes(
            [web.get("/live", self._live), web.get("/ready", self._ready), web.get("/metrics", self._exposition)]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host.strip("[]"), self._port).start()

    async def on_stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _ready(self, request: web.Request) -> web.Response:
        reasons = list(why_not_ready(self._facts()))
        text = "\n".join(reasons or ["ready"])
        return web.Response(text=f"{text}\n", status=503 if reasons else 200)

    async def _exposition(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics.page(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})
