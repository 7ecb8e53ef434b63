"""Everything that touches Kafka: what comes in, what goes out, and the topics themselves.

- `ingest`    the service of the Faust app that reads: one consumer, one lane for each partition that it holds
- `source`    the input topics of one partition, read exactly from where the lane says (the lane's `Source`)
- `reread`    the same once more, where aiokafka cannot unpack what it has fetched
- `cluster`   which Kafka, and who we are there, as the settings say it
- `clients`   the options that every client is made with (TLS, SASL), and the one that asks about topics and groups
- `consumer`  that consumer's settings, each with its reason
- `held`      one partition from assignment to revocation: its lane, and taking over again after being fenced
- `watchdog`  ends the process when fetches have stopped although Kafka has more
- `transactions` takes a lane's outbox entries to Kafka, each visible exactly once (the lane's `Publisher`)
- `marks`     how far each lane has been published, read back
- `publisher` the same way without transactions, at least once: for a broker that has none
- `producer`  records out, for the command line, the simulation and the benchmark
- `told`      one command of a person, and what is published of it
- `follow`    the changes as they are published, each once
- `placement` the partition that a key belongs to
- `topics`    compares the cluster's topics with the table in `schemas/topics.py`, and makes what is missing
- `outputs`   all that stands in one partition of an output topic
- `samples`   the newest records: does each lie where its key belongs
- `group`     the workers' group, as Kafka knows it
- `ends`      where the logs begin and end and what they hold, for who compares from outside
- `errors`    what can go wrong with Kafka, and whose turn it is then

The path of a record: Kafka -> aiokafka's fetcher -> `PartitionSource.pull` -> the lane (which knows no Kafka),
and back: the lane's outbox -> `LanePublisher.publish` -> Kafka.

Promises: a lane gets every record from its position on, once, in order of offset, and positions that pass
transaction markers; two lanes never share a partition in one process; entries of an outbox are visible in
order, exactly once. Offsets committed to Kafka are a mirror for lag tools; nothing here reads them back.

aiokafka is imported in this folder only. Nothing here knows Redis, scoring, or what a value means.
"""
