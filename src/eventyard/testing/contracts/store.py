"""What every store keeps: the contract suite of :class:`eventyard.ports.Store`.

A store's test subclasses :class:`StoreContract` and gives a fixture ``store``, started and empty, whose clock is the
fixture ``clock``. The suite is in parts, one for each group of the port's methods:

    StoreContract
    ├── AppendContract    store_append.py    events with their deliveries, idempotency keys
    ├── WorkContract      store_work.py      claims, leases, recordings
    ├── GroupsContract    store_groups.py    deliveries that wait for others of their publication
    ├── BundlesContract   store_bundles.py   several deliveries that are made as one
    ├── OperatorContract  store_operator.py  move, redeliver
    ├── ReplayContract    store_replay.py    ways, events, replay
    ├── PastContract      store_past.py      adopt
    ├── RetentionContract store_retention.py over, purge
    ├── SearchContract    store_search.py    find, count, totals
    ├── SeenContract      store_seen.py      what may be seen of that, by categories
    ├── ListingContract   store_listing.py   listed
    ├── StreamsContract   store_streams.py   watch, read, newest, at, positions
    └── CatalogContract   store_catalog.py   load, save, remove
"""

from eventyard.testing.contracts.store_append import AppendContract
from eventyard.testing.contracts.store_bundles import BundlesContract
from eventyard.testing.contracts.store_catalog import CatalogContract
from eventyard.testing.contracts.store_groups import GroupsContract
from eventyard.testing.contracts.store_listing import ListingContract
from eventyard.testing.contracts.store_operator import OperatorContract
from eventyard.testing.contracts.store_past import PastContract
from eventyard.testing.contracts.store_replay import ReplayContract
from eventyard.testing.contracts.store_retention import RetentionContract
from eventyard.testing.contracts.store_search import SearchContract
from eventyard.testing.contracts.store_seen import SeenContract
from eventyard.testing.contracts.store_streams import StreamsContract
from eventyard.testing.contracts.store_work import WorkContract


class StoreContract(
    AppendContract,
    WorkContract,
    GroupsContract,
    BundlesContract,
    OperatorContract,
    ReplayContract,
    PastContract,
    RetentionContract,
    SearchContract,
    SeenContract,
    ListingContract,
    StreamsContract,
    CatalogContract,
):
    """All parts."""
