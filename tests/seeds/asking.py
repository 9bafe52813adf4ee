"""Bodies of events searches at random: every field of both products, in every spelling that either of them takes."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Body = dict[str, Any]

RANGES = ("TODAY", "YESTERDAY", "LAST_24_HOURS", "LAST_7_DAYS", "LAST_30_DAYS", "NO_RANGE")
HOURS = ("LAST_HOUR", "LAST_TWO_HOURS")
TYPES = ("PUBLICATION", "SUBSCRIPTION", "COMPOUND_SUBSCRIPTION", "UNBOUND_SUBSCRIPTION", "AGGREGATED_SUBSCRIPTION")
STATUSES = (
    "ERROR", "COMPLETE", "DELAYED", "DISCARDED", "PROCESSING", "REPROCESSED", "NEW", "PENDING", "PRE_PROCESSING",
    "POST_PROCESSING",
)  # fmt: skip
STATES = ("NONE", "DELAYED", "ERROR", "FINAL", "IN_PROCESS")
SORTS = ("eventId", "-eventId", "time", "-TIME")
OFFSETS = (0, 0, 330, -420, 765, -210)
NOTHING = (None, "")

FAULTS: tuple[tuple[int, Body], ...] = (
    (400, {"matchAll": 1}), (400, {"useExactMatch": "yes"}), (400, {"maxResults": 2.5}), (400, {"firstResult": True}),
    (400, {"eventId": ""}), (400, {"eventId": "7a"}), (400, {"topicName": 7}), (400, {"timeFrame": 7}),
    (400, {"timeFrame": {"range": "CUSTOM"}}), (400, {"timeFrame": {"fromDate": "2026-01-01T00:00:00Z"}}),
    (400, {"timeFrame": "TODAY", "timeframe": "NO_RANGE"}),
    (500, {"eventType": "FILE"}), (500, {"eventStatus": "FINE"}), (500, {"descendantsEventState": "OPEN"}),
    (500, {"timeFrame": "SOON"}), (500, {"timeFrame": {"range": "LAST_YEAR"}}), (500, {"maxResults": -1}),
    (500, {"firstResult": "-1"}), (500, {"timeFrame": {"fromDate": "yesterday", "toDate": "2026-01-01T00:00:00Z"}}),
    (500, {"timeFrame": {"fromDate": "2026-01-02T00:00:00Z", "toDate": "2026-01-01T00:00:00.000Z"}}),
)  # fmt: skip
"""What makes a search one that cannot be read, or makes no sense, and how each is answered."""


class Asking:
    """Asks about the entries of an exported journal."""

    def __init__(self, chance: random.Random, journal: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> None:
        self._chance = chance
        self._journal = journal
        self._numbers = numbers

    def body(self, dih: bool) -> Body:
        """One that each profile answers with events, even if it knows nothing of some of its fields."""
        chance = self._chance
        makers = {
            "applicationName": lambda: self._name("application"),
            "topicName": lambda: self._name("topic"),
            "pubSubName": lambda: self._name("name"),
            "partnerId": lambda: self._number(chance.choice([*self._numbers, 0, -4, 10**25])),
            "eventId": lambda: self._number(chance.choice([self._entry()["entry_id"], self._entry()["entry_id"], 0])),
            "eventType": lambda: self._word((*TYPES, "SYSTEM") if dih else (*TYPES, "COMPOUND_PUBLICATION", "ALL")),
            "eventStatus": lambda: self._word(STATUSES if dih else (*STATUSES, "ALL")),
            chance.choice(("descendantsEventState", "descendantState")): lambda: self._word(STATES),
            chance.choice(("runId", "runID")): lambda: chance.choice((str(chance.randrange(42)), chance.randrange(42))),
        }
        fields = chance.sample(list(makers), chance.choice((0, 1, 1, 2, 3, 5)))
        body: Body = {field: makers[field]() for field in fields}
        if chance.random() < 0.85:
            body[chance.choice(("timeFrame", "timeframe"))] = self._frame(dih)
        for field, share in (("matchAll", 0.2), ("useExactMatch", 0.4)):
            if chance.random() < share:
                body[field] = chance.choice((True, False, "true", "false", "FALSE", None))
        if chance.random() < 0.997:
            body["maxResults"] = self._number(chance.choice((0, 1, 2, 5, 5, 20)))
        if chance.random() < 0.3:
            body["firstResult"] = self._number(chance.choice((0, 1, 3, 40, 300)))
        if chance.random() < 0.2:
            body["sort"] = chance.choice((*SORTS, *NOTHING))
        if chance.random() < 0.1:
            body |= {"colour": "red", chance.choice(list(makers)): None}
        return dict(chance.sample(list(body.items()), len(body)))

    def faulty(self, dih: bool) -> tuple[int, Body]:
        """One with one thing wrong about it, and the status of the answer."""
        status, fault = self._chance.choice([one for one in FAULTS if dih or "matchAll" not in one[1]])
        body = self.body(dih)
        for field in ("timeFrame", "timeframe", "descendantState", "descendantsEventState"):
            body.pop(field, None)
        return status, body | fault

    def _entry(self) -> Mapping[str, Any]:
        return self._chance.choice(self._journal)

    def _name(self, field: str) -> Any:
        chance = self._chance
        name = self._entry()[field] or "(multiple)"
        start = chance.randrange(len(name))
        part = name[start : start + chance.randrange(1, 9)]
        text = chance.choice((name, name, part, part, "%", "_", "e", "no such thing", *NOTHING))
        return text if text is None else chance.choice((text, text.upper(), text.lower(), text.swapcase()))

    def _number(self, number: int) -> int | str:
        return self._chance.choice((number, number, str(number), f"00{number}" if number >= 0 else str(number)))

    def _word(self, words: Sequence[str]) -> Any:
        chance = self._chance
        word = chance.choice(words)
        shown = word.replace("_", chance.choice((" ", "-"))).title()
        return chance.choice((word, word, word.lower(), shown, f" {word} ")) if chance.random() < 0.95 else None

    def _frame(self, dih: bool) -> Any:
        chance = self._chance
        named = chance.choice(RANGES if dih else RANGES + HOURS)
        named = chance.choice((named, named.lower(), named.replace("_", " ").title()))
        match chance.randrange(7):
            case 0:
                return named
            case 1:
                return {"range": named}
            case 2:
                return {"range": named, "fromDate": "no date", "toDate": None}
            case 3:
                return self._date(min(self._moment(), datetime.now(UTC) - timedelta(hours=1)))
            case 4:
                return chance.choice(({}, {"range": None}, {"range": ""}, *NOTHING))
        since, until = sorted((self._moment(), self._moment()))
        dates = {"fromDate": self._date(since), "toDate": self._date(until)}
        if datetime.fromisoformat(dates["fromDate"]) > datetime.fromisoformat(dates["toDate"]):
            dates["toDate"] = dates["fromDate"]
        return dates | chance.choice(({}, {"range": "CUSTOM"}, {"range": "Custom"}, {"range": None}))

    def _moment(self) -> datetime:
        """Exactly that of an entry, or near it."""
        at = datetime.fromisoformat(self._entry()["created_at"])
        return at + timedelta(milliseconds=self._chance.choice((0, 0, 1, -1, 90_000)))

    def _date(self, at: datetime) -> str:
        chance = self._chance
        offset = chance.choice(OFFSETS)
        zone = "Z" if not offset else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
        text = at.astimezone(timezone(timedelta(minutes=offset)) if offset else UTC)
        written = text.replace(tzinfo=None).isoformat(timespec=chance.choice(("milliseconds", "seconds")))
        return written + (zone if offset and chance.random() < 0.5 else zone.replace(":", ""))
