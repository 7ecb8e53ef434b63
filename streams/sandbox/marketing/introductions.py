"""Who the leads say they are: profiles from an imported list, from forms, and from what sales asks.

Some addresses are private, a few are thrown away, a few names are an advertisement: as in any list. What sales
learns of budget, need and time comes later than the name, and of most leads never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from streams.sandbox.marketing.personas import Course, Person
from streams.sandbox.marketing.wire import HOUR_MS, Act, Member

PROFILES = "lead.profiles"

IMPORTED_SHARE = 0.55
"""Leads that came with a list: their profiles are there on the first day."""

KNOWN_SHARE = 0.8
"""Leads of whom anything is known by the end of the month; the others are an id in a cookie."""

TITLES = {
    "champion": ("VP Sales", "Head of Marketing", "CEO", "Director of Operations"),
    "evaluator": ("Marketing Manager", "Head of Sales Operations", "Product Owner", "Sales Manager"),
    "student": ("Student", "Research assistant"),
    "tire-kicker": ("Consultant", "Analyst", "Freelancer", "Account Manager"),
    "gone-quiet": ("Office Manager", "Engineer", "Sales Manager", "Consultant"),
}
"""By persona: who decides is seen by the title, mostly."""

ANSWERS_SHARE = {"champion": 0.7, "evaluator": 0.4, "student": 0.02, "tire-kicker": 0.06, "gone-quiet": 0.05}
"""Of whom sales learns budget, need or time, by persona."""

FIRST_NAMES = ("Ann", "Ben", "Chiara", "Dao", "Emil", "Fatma", "Goran", "Hana", "Ivo", "Jun", "Kim", "Lea")
LAST_NAMES = ("Abel", "Brandt", "Costa", "Dunne", "Evers", "Fontana", "Gruber", "Haddad", "Ito", "Jansen")
COMPANIES = ("acme", "northwind", "fabrikam", "contoso", "initech", "umbra", "globex", "hooli")
FREE = ("gmail.com", "outlook.com", "gmx.net")
DISPOSABLE = ("mailinator.com", "guerrillamail.com")

FREE_SHARE = {Course.STEADY: 0.35, Course.PROJECT: 0.08, Course.FADING: 0.25}
DISPOSABLE_SHARE = 0.02
ROLE_SHARE = 0.03
SPAM_SHARE = 0.006
"""Addresses and names as they are in a list that nobody has cleaned."""

SIZES = (3, 12, 40, 80, 250, 1_200)
BUDGETS = (0, 2_000, 8_000, 12_000, 25_000, 60_000)
NEEDS = ("replace a spreadsheet", "more qualified leads", "reporting for the board")
TIMELINES = ("now", "this month", "this quarter", "next year")


def introductions(random: Random, people: Iterable[Person], from_ms: int, to_ms: int) -> Iterator[Act]:
    """The profiles of a month: names and addresses, and of some what sales has learned since."""
    for person in people:
        if random.random() >= KNOWN_SHARE:
            continue
        imported = random.random() < IMPORTED_SHARE
        met_ms = from_ms + random.randrange(HOUR_MS) if imported else random.randrange(from_ms, to_ms)
        yield introduced(random, person, met_ms)
        if random.random() < ANSWERS_SHARE[person.persona.name]:
            yield answered(random, person, random.randrange(met_ms, to_ms))


def introduced(random: Random, person: Person, at_ms: int) -> Act:
    """Name, address, title and company of a person."""
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    company = random.choice(COMPANIES)
    members: dict[str, Member] = {
        "name": f"{first} {last}",
        "email": _address(random, person, f"{first}.{last}".lower(), company),
        "job_title": random.choice(TITLES[person.persona.name]),
        "company": company.title(),
        "company_size": random.choice(SIZES),
    }
    if random.random() < SPAM_SHARE:
        members["name"] = "Cheap leads https://win.example"
    return Act(PROFILES, person.lead_id, at_ms, members)


def answered(random: Random, person: Person, at_ms: int) -> Act:
    """What sales has learned: one to three of budget, need and time."""
    answers: dict[str, Member] = {
        "budget": random.choice(BUDGETS),
        "need": random.choice(NEEDS),
        "timeline": random.choice(TIMELINES),
    }
    known = random.sample(sorted(answers), random.randrange(1, len(answers) + 1))
    return Act(PROFILES, person.lead_id, at_ms, {name: answers[name] for name in known})


def _address(random: Random, person: Person, local: str, company: str) -> str:
    chance = random.random()
    if chance < DISPOSABLE_SHARE:
        return f"{local}@{random.choice(DISPOSABLE)}"
    if chance < DISPOSABLE_SHARE + ROLE_SHARE:
        return f"info@{company}.example"
    if random.random() < FREE_SHARE[person.persona.course]:
        return f"{local}@{random.choice(FREE)}"
    return f"{local}@{company}.example"
