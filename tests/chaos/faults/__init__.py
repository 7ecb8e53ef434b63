"""The faults. Each is one small class: how it is injected, how it is healed, and what shows that it has bitten.

    workers     what happens to worker processes: killed, stopped, restarted, late
    servers     what happens to Redis and Kafka: killed, restarted, older, full
    network     what happens on the way: lost replies, lost ways, delays
    inputs      what happens to the topics and in them: gone, made anew, foreign, idle, huge

`SHORT` and `FULL` below are the profiles.
"""

from __future__ import annotations

from tests.chaos.faults.fault import Evidence, Fault

__all__ = ["Evidence", "Fault"]
