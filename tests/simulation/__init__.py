"""A model of the protocol without servers: the product's lanes on doubles, a virtual clock, and faults from a seed.

    python -m tests.simulation                 2,000 schedules, as CI runs them; a table of what has happened
    python -m tests.simulation --seed 96       one of them, told step by step
    make simulate ARGS="--schedules 10000"     more of them

What runs is the product: `streams/lane` whole, and of `streams/kafka` the source, the publisher, the marks and the
life of a held partition. What is doubled lies below it:

    loop        an event loop whose clock jumps, and processes that stand still or die between any two steps
    wire        the way from a process to a server: requests that are lost, late, or carried out without an answer
    broker      Kafka: logs, transactions with markers, epochs that fence
    clients     aiokafka's consumer and producer before that broker
    store       the port `LaneStore` over a wire to `tests/support/doubles`, which passes one suite with Redis
    group       the consumer group: sessions, rebalances, members that are left out and do not know it yet
    worker      a worker process
    load        what is written to the input topics, and when
    schedule    what breaks, and when
    nemesis     does what the schedule says
    world       one run, until every lane is at work and everything is applied and published
    ledger      what a lane knew when it made a commit
    judge       the verdict: that of `tests/chaos/check.py`, and whether time was kept
    run, suite  one run from its seed; many, and whether each kind of fault has really happened

A run is what its seed says: every choice comes from generators made of it, and no real time passes. A fault strikes
at a step of the traffic, so that a worker dies or is paused between any two awaits; what is on its way arrives all
the same. A pause, a killed owner, a lost reply, a late request, an older Redis and a fenced producer can come
together.

Each run must end settled, and then: states and changes are the fold of the journals, whose offsets cover the logs
without gap or overlap; `seq` has no gap, `(timeline, seq)` goes up, nothing is said twice but under a higher
timeline after a rewind, no change is lost, and a lead's last change says its band. Records come in the order of
their timestamps as far as the lane could know of them, and time alone makes no lead fall before its grace is over.

Not here: logs that are cut off or made anew, leads that are erased, and a Redis that is emptied, or restored twice
to copies of which the second was made before the first was restored. See tests/unit/test_lane_gaps.py and
tests/chaos.
"""
