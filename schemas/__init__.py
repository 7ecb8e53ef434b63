"""What is said on the topics: every word on the wire, and nothing else.

- `topics`    the one table of topics: names, order of ties, default kinds, retention
- `signals`   what a lead did (`email.opens`, `email.clicks`, `webinar.signups`, `engagements`)
- `commands`  what people decide (`lead.commands`): the scoring model that is in force
- `changes`   what goes out: a band entered or left, with its reasons
- `rejected`  what could not be accepted: the reason codes, and the record of a refusal
- `instants`  the one spelling of time: UTC, to the millisecond
- `codec`     the one place of bytes: decode, or refuse with a reason code and the field's path

A word is defined once, as a pydantic model; the codec has a faster way to read a good signal, and falls back
on the definition for the reason when it is not a good one. Tests hold the two together.

This package imports neither `scoring` nor `streams`, does no I/O and reads no clock.
"""
