"""``python -m bench [a b c …] [--quick] [--json FILE]``: measure, and print figures beside yardsticks."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measures import (
    amqp,
    batch,
    bindings,
    delivery,
    eventhos,
    ingest,
    latency,
    replay,
    retention,
    routing,
    search,
    startup,
    stomp,
    waiting,
)
from bench.plan import QUICK, Plan, Say
from bench.results import Row, as_json, show

Measure = Callable[[Plan, Path, Say], list[Row]]

PARTS: Mapping[str, tuple[str, Measure]] = {
    "a": ("single events", ingest.measure),
    "b": ("batches", batch.measure),
    "c": ("deliveries", delivery.measure),
    "d": ("routing", routing.measure),
    "e": ("search", search.measure),
    "f": ("start and idle memory", startup.measure),
    "g": ("STOMP over WebSocket", stomp.measure),
    "h": ("AMQP", amqp.measure),
    "i": ("latency of streams", latency.measure),
    "j": ("bindings", bindings.measure),
    "k": ("replay", replay.measure),
    "l": ("eventhos", eventhos.measure),
    "m": ("retention", retention.measure),
    "n": ("subscriptions that wait", waiting.measure),
}


def main() -> None:
    """Measure what was asked for."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the hubs are stopped as well
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {text}", file=sys.stderr, flush=True)

    rows: list[Row] = []
    for part in asked.parts or PARTS:
        title, measure = PARTS[part]
        say(f"({part}) {title}")
        with tempfile.TemporaryDirectory(prefix="eventyard-bench-", dir=asked.folder) as folder:
            try:
                rows += measure(QUICK if asked.quick else Plan(), Path(folder), say)
            except Exception as error:  # what the other parts measured is worth having
                traceback.print_exc()
                rows.append(Row(part=part, what=title, measured=f"failed: {error}"[:200], met=False))
    show(rows)
    if asked.json is not None:
        asked.json.write_bytes(as_json(rows, quick=asked.quick, seconds=time.monotonic() - started))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Each figure beside its yardstick.")
    parts = "; ".join(f"{part}: {title}" for part, (title, _) in PARTS.items())
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, all by default ({parts})")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs: coarse, in under two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as JSON, run by run")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="on which disk to measure: where the journals are put"
    )
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return asked


if __name__ == "__main__":
    main()
