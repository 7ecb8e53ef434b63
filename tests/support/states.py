"""Leads as their states are tested with: a typical one, and any that can be thought of."""

from __future__ import annotations

from array import array
from functools import cache
from random import Random

from hypothesis import strategies as st

from schemas.accepted import Json, Signal
from schemas.instants import DAY_MS, LATEST_MS, SECOND_MS, YEAR_2000_MS
from schemas.profiles import ProfileUpdate
from scoring.bounds import IDS_MAX, NEWEST_MAX
from scoring.document import default_text, read_model
from scoring.fold import apply_signal
from scoring.layout import (
    ALERT_TIMES,
    BUCKET_AT,
    COUNT_BITS,
    COUNTED,
    DAY_TOTALS,
    EARLIER_GAINS,
    GAIN_AT,
    LIMIT_TABLE,
    LIMIT_VALUES,
    RULE_SERIES,
    TOTAL,
)
from scoring.lead import NEVER, Flag, Lead, Status
from scoring.plan import Plan
from scoring.profile import Profile, apply_profile
from scoring.state import Damaged, UnknownFormat, decode_lead, encode_lead

START_MS = 1_772_409_600_000
KINDS = ["email.opened"] * 8 + ["email.clicked"] * 3 + ["webinar.signed_up"]


@cache
def packaged_plan() -> Plan:
    """The packaged model, compiled."""
    return Plan(read_model(default_text()))


def typical_lead(seed: int) -> Lead:
    """12 signals over 30 days under the packaged model, and a profile: opens of eight mails, clicks, a webinar."""
    plan, rng = packaged_plan(), Random(seed)
    update = ProfileUpdate("L", START_MS, {"name": "Ann", "job_title": "VP Sales", "budget": 20_000})
    lead: Lead | None = apply_profile(plan, None, Profile(), update, [])
    for number, kind in enumerate(rng.sample(KINDS, len(KINDS))):
        at_ms = START_MS + number * 30 * DAY_MS // len(KINDS) + rng.randrange(DAY_MS)
        attributes: dict[str, Json] = {
            "message_id": f"m-{number}",
            "webinar_id": "w-1",
            "url": "https://x.example/blog",
        }
        signal = Signal(f"e-{number}", "L", kind, at_ms, False, attributes)
        lead, _ = apply_signal(plan, lead, signal, at_ms + rng.randrange(SECOND_MS, 5 * SECOND_MS), [])
    assert lead is not None
    return lead


def outcome(state: bytes) -> str:
    """What the codec makes of bytes: them again in hexadecimal, or the name of its error."""
    try:
        return encode_lead(decode_lead(state)).hex()
    except (Damaged, UnknownFormat) as error:
        return type(error).__name__


def members(lead: Lead) -> dict[str, object]:
    """All that the lead is."""
    return {name: getattr(lead, name) for name in Lead.__slots__}


instants_ms = st.integers(YEAR_2000_MS, LATEST_MS)
instants_or_never = st.one_of(st.just(NEVER), instants_ms)
buckets = st.one_of(st.integers(0, 50_000), st.integers(0, (1 << 40) - 1), st.integers(0, (1 << 48) - 1))
words_of_tables = st.builds(lambda bucket, count: bucket << BUCKET_AT | count, buckets, st.integers(0, COUNTED))
words_of_gains = st.builds(lambda at_ms, rest: at_ms << GAIN_AT | rest, instants_ms, st.integers(0, 0xFFFF))
flags = st.builds(
    Flag, st.text(max_size=9), st.none() | st.text(max_size=9), instants_or_never, st.none() | st.floats(0, 9)
)


@st.composite
def series(draw: st.DrawFn) -> list[int]:
    """Stamps with running totals, both ascending."""
    stamps = sorted(draw(st.sets(st.integers(0, (1 << 24) - 1), max_size=9)))
    totals = sorted(draw(st.lists(st.integers(0, TOTAL), min_size=len(stamps), max_size=len(stamps))))
    return [stamp << COUNT_BITS | total for stamp, total in zip(stamps, totals, strict=True)]


@st.composite
def parts(draw: st.DrawFn) -> dict[int, array[int]]:
    """Parts of every sort; of the values most stand in the tables."""
    tags = draw(st.sets(st.integers(0, LIMIT_TABLE - 1) | st.just(DAY_TOTALS), max_size=5))
    found = {tag: draw(series()) for tag in tags}
    tables = st.dictionaries(
        st.integers(LIMIT_TABLE, ALERT_TIMES - 1), st.lists(words_of_tables, max_size=6), max_size=3
    )
    found |= draw(tables)
    known = [
        word >> BUCKET_AT
        for tag, words in sorted(found.items())
        if LIMIT_TABLE <= tag < ALERT_TIMES
        for word in words
    ]
    for tag, each in (
        (ALERT_TIMES, instants_or_never),
        (EARLIER_GAINS, words_of_gains),
        (LIMIT_VALUES, buckets | st.sampled_from(known) if known else buckets),
    ):
        if draw(st.booleans()):
            found[tag] = draw(st.lists(each, max_size=NEWEST_MAX))
    return {tag: array("Q", words) for tag, words in found.items()}


@st.composite
def any_leads(draw: st.DrawFn) -> Lead:
    """A lead whose members are any that its types allow, whether a model can bring it about or not."""
    lead = Lead(draw(instants_ms), draw(st.integers(0, 1 << 32)), 0, draw(ceilings))
    lead.latest, lead.mark, lead.wake, lead.surged = (draw(instants_or_never) for _ in range(4))
    lead.band, lead.segment, lead.known = (draw(st.integers(0, 300)) for _ in range(3))
    lead.status, lead.is_profiled = draw(st.sampled_from(Status)), draw(st.booleans())
    lead.fit, lead.machines = draw(st.integers(0, (1 << 64) - 1)), draw(st.integers(0, 1 << 40))
    lead.counts = array("d", draw(st.lists(st.just(0.0) | st.floats(allow_nan=False), max_size=20)))
    ids = draw(st.integers(0, 9) | st.integers(0, IDS_MAX))
    rng = draw(st.randoms(use_true_random=False))
    lead.ids = array("Q", [rng.getrandbits(48) for _ in range(ids)])
    lead.arrivals = array("Q", [rng.randint(YEAR_2000_MS, LATEST_MS) for _ in range(ids)])
    lead.occurred = lead.arrivals[-NEWEST_MAX:]
    lead.facts = array("Q", [rng.choice([rng.getrandbits(33), 1 << 21]) for _ in lead.occurred])
    for place in range(len(lead.occurred)):
        lead.occurred[place] -= rng.choice([0, -250_000, 3_000, DAY_MS])
    lead.parts = draw(parts())
    lead.buckets = sum(len(words) for tag, words in lead.parts.items() if tag < RULE_SERIES)
    lead.flags = draw(st.lists(flags, max_size=3))
    return lead


ceilings = st.integers(-1 << 20, 1 << 20).map(lambda steps: steps / 64) | st.floats(allow_nan=False)
