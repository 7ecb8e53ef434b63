"""A lane: one partition of every input topic, from a batch of records to one commit.

    1 fetch    `ports.Source`   records of the lane's topics, from where the lane stands
    2 decode   `inputs`         records to inputs; what cannot be accepted becomes a refusal
    3 load     `leads`          the states of the leads in the batch, from memory or Redis
    4 fold     `batch`          the pure steps of `scoring`, with the timers that are due in between
    5 commit   `ports.LaneStore` states, offsets, timers, board and outbox in one script
    6 publish  `drain`          outbox entries to Kafka, in order
    7 trim     with the next commit: what Kafka has acknowledged leaves the outbox

`steps` keeps the topics in step, `position` is what the lane knows of its meta hash, `succession` puts another
scoring model in force, `sweep` lets dormant leads sink on the board, `caution` isolates a record that kills the
process, `turns` keeps a lane that eats a backlog from holding up the others, `tally` counts for operations.
`tenure` is what a lane does between one take-over and the next, `lane` the life around it, `surroundings` what it
shares with the worker's other lanes.

A take-over, in this order: own the lane in Redis; see that the logs hold what was scored, and that what was
published belongs to these scores (`gaps`: else the lane halts); become the only one who publishes; from how far was
published find where to go on, and under which `timeline`; publish the rest; read on.

Promises: a batch is committed whole or not at all, from exactly where the last one ended; whatever breaks in
between, memory is dropped and the lane takes over again from what is stored.

A lane is given its source, store, publisher and clock (`ports`), and knows no Kafka, no Redis and no Faust.
"""
