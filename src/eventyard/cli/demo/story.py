"""The demo's story, step by step; each looks at what really happened, and says so.

A step that did not happen is told with a cross and remembered; the demo then ends with a status that is not 0.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventyard.cli.client import Answer, Client
from eventyard.cli.demo.crew import Crew
from eventyard.cli.demo.progress import Teller
from eventyard.cli.demo.receivers import Inbox
from eventyard.cli.demo.report import Report, counted
from eventyard.cli.demo.samples import Sample
from eventyard.cli.demo.scene import FAILURES, QUICK_RETRY, SCHEMA, SECRET, SOURCE, WISHES
from eventyard.cli.remote import Remote
from eventyard.cli.signing import signed_headers

PATIENCE_S = 20.0
"""How long to wait for the last delivery."""

LOOK_S = 0.1
OPEN = {"new", "pending", "processing", "delayed"}


class Story:
    """One run of the demo against a hub."""

    def __init__(self, teller: Teller, hub: Client, inboxes: Mapping[str, Inbox]) -> None:
        self._tell = teller
        self._hub = hub
        self._remote = Remote(hub)
        self._inboxes = inboxes
        self._began = time.perf_counter()
        self._accept_ms: list[float] = []
        self._sent: dict[str, Sample] = {}
        self._first: tuple[Sample, str, Answer] | None = None
        self._rejected = 0
        self.source: Mapping[str, Any] = {}

    # What is set up

    def set_up(self) -> None:
        """A source that wants GitHub's signature and a schema; targets and subscriptions; a worker for the job."""
        fields: dict[str, Any] = {"name": SOURCE, "scheme": "github-sha256", "secret": SECRET, "schema": SCHEMA}
        self.source = self._remote.post("/v1/sources", self._remote.in_project(fields))
        self._tell.step("source", True, f"{SOURCE}: signed with X-Hub-Signature-256, checked against a JSON Schema")
        for wish in WISHES:
            target = self._target(wish.name, wish.job)
            fields = {
                "name": wish.name,
                "source_id": self.source["id"],
                "target_id": target["id"],
                "pattern": wish.pattern,
                "filter": wish.filter,
            }
            self._remote.post("/v1/subscriptions", self._remote.in_project(fields))
            self._tell.step("subscription", True, f"{wish.name}: {wish.words}")

    def _target(self, name: str, job: bool) -> Any:
        if job:
            return self._remote.post("/v1/jobs", self._remote.in_project({"name": name}))
        receiver = self._inboxes[name].receiver
        settings = {"url": receiver.url, "secret": receiver.secret}
        fields = {"name": name, "type": "webhook", "settings": settings, "retry": QUICK_RETRY}
        return self._remote.post("/v1/targets", self._remote.in_project(fields))

    # What is sent

    def send(self, samples: Sequence[Sample]) -> None:
        """Every sample, signed as GitHub signs."""
        refused: Counter[str] = Counter()
        for sample in self._tell.each("sending", samples):
            delivery_id = str(uuid.uuid4())
            started = time.perf_counter()
            answer = self._post(sample, delivery_id)
            self._accept_ms.append((time.perf_counter() - started) * 1000)
            if answer.status != 202:
                refused[f"{answer.status} {_code(answer)}"] += 1
                continue
            self._sent[delivery_id] = sample
            self._first = self._first or (sample, delivery_id, answer)
        words = f"{len(self._sent)} of {len(samples)} signed webhooks acknowledged"
        self._tell.step(
            "accepted", not refused and bool(samples), words + (f"; refused: {dict(refused)}" if refused else "")
        )

    def send_badly(self, samples: Sequence[Sample]) -> None:
        """One with a wrong signature, one that does not fit the schema, and one for the second time."""
        sample = next(sample for sample in samples if sample.data.get("sender"))
        answer = self._post(sample, str(uuid.uuid4()), secret="not the secret")
        self._refusal("bad signature", answer, 401, "signature_invalid")

        data = {**sample.data, "sender": {**sample.data["sender"], "login": 42}}
        answer = self._post(Sample(sample.event, json.dumps(data).encode(), data), str(uuid.uuid4()))
        self._refusal("bad schema", answer, 422, "schema_mismatch", "/sender/login")

        if self._first is not None:
            sample, delivery_id, first = self._first
            answer = self._post(sample, delivery_id)
            same = answer.status == first.status and answer.body == first.body
            replayed = answer.headers.get("idempotency-replayed") == "true"
            words = f"{answer.status}, Idempotency-Replayed: {answer.headers.get('idempotency-replayed', 'missing')}"
            self._tell.step(
                "redelivery", same and replayed, f"{words}, {'the same' if same else 'another'} answer as the first"
            )

    def _refusal(self, name: str, answer: Answer, status: int, code: str, pointer: str | None = None) -> None:
        where = answer.body.get("pointer") if isinstance(answer.body, dict) else None
        happened = answer.status == status and _code(answer) == code and pointer in (None, where)
        self._rejected += happened
        at = f" at {where}" if pointer else ""
        self._tell.step(name, happened, f"refused with {answer.status} {_code(answer)}{at}")

    def _post(self, sample: Sample, delivery_id: str, secret: str = SECRET) -> Answer:
        proof = signed_headers("github-sha256", secret, sample.body, message_id=delivery_id, seconds=0)
        headers = {"Content-Type": "application/json", "X-GitHub-Event": sample.event, **proof}
        return self._hub.request("POST", f"/in/{self.source['id']}", body=sample.body, headers=headers, keyless=True)

    # What came of it

    def watch(self, crew: Crew) -> Report:
        """Wait until nothing is open, then hold the journal and the receivers against what was to happen."""
        entries = self._settled()
        publications = [entry for entry in entries if entry["kind"] == "publication"]
        deliveries = [entry for entry in entries if entry["kind"] == "subscription"]
        kept = {entry["event_id"] for entry in publications}
        self._tell.step(
            "journal", kept == set(self._sent), f"{len(kept)} of {len(self._sent)} events on record, once each"
        )
        for wish in WISHES:
            wanted = Counter(event_id for event_id, sample in self._sent.items() if wish.concerns(sample))
            recorded = Counter(
                d["event_id"] for d in deliveries if d["name"] == wish.name and d["status"] == "complete"
            )
            got = Counter(crew.done) if wish.job else Counter(a.event_id for a in self._inboxes[wish.name].arrivals)
            how = "runs completed by the worker" if wish.job else "delivered, signatures verified"
            unverified = 0 if wish.job else self._inboxes[wish.name].unverified
            happened = bool(wanted) and wanted == recorded == got and not unverified
            self._tell.step(wish.name, happened, f"{got.total()} of {wanted.total()} {how}")
        if crew.failure is not None:
            self._tell.step("worker", False, str(crew.failure))
        retried = self._retried(deliveries)
        return Report(
            counts=counted(entries),
            accepted=len(self._sent),
            rejected=self._rejected,
            deliveries=sum(entry["status"] == "complete" for entry in deliveries),
            retried=retried,
            runs=len(crew.done),
            accept=self._accept_ms,
            delivery=self._delivery_ms(publications),
            seconds=time.perf_counter() - self._began,
        )

    def _settled(self) -> list[dict[str, Any]]:
        """The whole journal, once no delivery is open; or as it is when patience ends."""
        deadline = time.monotonic() + PATIENCE_S
        with self._tell.doing("waiting for the last delivery"):
            while True:
                entries = list(self._hub.pages("/v1/events", {}, 1_000_000))
                settled = not any(e["kind"] == "subscription" and e["status"] in OPEN for e in entries)
                if settled or time.monotonic() > deadline:
                    return entries
                time.sleep(LOOK_S)

    def _retried(self, deliveries: Iterable[Mapping[str, Any]]) -> int:
        """How many deliveries took more than one attempt, each looked at: failed first, delivered then."""
        failing = next(wish for wish in WISHES if wish.fails_first)
        refused = set(self._inboxes[failing.name].refused)
        again = [d for d in deliveries if d["name"] == failing.name and d["event_id"] in refused]
        attempts = [self._remote.get(f"/v1/events/{delivery['entry_id']}")["attempts"] for delivery in again]
        results = [[attempt["result"] for attempt in tries] for tries in attempts]
        happened = len(again) == FAILURES and all(r[:-1] and r[-1] == "delivered" and "failed" in r for r in results)
        words = f"{failing.name} failed {FAILURES} times at first; {len(again)} deliveries arrived with a later attempt"
        self._tell.step("retry", happened, words)
        return sum(len(r) > 1 for r in results)

    def _delivery_ms(self, publications: Iterable[Mapping[str, Any]]) -> list[float]:
        """From the moment in the journal to the receiver's clock, for deliveries that were not refused at first."""
        began = {entry["event_id"]: _millis(entry["created_at"]) for entry in publications}
        return [
            max(0.0, arrival.at - began[arrival.event_id])
            for inbox in self._inboxes.values()
            for arrival in inbox.arrivals
            if arrival.event_id in began and arrival.event_id not in inbox.refused
        ]


def _code(answer: Answer) -> str:
    return str(answer.body.get("code")) if isinstance(answer.body, dict) else ""


def _millis(time_: str) -> float:
    return datetime.fromisoformat(time_).timestamp() * 1000
