"""What each member of a scoring model means, in the words that an editor shows beside it.

Apart from the definition because these are texts for people: a test holds that every member has one.
"""

from __future__ import annotations

_GROUP = "The group whose sum this goes into; `groups` may clamp it."
_WHERE = "What the {} must say: name and condition, all of which must hold."

MEMBERS: dict[str, dict[str, str]] = {
    "ScoringModel": {
        "version": "A label for this model; each change names the one that made it. Default: a hash of the text.",
        "timezone": "Whose calendar days and weeks limits count by, such as Europe/Berlin. Default: UTC.",
        "scale": "Between which numbers a score lies. Default: 0 to 100.",
        "rules": "What one signal is worth, and how its worth fades.",
        "windows": "What many signals within some hours or days are worth.",
        "inactivity": "What silence costs.",
        "fit": "What a profile is worth, or which red flag it raises. It never fades.",
        "groups": "How much one group of rules can give or take: name of the group and its clamp.",
        "bands": "Named ranges of the score, from the lowest to the highest.",
        "segments": "Personas: the first whose conditions hold names the lead, and may bring lines of its own.",
        "grades": "Lines of the letter (who a lead is) and of the number (what it does), such as B2.",
        "flag_cap": "While a red flag is up the score is at most this. Default: 0.",
        "surge": "When a lead that warms fast is told at once.",
    },
    "Rule": {
        "id": "The rule's name. With another one the rule starts to count anew.",
        "kind": "The kind of signals, or a list of kinds, such as email.clicked.",
        "where": _WHERE.format("signal's attributes"),
        "points": "Points for each signal that counts, from -100 to 100. A change takes effect at once.",
        "half_life": "After this time half of the points is left, after twice the time a quarter.",
        "fades_over": "The points go evenly to nothing over this time, up to 90d.",
        "expires_after": "The points stay whole for this time, up to 90d, and then are gone.",
        "limit": "How often signals count in one day, week, or for one value of an attribute.",
        "group": f"{_GROUP} Default: engagement.",
    },
    "Limit": {
        "times": "So many signals count, the ones after them do not.",
        "per": "day, week, ever, or an attribute such as message_id: a limit for each of its values.",
    },
    "Window": {
        "id": "The window's name.",
        "count": "The kind of signals that are counted, or a list of kinds.",
        "within": "Over how many hours or days, up to 30d.",
        "steps": "Points from so many signals on; only the highest step reached counts.",
        "group": f"{_GROUP} Default: engagement.",
    },
    "Step": {
        "at_least": "From so many signals on.",
        "points": "The points of this step.",
    },
    "Inactivity": {
        "after": "How long nothing must have come.",
        "points": "Points taken each time, from -100 to -1.",
        "every": "How long until they are taken again.",
        "at_most": "How often they are taken. Default: 1.",
        "group": f"{_GROUP} Default: engagement.",
        "count": "The kinds whose signals end the silence. Default: those of the rules with positive points.",
    },
    "Group": {
        "min": "The sum of the group is at least this: 0 or below.",
        "max": "The sum of the group is at most this: 0 or above.",
    },
    "Band": {
        "name": "The band's name. Below the first band a lead is cold.",
        "enter": "A lead enters the band when its score reaches this.",
        "leave": "A lead leaves the band when its score is below this: lower than `enter`, to not flicker.",
        "alert": "Whether sales is told when a lead enters. The highest such line is the one agreed with sales.",
        "cooldown": "How long after an alert the same lead makes no other one for this band.",
    },
    "FitRule": {
        "id": "The rule's name.",
        "where": _WHERE.format("profile's fields"),
        "points": "Points while the conditions hold, from -100 to 100.",
        "flag": "In place of points: the red flag that is up while the conditions hold, by its reason.",
        "dimension": "Which question of BANT this answers.",
        "group": f"{_GROUP} Default: fit.",
    },
    "Segment": {
        "name": "The persona's name.",
        "where": _WHERE.format("profile's fields"),
        "bands": "Lines of its own for some bands of the model.",
    },
    "BandLines": {
        "enter": "A lead of this segment enters the band when its score reaches this.",
        "leave": "A lead of this segment leaves the band when its score is below this.",
    },
    "Grades": {
        "fit": "From which sum of the fit groups on a lead is an A, a B, a C; below all lines a D.",
        "engagement": "From which sum of all other groups on a lead is a 1, a 2, a 3; below all lines a 4.",
    },
    "Surge": {
        "points": "Positive points that came together within the time.",
        "within": "The time, up to 10d.",
        "kinds": "Of at least so many kinds of signals. Default: 1.",
        "times_usual": "At least so many times what the lead gathered in such a time over four weeks. Default: 0.",
        "cooldown": "How long after a surge the same lead makes no other one.",
    },
    "Scale": {
        "min": "No score is below this.",
        "max": "No score is above this.",
    },
    "Condition": {
        "in": "Is one of these.",
        "contains": "Is a text that contains this; capitals do not matter.",
        "starts_with": "Is a text that starts with this; capitals do not matter.",
        "matches": "Is a text in which this regular expression (RE2) is found; capitals do not matter.",
        "min": "Is a number, and at least this.",
        "max": "Is a number, and at most this.",
        "missing": "true: is not there. false: is there, whatever it says.",
        "is": "Is such an e-mail address.",
    },
}
"""Part, member, text. Conditions on signals and on profiles share theirs."""
