"""The demo's end: what the journal says, how long things took, and how to go on."""

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from eventyard.cli.demo.scene import SECRET, SOURCE


class Report(NamedTuple):
    """What came of it all. Times are in milliseconds."""

    counts: Sequence[tuple[str, str, int]]
    accepted: int
    rejected: int
    deliveries: int
    retried: int
    runs: int
    accept: Sequence[float]
    delivery: Sequence[float]
    seconds: float


def counted(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """How many entries of each kind and status."""
    counts = Counter((entry["kind"], entry["status"]) for entry in entries)
    return [(kind, status, number) for (kind, status), number in sorted(counts.items())]


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def facts(report: Report) -> dict[str, Any]:
    """The report for programs."""
    return {
        "journal": [{"kind": kind, "status": status, "entries": number} for kind, status, number in report.counts],
        "accepted": report.accepted,
        "rejected": report.rejected,
        "deliveries": report.deliveries,
        "retried": report.retried,
        "job_runs": report.runs,
        "accept_ms": _times(report.accept),
        "receipt_to_delivery_ms": _times(report.delivery),
        "seconds": round(report.seconds, 2),
    }


def _times(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(percentile(values, 50), 2), "p99": round(percentile(values, 99), 2)}


def rows(report: Report) -> list[dict[str, str]]:
    """The report for people: what, how much."""
    return [
        {"what": "accepted", "how much": f"{report.accepted} events, each on disk before it was acknowledged"},
        {"what": "rejected", "how much": f"{report.rejected} events, nothing of them kept"},
        {"what": "delivered", "how much": f"{report.deliveries} times, {report.runs} of them to the worker"},
        {"what": "retried", "how much": f"{report.retried} deliveries, after a failed attempt"},
        {"what": "to accept", "how much": f"{_spread(report.accept)}, as the sender sees it"},
        {
            "what": "to deliver",
            "how much": f"{_spread(report.delivery)}, from receipt, commit included, first attempts",
        },
        {"what": "all in all", "how much": f"{report.seconds:.1f} s"},
    ]


def _spread(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):.1f} ms, p99 {percentile(values, 99):.1f} ms"


def next_steps(url: str, key: str, source_id: str, entry_id: int) -> list[str]:
    """Command lines to go on with, as they are to be typed."""
    eventyard = "eventyard" if shutil.which("eventyard") else shlex.quote(sys.argv[0])
    body = '{"zen": "Keep it logically awesome.", "sender": {"login": "you", "id": 1}}'
    secret = shlex.quote(SECRET)
    return [
        f"export EVENTYARD_URL={url} EVENTYARD_KEY={key}",
        f"{eventyard} events list --limit 5",
        f"{eventyard} events show {entry_id}",
        f"{eventyard} events explain {entry_id}",
        f"{eventyard} deliveries list --name reviews --limit 5",
        f"{eventyard} send {SOURCE} --scheme github-sha256 --secret {secret} \\",
        f"  --header X-GitHub-Event=ping --data '{body}'",
        "",
        f"curl -sH 'Authorization: Bearer {key}' '{url}/v1/events?limit=5'",
        f"curl -sH 'Authorization: Bearer {key}' '{url}/v1/events/{entry_id}'",
        f"body='{body}'",
        f"signature=$(printf %s \"$body\" | openssl dgst -sha256 -hmac {secret} | sed 's/.* //')",
        f"curl -s {url}/in/{source_id} -d \"$body\" -H 'Content-Type: application/json' -H 'X-GitHub-Event: ping' \\",
        '  -H "X-GitHub-Delivery: $(cat /proc/sys/kernel/random/uuid)" -H "X-Hub-Signature-256: sha256=$signature"',
    ]
