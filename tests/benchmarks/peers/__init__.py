"""What a user would pick instead of leadline, measured on the same events, broker and machine.

    rule            what all of them compute for each event, in plain Python over one dict for each lead
    quix            Quix Streams: its RocksDB state, its changelog topic
    faust_agent     a Faust agent that saves each event's lead in Redis by one call
    kafka_streams/  Kafka Streams in Java, with the same rule
    shelf           what they are installed in, made on demand
    field           who takes part, with which settings
    follow          one measured run of one of them

The rule is smaller than leadline's: no model that can be changed, no limits, fit, flags, timers, history, reasons;
64 ids for each lead in place of 256. So a peer's figure is less than leadline's contract would cost there. Each
program tells how far it is by a line on standard output: events seen, changes published.
"""
