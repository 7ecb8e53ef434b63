"""What people do with a message: filters open it, people open, click, sign up, attend, or leave the list.

Pure functions of a message, a person and a source of chance; each yields the acts that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from streams.sandbox.marketing.campaigns import PRICING_URL, SITE, Message, Webinar
from streams.sandbox.marketing.personas import DAY_MS, Person
from streams.sandbox.marketing.wire import HOUR_MS, MINUTE_MS, SECOND_MS, Act, Members

OPENS = "email.opens"
CLICKS = "email.clicks"
SIGNUPS = "webinar.signups"
ENGAGEMENTS = "engagements"

SCAN_MS = (SECOND_MS, 90 * SECOND_MS)
"""A mail filter opens within a minute and a half of sending."""

READ_MEDIAN_HOURS = 2.0
READ_SPREAD = 1.1
"""People open after two hours in the median (log-normal), some after a day."""

REOPEN_SHARE = 0.15
"""An open that is followed by another of the same message."""

ATTENDED_MINUTES = (12, 58)
"""How long people stay in a webinar of an hour."""

ASKS_SHARE = 0.15
"""A visit to the pricing page that ends in the form "talk to us"."""

OTHER_PAGES = ("/product", "/customers", "/docs", "/careers")


def to_message(random: Random, message: Message, person: Person) -> Iterator[Act]:
    """What this person, and the filter before the mailbox, does with this message."""
    if person.scanned:
        yield opened(person, message, message.sent_ms + random.randrange(*SCAN_MS), machine=True)
    interest = person.interest(message.sent_ms)
    if random.random() < person.persona.opens * interest * message.pull:
        read_ms = message.sent_ms + int(HOUR_MS * READ_MEDIAN_HOURS * random.lognormvariate(0, READ_SPREAD))
        yield from _reading(random, message, person, read_ms, interest)


def farewell(person: Person, message: Message) -> Act:
    """The message that ends it: the address is dead, or the person unsubscribes."""
    if person.bounces:
        return bounced(person, message, message.sent_ms + 2 * SECOND_MS)
    return unsubscribed(person, message, message.sent_ms + HOUR_MS)


def browsing(random: Random, people: Iterable[Person], from_ms: int, to_ms: int) -> Iterator[Act]:
    """Visits to the site that no message caused."""
    days = (to_ms - from_ms) / DAY_MS
    for person in people:
        for _ in range(int(random.expovariate(1.0) * person.persona.browses * days)):
            at_ms = random.randrange(from_ms, to_ms)
            if random.random() < person.interest(at_ms):
                yield visited(person, SITE + random.choice(OTHER_PAGES), at_ms)


def opened(person: Person, message: Message, at_ms: int, *, machine: bool = False) -> Act:
    """A message opened, by the person or by a machine before the mailbox."""
    members: Members = {
        "message_id": message.message_id,
        "campaign": message.campaign,
        "machine": machine,
    }
    return Act(OPENS, person.lead_id, at_ms, members)


def clicked(person: Person, message: Message, url: str, at_ms: int) -> Act:
    """A link in a message clicked."""
    members = {"message_id": message.message_id, "campaign": message.campaign, "url": url}
    return Act(CLICKS, person.lead_id, at_ms, members)


def signed_up(person: Person, webinar: Webinar, campaign: str, at_ms: int) -> Act:
    """A place in a webinar taken."""
    members = {"webinar_id": webinar.webinar_id, "campaign": campaign}
    return Act(SIGNUPS, person.lead_id, at_ms, members)


def attended(person: Person, webinar: Webinar, minutes: int, at_ms: int) -> Act:
    """A webinar left, after so many minutes."""
    members: Members = {"kind": "webinar.attended", "webinar_id": webinar.webinar_id, "minutes": minutes}
    return Act(ENGAGEMENTS, person.lead_id, at_ms, members)


def visited(person: Person, url: str, at_ms: int) -> Act:
    """A page of the site looked at."""
    return Act(ENGAGEMENTS, person.lead_id, at_ms, {"kind": "page.viewed", "url": url})


def asked(person: Person, at_ms: int) -> Act:
    """The form on the pricing page, sent: somebody wants to talk."""
    return Act(ENGAGEMENTS, person.lead_id, at_ms, {"kind": "form.submitted", "form": "talk-to-us"})


def unsubscribed(person: Person, message: Message, at_ms: int) -> Act:
    """The link at the foot of a message used."""
    return Act(ENGAGEMENTS, person.lead_id, at_ms, _about(message, "email.unsubscribed"))


def bounced(person: Person, message: Message, at_ms: int) -> Act:
    """A message that the mailbox did not take."""
    return Act(ENGAGEMENTS, person.lead_id, at_ms, _about(message, "email.bounced"))


def _about(message: Message, kind: str) -> Members:
    return {"kind": kind, "message_id": message.message_id, "campaign": message.campaign}


def _reading(random: Random, message: Message, person: Person, read_ms: int, interest: float) -> Iterator[Act]:
    yield opened(person, message, read_ms)
    if random.random() < REOPEN_SHARE:
        yield opened(person, message, read_ms + random.randrange(HOUR_MS, 20 * HOUR_MS))
    if random.random() < person.persona.clicks * interest:
        click_ms = read_ms + random.randrange(5 * SECOND_MS, 3 * MINUTE_MS)
        yield clicked(person, message, message.url, click_ms)
        if random.random() < person.persona.pricing:
            yield from pricing(random, message, person, click_ms + MINUTE_MS)
    if message.webinar is not None and random.random() < person.persona.signs_up * interest:
        yield from _webinar(random, message, message.webinar, person, read_ms + 2 * MINUTE_MS)


def pricing(random: Random, message: Message, person: Person, at_ms: int) -> Iterator[Act]:
    """The pricing page, by its link in the message, and what the site saw of it."""
    yield clicked(person, message, PRICING_URL, at_ms)
    yield visited(person, PRICING_URL, at_ms + random.randrange(1, 3) * SECOND_MS)
    if random.random() < ASKS_SHARE:
        yield asked(person, at_ms + random.randrange(30, 300) * SECOND_MS)


def _webinar(random: Random, message: Message, webinar: Webinar, person: Person, at_ms: int) -> Iterator[Act]:
    if at_ms >= webinar.begins_ms:
        return
    yield signed_up(person, webinar, message.campaign, at_ms)
    if random.random() < person.persona.attends:
        minutes = random.randrange(*ATTENDED_MINUTES)
        yield attended(person, webinar, minutes, webinar.begins_ms + minutes * MINUTE_MS)
