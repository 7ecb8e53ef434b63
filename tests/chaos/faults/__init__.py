"""The faults. Each is one small class: how it is injected, how it is healed, and what shows that it has bitten.

    workers       what happens to worker processes: killed, stopped, restarted, late
    servers       Redis and Kafka killed, restarted, older
    cluster       one of three brokers gone
    redis_limits  Redis out of memory, its disk full, a replica promoted
    network       lost replies, closed ways, slow ways
    topics        records removed, topics made anew, partitions added: lanes halt
    inputs        foreign partitioners, idle topics, herds of timers, one huge lead
    clocks        a host's clock two hours off

`tests/chaos/profiles.py` says which of them run when.
"""

from __future__ import annotations

from tests.chaos.faults.fault import Evidence, Fault

__all__ = ["Evidence", "Fault"]
