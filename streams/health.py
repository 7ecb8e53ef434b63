"""Is the worker alive, is it ready, and its metrics: three pages for probes and Prometheus.

Alive and ready are pure functions of facts. A worker that waits for Redis or Kafka is alive: a restart would not
help it. It is not ready while it holds no lane, or a lane is halted; the body says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from mode import Service

from streams.metrics import Metrics

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Facts:
    """What probes ask about: the lanes held here, those of them that work, and whether Redis answers."""

    held: int
    working: int
    redis_answers: bool


def why_not_ready(facts: Facts) -> str | None:
    """Why no traffic is scored here, or None."""
    if not facts.redis_answers:
        return "Redis does not answer"
    if facts.held == 0:
        return "no partition is assigned to this worker"
    if facts.working < facts.held:
        return f"{facts.held - facts.working} of {facts.held} lanes have not taken over"
    return None


class HealthServer(Service):
    """Serves /live, /ready and /metrics on one address."""

    mundane_level = "debug"

    def __init__(self, address: str, metrics: Metrics, facts: Callable[[], Facts], **service: Any) -> None:
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
        reason = why_not_ready(self._facts())
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    async def _exposition(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": METRICS_TYPE})
