"""Settings: a TOML file and ``EVENTYARD_`` environment variables, the environment winning.

Nested settings are tables in the file (``[targets] allow_private = true``) and double underscores in the environment
(``EVENTYARD_TARGETS__ALLOW_PRIVATE=true``). A key nobody knows is refused, with the nearest known one.
``docs/settings.md`` is generated from here; the tables are in ``sections.py``.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from eventyard.config.sections import (
    DispatchSettings,
    EventhosSettings,
    FunctionSettings,
    IdempotencySettings,
    InformaticaSettings,
    LimitSettings,
    LogSettings,
    MailSettings,
    ReplySettings,
    SmtpSettings,
    StoreSettings,
    StreamSettings,
    TargetSettings,
    TlsSettings,
    TokenSettings,
)
from eventyard.config.values import Address, Key, Network, PublicUrl

PREFIX = "EVENTYARD_"


class ConfigError(Exception):
    """The configuration cannot be used; the message says which setting, why, and what to do."""


class _Environment(EnvSettingsSource):
    """The environment, where a list is JSON. What is not stays text, so that the setting refuses it by its name."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        with suppress(ValueError):
            return super().decode_complex_value(field_name, field, value)
        return value


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data: Path = Field(default=Path("eventyard-data"), description="Directory of the journal and the key file.")
    listen: Address = Field(
        default="127.0.0.1:8080", description="HOST:PORT of the HTTP server; port 0 takes a free one."
    )
    amqp: Address | None = Field(default=None, description="HOST:PORT of AMQP 0-9-1; unset: none.")
    amqps: Address | None = Field(
        default=None, description="HOST:PORT of AMQP 0-9-1 over TLS, with `tls.certificate`; unset: none."
    )
    stomp: Address | None = Field(
        default=None, description="HOST:PORT of STOMP over TCP; unset: only over WebSocket, on the HTTP port."
    )
    public_url: PublicUrl | None = Field(
        default=None, description="URL by which clients reach the hub, when that is not its own address."
    )
    proxies: list[Network] = Field(
        default=[],
        description="Addresses or networks of reverse proxies, whose X-Forwarded-For is believed when passwords are "
        "guessed.",
    )
    bootstrap_key: Key | None = Field(
        default=None,
        description="API key of the first administrator, of visible ASCII characters, used on an empty store.",
    )
    bootstrap_password: SecretStr | None = Field(
        default=None, description="Password of user admin, of 8 characters or more, used on an empty store."
    )
    bench: bool = Field(default=False, description="Serve the empty route that benchmarks are held against.")
    store: StoreSettings = StoreSettings()
    targets: TargetSettings = TargetSettings()
    functions: FunctionSettings = FunctionSettings()
    limits: LimitSettings = LimitSettings()
    idempotency: IdempotencySettings = IdempotencySettings()
    log: LogSettings = LogSettings()
    dispatch: DispatchSettings = DispatchSettings()
    replies: ReplySettings = ReplySettings()
    streams: StreamSettings = StreamSettings()
    tls: TlsSettings = TlsSettings()
    tokens: TokenSettings = TokenSettings()
    eventhos: EventhosSettings = EventhosSettings()
    informatica: InformaticaSettings = InformaticaSettings()
    mail: MailSettings = MailSettings()
    smtp: SmtpSettings = SmtpSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over what the caller passes, which is what the file says; nothing else is read."""
        return _Environment(settings_cls), init_settings


def load(file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a file, the environment over it, and ``overrides`` (command-line options) over both.

    Raises :class:`ConfigError`, naming the key and where it stands.
    """
    given: dict[str, Any] = {}
    if file is not None:
        try:
            given = tomllib.loads(file.read_text())
        except OSError as error:
            raise ConfigError(f"cannot read {file}: {error.strerror}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file} is not TOML: {error}") from None
    _refuse_unknown_variables()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(detail, file) for detail in error.errors())) from None
    wanted = {name: value for name, value in (overrides or {}).items() if value is not None}
    return settings.model_copy(update=wanted)


def known(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting as (dotted name, pydantic field)."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper().replace(".", "__")


def _refuse_unknown_variables() -> None:
    names = {variable(name) for name, _ in known()}
    for given in os.environ:
        if given.startswith(PREFIX) and given not in names and given not in _OF_CLIENTS:
            raise ConfigError(f"there is no setting for the variable {given}{_nearest(given, names)}")


_OF_CLIENTS = frozenset({"EVENTYARD_URL", "EVENTYARD_KEY", "EVENTYARD_CONFIG", "EVENTYARD_PROJECT"})
"""Variables that the command line reads as a client of a hub; no settings of the hub itself."""


def _sentence(detail: Any, file: Path | None) -> str:
    name = ".".join(part for part in detail["loc"] if isinstance(part, str))  # what else there is leads into a list
    if detail["type"] == "extra_forbidden":
        return f"there is no setting {name!r}{_nearest(name, {n for n, _ in known()})}"
    where = f" (in {file} or {variable(name)})" if file else f" ({variable(name)})"
    return f"setting {name!r}{where}: {_ADVICE.get(detail['type'], detail['msg'].removeprefix('Value error, '))}"


_ADVICE = {"list_type": 'that is not a list; write one as ["first", "second"]'}
"""What to do, where pydantic only says what is wrong."""


def _nearest(name: str, names: set[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else "; docs/settings.md lists them all"
