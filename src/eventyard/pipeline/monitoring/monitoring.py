"""Everything about monitoring rules on one sheet, as ``app.py`` puts it together."""

from collections.abc import Callable

from msgspec import Struct

from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.letters import Letterhead
from eventyard.pipeline.mail import Mails
from eventyard.pipeline.monitoring.acts import Acts
from eventyard.pipeline.monitoring.monitor import Monitor
from eventyard.pipeline.monitoring.rules import Rules
from eventyard.pipeline.monitoring.stuck import Stuck
from eventyard.pipeline.monitoring.tidings import Tidings
from eventyard.pipeline.monitoring.trial import Trials
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.release import Releases
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics


class Monitoring(Struct, frozen=True):
    """What a hub does about rules."""

    rules: Rules
    trials: Trials
    monitor: Monitor
    stuck: Stuck
    acts: Acts

    async def stop(self, timeout_ms: int) -> None:
        """Tell now what there is to tell and do what waits, for so long at most; before mails are stopped."""
        await self.stuck.stop()
        self.monitor.stop()
        await self.acts.stop(timeout_ms)


def monitoring(
    catalog: Catalog,
    store: Store,
    publishing: Publishing,
    releases: Releases,
    mails: Mails,
    head: Letterhead,
    metrics: Metrics,
    log: Log,
    clock: Clock,
    steady: Clock,
    new_id: Callable[[], str],
) -> Monitoring:
    """All of it, over the parts of a hub. Nothing is started."""
    acts = Acts(catalog, store, publishing, releases.look, metrics, log, clock)
    monitor = Monitor(catalog, store, acts, Tidings(catalog, head), mails, metrics, log, clock, new_id)
    rules = Rules(catalog, publishing, clock, new_id)
    return Monitoring(
        rules=rules,
        trials=Trials(catalog, store, monitor, clock),
        monitor=monitor,
        stuck=Stuck(catalog, store, monitor, rules.reached, log, clock, steady),
        acts=acts,
    )
