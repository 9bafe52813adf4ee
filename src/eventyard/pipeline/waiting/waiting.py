"""Everything about deliveries that wait for their subscription, on one sheet, as ``app.py`` puts it together."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from eventyard.model.catalog import Record
from eventyard.model.ids import EntryId, Millis
from eventyard.model.journal import Recording
from eventyard.model.lifecycle import Status
from eventyard.pipeline.accept import Waits, tell_nobody
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.release import Releases
from eventyard.pipeline.waiting.backlogs import Backlogs
from eventyard.pipeline.waiting.bundles import Bundles
from eventyard.pipeline.waiting.compounds import Compounds
from eventyard.pipeline.waiting.schedules import Schedules
from eventyard.ports import Clock, Store
from eventyard.telemetry.log import Log


class Waiting(Struct, frozen=True):
    """What a hub does about deliveries that wait."""

    backlogs: Backlogs
    bundles: Bundles
    compounds: Compounds
    schedules: Schedules

    def start(self) -> None:
        """Go on, in the background, where the process before this one was cut off."""
        self.backlogs.start()
        self.schedules.start()

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        await self.schedules.stop()
        self.compounds.stop()
        await self.backlogs.stop()

    def changed(self, records: Sequence[Record]) -> None:
        """The catalog changed."""
        self.compounds.changed(records)
        self.backlogs.changed(records)
        self.schedules.changed(records)

    def moved(self, ids: Sequence[EntryId], status: Status, comment: str) -> None:
        """Entries were given a status, and that is on record."""
        self.compounds.moved(ids, status, comment)
        self.bundles.moved(ids, status, comment)

    def ended(self, recording: Recording) -> None:
        """The status of a delivery changed, and that is on record."""
        self.schedules.ended(recording)
        self.bundles.ended(recording)


def waiting(
    store: Store,
    catalog: Catalog,
    releases: Releases,
    due: Callable[[int, Millis], None],
    pulled: Callable[[str], bool],
    log: Log,
    clock: Clock,
    new_id: Callable[[], str],
    waits: Waits = tell_nobody,
) -> Waiting:
    """All of it, over the parts of a hub. Nothing is started."""

    def look(subscription_id: str) -> None:
        backlogs.look(subscription_id)

    bundles = Bundles(catalog, store, due, look, releases.moved, pulled, clock, new_id, waits)
    compounds = Compounds(catalog, store, bundles, look, releases.moved, clock)
    backlogs = Backlogs(store, catalog, releases, bundles, compounds, due, log, clock)
    return Waiting(backlogs, bundles, compounds, Schedules(catalog, store, backlogs, log, clock))
