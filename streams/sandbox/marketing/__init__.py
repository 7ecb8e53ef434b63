"""The simulated marketing department: what 2,000 people do with the mails, webinars and pages of one company.

    personas   who the leads are, and the interest that each hides: champion, evaluator, student, ...
    campaigns  what the department sends in a month: briefs, newsletters, a launch, webinars
    reactions  what a person does with a message: opens, clicks, signs up, attends, leaves
    introductions  what becomes known of people: names, addresses, and what sales asks
    decisions  what sales says and decides: a doubt, a call, a deal
    live       what happens next, from now on: waves of mail, and people who act in bursts
    wire       how an act becomes a Kafka record: delays, duplicates, late ones, broken ones
    department `Marketing`: the two streams of records, the backlog and the live one

It promises: the same seed and the same present give the same records, byte for byte; nothing here reads a
clock, waits or does I/O. It produces the JSON that the topics ask for by itself, as foreign systems do, and
knows nothing of scoring: leads cross the line because of what they do.
"""

from streams.sandbox.marketing.department import Marketing
from streams.sandbox.marketing.wire import SimulatedRecord

__all__ = ["Marketing", "SimulatedRecord"]
