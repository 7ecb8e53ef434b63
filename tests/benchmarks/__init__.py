"""What leadline costs and how fast it is, measured on real servers: `make bench`; README.md says how to read it.

    generator   the events: seeded, the same for the same numbers
    load        the events on their way into Kafka
    traffic     live events at a steady rate, while latency is measured
    known       leads that Redis knows before the backlog comes
    accounting  CPU time and memory of a process, as the kernel accounts for them
    worker      a worker as a process of its own
    progress    how far the lanes have come, seen from Redis
    rhythm      how far apart the commits of a lane are
    exposition  the worker's own metrics, read from outside
    measure     one measured run: a backlog, from the first record to the last commit
    scored      the runs of ours: workers through a backlog, latency in each situation
    peers/      what a user would pick instead, on the same events
    raw_read    the same topics read and thrown away: the yardstick
    latency     from an event to the change that it causes
    sizes       what a lead takes in Redis
    runs        all of it, round by round
    spread      several measurements as one figure
    report      tables; report_json the same for programs
    machine     what all this ran on
    stages      the pure stages of the path in this process, without servers; stages_report tells them
    guard       what CI compares the cost with; test_cost.py does it

CPU time compares, wall time does not: on a shared machine the one moves by a few per cent, the other by halves.
"""
