"""The sandbox: everything that `leadline demo` needs, inside this process or bound to its life.

    broker         a Kafka broker in this process (librdkafka's mock cluster)
    redis          a Redis server in a folder of its own
    worker         the real worker, by its command, in a process of its own
    bound          child processes that never outlive us: what redis and worker are started with
    marketing/     what 2,000 simulated people do: a month of backlog, and live traffic; pure
    simulate       takes that traffic to any Kafka, backlog first, then at so many records a second

    demo           all of it together
    scenes         its course: load, catch up, live, finish
    housekeeping   beside it: how far the worker is, and what the broker may forget
    together       how coroutines run side by side and end together
    show, screen, terminal   what it says and when; the lines, pure; where they go
    tally          what was counted, and the summary
    ports, clients what it needs of Kafka, Redis and the worker; who gives it

It promises that nothing of it is left running, not even after a crash, and that the worker it starts is the
real one, by its command. It publishes without transactions, because the embedded broker isolates none: exactly
once is shown on a real Kafka only. The command line uses it for `demo` and `simulate`, and `screen` wherever a
command shows a change or a bar. Kafka's and Redis's clients stay in `streams/kafka` and `streams/store`, and are
handed in.
"""
