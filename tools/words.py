"""The word lists of ``make lint``: plain English in documents, texts for users, code and tests. One word for one thing."""

from __future__ import annotations

WORDS = {
    "that is none": "name what it is: unknown, invalid, rejected",
    "that are none": "name what they are: unknown, invalid, rejected",
    "whom nobody": "turn it round: who is not …",
    "whom no": "leave whom out: people no webhook reported",
    "of which nobody": "turn it round: that nobody …",
    "informations": "information",
    "datas": "data",
    "in the case that": "if",
    "it exists ": "there is",
    "rung": "sent again, called: only alarms ring",
    "so-called": "leave it out",
    "simply": "leave it out",
}
"""What a native engineer would not write → what they would."""
READ_BY_USERS = {
    "told that": "reported that",
    "told of": "reported",
    "tells of": "reports",
    "of whom no": "turn it round: people that no …",
    "of which no": "turn it round: changes that no …",
    "out of a contact": "from a contact",
    "goes on for": "takes the place of",
    "was right already": "was already up to date",
    "referal": "referral",
    "sucess": "success",
}
"""Further ones, in what people see in the console, in an alarm's mail, and in the help."""
READ_BY_ENGINEERS = {
    **READ_BY_USERS,
    r"(?<!`)told(?! apart| from| (?:not |what )?to\b| otherwise)|tells? of": "is reported, shown, sent, said",
    r"for an? [a-z]+ that is none|is none of ours": "unknown, invalid, rejected",
    r"test [a-z0-9 ]*\b(?:is none|are none)": "counts as no answer, is ignored, is rejected",
    r"test [a-z0-9 ]*\bwhom": "turn it round: people that …",
    r"the rings?\b|rings? (?:reconcile|itself|too often|(?:a|each) row)|nothing rings": "calls, sends: only alarms ring",
}
"""Patterns, for docstrings, comments and the names of tests."""
NAMES = {
    **dict.fromkeys(("util", "utils", "helper", "helpers", "common", "misc", "stuff"), "say what it does"),
    "manager": "say what it does",
    **dict.fromkeys(("info", "data"), "say what it holds"),
    "told": "reported, said, seen, shown, or what it is",
}
"""Parts of names in the code that say nothing."""
NAMED_BY_OTHERS = frozenset({"data", "data_type", "FakeSecretsManager", "holds_data_at_once"})
"""Intercom's and AWS's own, and what a template test calls as CloudFormation's pages do."""
