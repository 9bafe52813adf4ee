"""The tables of the configuration: every setting that stands in one, with its default, its bounds and what it does.

How they are read, and what stands in none, is in ``config/__init__.py``; what their values look like, in ``values.py``.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from eventyard.config.values import Positive, StoreUrl, Zone


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """Where the journal lives."""

    url: StoreUrl | None = Field(
        default=None, description="`sqlite:///PATH` of the journal; unset: in the data directory."
    )
    upgrade: bool = Field(default=True, description="Upgrade an older SQLite store at start.")


class TargetSettings(_Section):
    """What deliveries may do."""

    allow_private: bool = Field(
        default=False, description="Let webhooks reach loopback, private and link-local addresses."
    )


class FunctionSettings(_Section):
    """Bounds of the JavaScript functions that make the body of a request."""

    workers: Positive = Field(default=2, description="Processes that run JavaScript functions, each one at a time.")
    memory_bytes: int = Field(default=64 << 20, ge=8 << 20, description="Memory that a function may use.")
    timeout_ms: int = Field(
        default=1000, ge=1, le=60_000, description="Processor time that a function may use, in milliseconds."
    )


class LimitSettings(_Section):
    """Bounds of what comes in."""

    body_bytes: Positive = Field(default=1 << 20, description="Largest body of one event, as sent and once inflated.")
    batch_bytes: Positive = Field(default=16 << 20, description="Largest body of a batch, as sent and once inflated.")
    batch_events: Positive = Field(default=1000, le=100_000, description="Most events in one batch.")
    bodies_bytes: Positive = Field(
        default=256 << 20,
        description="How large all bodies on their way in may be together, beyond 64 KiB of each; one always may be.",
    )
    depth: Positive = Field(default=64, description="Deepest nesting of JSON arrays and objects.")
    request_seconds: Positive = Field(
        default=60,
        description="How long a request may take to arrive whole, and how long a client may leave an answer lying.",
    )
    header_bytes: Positive = Field(default=32 << 10, description="Largest total of header names and values.")


class IdempotencySettings(_Section):
    """How long something counts as the same."""

    window_hours: Positive = Field(
        default=24, description="How long an idempotency key or CloudEvents id is remembered."
    )
    replay_window_seconds: Positive = Field(
        default=600, description="How long a signature may not be used a second time."
    )


class LogSettings(_Section):
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    style: Literal["json", "console"] = Field(
        default="json", description="One JSON object a line, or words for people."
    )


class DispatchSettings(_Section):
    """How deliveries are made."""

    lane_queue: Positive = Field(
        default=1000, description="Deliveries held in memory for one target; more wait in the store."
    )
    drain_seconds: Positive = Field(default=20, description="How long a stopping hub waits for attempts under way.")


class ReplySettings(_Section):
    """How far answers that become events may go."""

    depth: Positive = Field(
        default=8, description="Answers that may follow from each other; the next one becomes no event."
    )


class StreamSettings(_Section):
    """Bounds of the clients of STOMP, AMQP and server-sent events."""

    connections: Positive = Field(default=10_000, description="Connections open at once.")
    queues: Positive = Field(default=50_000, description="Queues there may be, private ones included.")
    consumers: Positive = Field(default=10_000, description="Consumers of one connection.")
    channels: Positive = Field(default=2_047, le=65_535, description="Channels of one AMQP connection.")
    unacked: Positive = Field(default=100_000, description="Messages that one connection may leave unacknowledged.")
    unacked_bytes: Positive = Field(default=128 << 20, description="How large these may be in all, in bytes.")
    frame_bytes: int = Field(default=131_072, ge=4_096, description="Largest frame of AMQP.")
    message_bytes: Positive = Field(default=16 << 20, description="Largest message that a client may send.")
    origins: list[str] = Field(
        default=["*"],
        description="Origins of the web pages that may connect to STOMP over WebSocket, beside the hub's own; "
        "`*`: every one. A page proves itself with a key, as there are no cookies.",
    )
    stalled_seconds: Positive = Field(
        default=60, description="How long a client may take nothing before its connection is closed."
    )


class TlsSettings(_Section):
    """The certificate of the AMQP port with TLS; every other port is plain."""

    certificate: Path | None = Field(
        default=None,
        description="PEM file of the certificate and its chain, for the AMQP port with TLS (`amqps`) only. HTTP and "
        "STOMP stay plain: a reverse proxy in front of the hub gives them TLS.",
    )
    key: Path | None = Field(
        default=None, description="PEM file of its private key; unset: the key is in the file of the certificate."
    )
    client_ca: Path | None = Field(
        default=None, description="PEM file of the authorities whose client certificates are taken (AMQP EXTERNAL)."
    )


class TokenSettings(_Section):
    """Tokens of OAuth 2.0."""

    minutes: int = Field(
        default=60, ge=1, le=24 * 60, description="How long a token of `/oauth2/token` counts; a day at most."
    )


class EventhosSettings(_Section):
    """The eventhos dialect."""

    project: str = Field(default="default", description="Project, by id or name, that all of eventhos lives in.")
    success_code: int = Field(
        default=200000, description="Code of a received event: 200000 as documented, 20000 as eventhos 1.0.1 answers."
    )
    access_key_in_query: bool = Field(
        default=True, description="Take the access key from the URL too, where it may end up in logs of proxies."
    )
    time_zone: Zone = Field(
        default="UTC", description="Time zone, by its IANA name, in which the log's fromTime and toTime are days."
    )
    token_minutes: int = Field(
        default=24 * 60, ge=1, le=24 * 60, description="How long a token of `/eventhos/auth` counts; a day at most."
    )

    @field_validator("success_code")
    @classmethod
    def _documented_or_original(cls, code: int) -> int:
        if code not in (200_000, 20_000):
            raise ValueError("write 200000 or 20000")
        return code


class InformaticaSettings(_Section):
    """The dialects of Informatica's DIH and CIH."""

    cih_calls_per_minute: int = Field(
        default=5, ge=0, description="Searches an organization may make of CIH's events in a minute; 0 is no limit."
    )
    max_results: Positive = Field(
        default=2000, description="Events in an answer at most, and unless fewer are asked for."
    )
    invalid_filter_status: int = Field(
        default=500, description="Status for a filter that makes no sense: 500 as documented, or 400."
    )
    time_zone: Zone = Field(
        default="UTC", description="Time zone, by its IANA name, of the days that TODAY and YESTERDAY are."
    )

    @field_validator("invalid_filter_status")
    @classmethod
    def _documented_or_usual(cls, status: int) -> int:
        if status not in (500, 400):
            raise ValueError("write 500 or 400")
        return status


