"""The hub: its verbs on one sheet, as ``app.py`` puts them together and the front doors call them."""

from msgspec import Struct

from eventyard.model.ids import Millis
from eventyard.pipeline.accept import Acceptor
from eventyard.pipeline.bells import Bells
from eventyard.pipeline.catalog import Catalog
from eventyard.pipeline.consume import Consuming
from eventyard.pipeline.dispatch import Dispatcher
from eventyard.pipeline.doors import Doors
from eventyard.pipeline.entities import Entities
from eventyard.pipeline.identity.identity import Identity
from eventyard.pipeline.keys import Keys
from eventyard.pipeline.mail import Mails
from eventyard.pipeline.monitoring.monitoring import Monitoring
from eventyard.pipeline.products import Products
from eventyard.pipeline.projects import Projects
from eventyard.pipeline.publish import Publishing
from eventyard.pipeline.release import Releases
from eventyard.pipeline.replay import Replay
from eventyard.pipeline.reprocess import Reprocessing
from eventyard.pipeline.retain import Retain
from eventyard.pipeline.room import Room
from eventyard.pipeline.search import Search
from eventyard.pipeline.sources import Sources
from eventyard.pipeline.streams.inventory import Inventory
from eventyard.pipeline.streams.streams import Streams
from eventyard.pipeline.subscriptions import Subscriptions
from eventyard.pipeline.targets import Targets
from eventyard.pipeline.topics import Topics
from eventyard.pipeline.waiting.waiting import Waiting
from eventyard.pipeline.work import JobRuns
from eventyard.ports import Clock
from eventyard.telemetry.log import Log
from eventyard.telemetry.metrics import Metrics
from eventyard.telemetry.observer import Observer


class Limits(Struct, frozen=True):
    """The bounds of the front doors: sizes in bytes, depth in nested arrays and objects, times in milliseconds."""

    body_bytes: int = 1 << 20
    batch_bytes: int = 16 << 20
    batch_events: int = 1000
    bodies_bytes: int = 256 << 20
    depth: int = 64
    header_bytes: int = 32 << 10
    idempotency_window_ms: Millis = 24 * 3_600_000
    replay_window_ms: Millis = 600_000


class Hub(Struct, frozen=True):
    """Everything a front door may ask for."""

    catalog: Catalog
    doors: Doors
    acceptor: Acceptor
    publishing: Publishing
    entities: Entities
    products: Products
    streams: Streams
    inventory: Inventory
    dispatcher: Dispatcher
    releases: Releases
    waiting: Waiting
    runs: JobRuns
    consuming: Consuming
    bells: Bells
    mails: Mails
    monitoring: Monitoring
    search: Search
    reprocessing: Reprocessing
    replay: Replay
    retain: Retain
    projects: Projects
    topics: Topics
    sources: Sources
    subscriptions: Subscriptions
    targets: Targets
    keys: Keys
    identity: Identity
    limits: Limits
    room: Room
    clock: Clock
    log: Log
    metrics: Metrics
    observer: Observer
