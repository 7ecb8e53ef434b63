"""What leadline costs and how fast it is, measured on real servers: `make bench`; README.md says how to read it.

    generator   the events: seeded, the same for the same numbers
    load        the events on their way into Kafka
    known       leads that Redis knows before the backlog comes
    accounting  CPU time and memory of a process, as the kernel accounts for them
    worker      a worker as a process of its own
    progress    how far the lanes have come, seen from Redis
    exposition  the worker's own metrics, read from outside
    measure     one measured run: a backlog, from the first record to the last commit
    raw_read    the same topics read and thrown away: the yardstick
    latency     from an event to the change that it causes, while nothing else happens
    stages      the pure stages of the path in this process, without servers
    machine     what all this ran on
    report      tables and JSON

CPU time compares, wall time does not: on a shared machine the one moves by a few per cent, the other by halves.
"""