SECRET_NAMES = (
    "*password", "*passwd", "*secret", "*token", "*api-key", "*access-key", "*private-key", "*authorization",
    "cookie", "set-cookie",
)  # fmt: skip


class MailSettings(_Section):
    """What the hub's mails say, and to whom."""

    default_recipients: list[str] = Field(
        default=[], description="Who is told of a failed delivery whose subscription names nobody."
    )
    alias: str | None = Field(default=None, description="What this hub is called at the head of a mail's subject.")
    interval_seconds: Positive = Field(
        default=300, description="After a mail about a subscription, how long its failures are gathered for the next."
    )
    masked: list[str] = Field(
        default=list(SECRET_NAMES),
        description="Names of parameters, headers and fields whose values mails show as `****`; `*` stands for "
        "anything, case and what joins words do not matter.",
    )


class SmtpSettings(_Section):
    """The mail server that takes the hub's mails."""

    host: str | None = Field(default=None, description="Its name; unset: no mail is sent.")
    port: Positive | None = Field(
        default=None, le=65_535, description="Its port; unset: 587 with STARTTLS, 465 with TLS, else 25."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="STARTTLS, TLS from the first byte, or neither. It is never done without."
    )
    ca: Path | None = Field(
        default=None, description="PEM file of the authorities that it is certified by; unset: the system's."
    )
    user: str | None = Field(default=None, description="User to log in as; unset: no login.")
    password: SecretStr | None = Field(default=None, description="That user's password.")
    sender: str | None = Field(
        default=None, description="Whom the mails are from: `name@host` or `Name <name@host>`. Needed with a host."
    )
    timeout_seconds: Positive = Field(default=30, description="How long it may take to take one mail.")
