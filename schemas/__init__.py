"""What is said on the topics: every word on the wire, and nothing else.

- `topics`    the one table of topics: names, order of ties, default kinds, retention
- `signals`   what a lead did (`email.opens`, `email.clicks`, `webinar.signups`, `engagements`)
- `accepted`  a signal as the fold takes it
- `profiles`  who a lead is (`lead.profiles`): fields, each with the value that occurred last
- `commands`  what people decide (`lead.commands`): flags, retractions, outcomes, erasures, the model in force
- `changes`   what goes out: a band entered or left, a surge, a red flag, with the reasons
- `outcomes`  what is recorded when people tell what became of a lead
- `published` how far each lane's outbox has been published
- `rejected`  what could not be accepted: the reason codes, and the record of a refusal
- `cloudevents` inputs that come in the envelope of CloudEvents 1.0
- `instants`  the one spelling of time: UTC, to the millisecond
- `codec`     the one place of bytes: decode, or refuse with a reason code and the field's path

`README.md` says what becomes of input that is not as it should be, what a CloudEvent is read as, and what may
change in a version. `contracts/` has each version's schemas as `leadline schemas export` writes them.

A word is defined once, as a pydantic model; the codec has a faster way to read a good signal, and falls back
on the definition for the reason when it is not a good one. Tests hold the two together.

This package imports neither `scoring` nor `streams`, does no I/O and reads no clock.
"""
