"""What moves: from Kafka's topics through the pure scoring to Redis, and back to Kafka.

     email.opens ─┐                       one lane per partition p
     email.clicks ┤   1 fetch   2 decode   3 load      4 fold       5 commit          6 publish            7 trim
     webinar.… ───┼──> batch ──> inputs ──> states ──> scoring ──> one Lua script ──> lead.score-changes ─> outbox
     engagements ─┤   (Kafka)   + refusals (Redis)    (pure)      states, offsets,    lead.events.rejected
     commands … ──┘                                                timers, outbox        (Kafka)

- `app`       the process: a Faust app that hosts the services
- `kafka/`    everything that touches Kafka
- `store/`    everything that touches Redis
- `lane/`     what happens between the two, and knows neither
- `rebuild/`  scores computed anew from Kafka, and only what differs published
- `wiring`   puts a worker together
- `ranking`, `search`, `scan`, `lead_page`   what readers are told: the rank of all, of some, everybody, one lead
- `standing`, `in_force`   where one lead stands at an instant; under which model it counts
- `facts`, `observer`, `rounds`   what is so now: in the lanes, in the consumer, in Redis
- `settings`, `metrics/`, `health`, `clock`, `logs`   what an operator sets and sees
- `cli/`      the command `leadline`
- `sandbox/`  an embedded broker and Redis with a simulated marketing department: `leadline demo`

The state of a lead and the position that it comes from are one write; changes are saved first and published
then. So a crash at any step repeats work, and never loses or doubles a point.
"""
