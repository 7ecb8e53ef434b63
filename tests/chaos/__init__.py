"""Chaos: a real Kafka, a real Redis, real workers under a live load, and one thing after the other that breaks.

    python -m tests.chaos               the short profile: twelve faults, one seed each
    python -m tests.chaos --full        all faults, three seeds each
    python -m tests.chaos --only redis-older --seed 7 --json
    python -m tests.chaos.soak          twenty minutes at half load, with faults at random

One run is: new topics and an empty Redis; workers and a load that goes on throughout; a fault is injected and
healed; the load ends; the lanes catch up; the workers stop; everything that is left behind is checked.

    proxy, wire   what stands between the workers and the servers: delays, cuts, holds, drops replies
    load, model   who the leads are and what they do, from a seed; scores that fade within seconds
    crew          the workers of a run, each with a proxy of its own before Redis
    skewed        a worker whose clock is wrong
    servers       the servers that runs share: one broker or three, each behind a proxy, and one Redis
    stage         servers, crew, load, reader and watch of one run, and the questions that faults ask
    lanes         where the lanes stand, read from Redis past all proxies
    reader        a `read_committed` reader that is there from the first change to the last
    watch         what must not grow without bound: memory, outboxes
    faults/       the faults: inject, heal, and evidence that each of them has bitten
    published     what a reader of one partition has seen: pure
    coverage      whether the journals cover the topics: pure
    past          what the topics no longer hold: removed by retention, or made anew
    check         the verdict on what a run has left behind
    run           one run, from new topics to the verdict
    profiles      which faults there are, and one run after the other
    report        a table for people, JSON for programs
    soak, memory  faults at random for a long time, and what memory does meanwhile

A run whose fault leaves no evidence is *vacuous* and fails: a fault that did not happen has shown nothing. What
a fault leaves must come from outside of the code that it tests where that can be had: from the proxies, from
Redis, from the kernel; from the worker's own log only where nobody else can know.
"""
