"""`leadline rebuild`: scores computed anew from Kafka, and only what differs published.

For scores that are not trusted (somebody wrote into Redis, a bug was corrected) or are gone (Redis was emptied).
One lane after the other; workers go on meanwhile, and nobody has to be stopped:

    1 draft     a lane as in a worker (`replay`) computes everything under keys of its own, `{ll:p}:draft:...`, from
                the beginnings of the logs and the model that the lane began with, up to where the lane stands. It
                publishes nothing; the scores in use are read and worked on as ever
    2 close     the rebuild takes the lane (`live`): acquire.lua gives it to nobody else from then on, the token
                fences its worker in Redis, the transactional producer fences it in Kafka. What waits in the outbox
                is published, under the next timeline. The draft follows up to where the lane has stood
    3 hear      what consumers have been told, from the outputs themselves (`told`)
    4 exchange  page by page (`exchange`) the draft takes the place of the scores in use, and what differs is
                published (`verdict` decides): changes never told, with the `change_id` that they always had; the
                last word again where another was said since, or where Redis had another band or other flags; a
                correction made up (cause `rebuild`) where nothing ever happened
    5 settle    position, model, origins and erasures of the draft become the lane's; seq and timeline go on. A
                halted worker takes the lane over within five seconds. The draft is removed

Ctrl-C or a crash in 1: nothing has happened; started again, it goes on with the draft (`--drop` removes it). In 2
to 5: only a rebuild may own the lane, workers halt it and name the command that finishes. Each step may be
repeated: a lead that was exchanged differs in nothing any more.

A lane without scores (an emptied Redis) is closed first, and computed up to the ends of the logs. Refusals and
re-keyed records that nobody was told are published as they are made; the others are known from the outputs.

Kafka must still hold all that was scored: where a log begins later, or was made anew, the rebuild refuses with the
number of records, unless it is told `--despite-loss`. Leads that nothing is left of are taken back by a tombstone.
Who was erased is not computed again, even if the command is gone. A model in force whose command is gone stays.

What may come out otherwise than it was, and is then told: re-keyed records, and those with a time ahead of their
present, come at their own time now; what `accept-gap --skip` left unread is read. Of a lead the newest 50 changes
are compared; what was said before the outputs' memory of a month counts as told.

    rebuild     one lane, step by step              losses   how far, and what Kafka does not hold any more
    site, run   what it works with                  ports    what it asks of Redis beside what a lane asks
"""
