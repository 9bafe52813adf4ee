"""Putting the hub together: the store of the settings, the first start and those after it."""

import io
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from eventyard.app import (
    JOURNAL_FILE,
    Parts,
    compose,
    init,
    journal_path,
    mailer_of,
    new_id,
    open_hub,
    open_store,
)
from eventyard.config import ConfigError, Settings
from eventyard.config.sections import (
    FunctionSettings,
    IdempotencySettings,
    LimitSettings,
    MailSettings,
    SmtpSettings,
    StoreSettings,
)
from eventyard.keyfile import KEY_FILE
from eventyard.model.access import BUILT_IN_ROLES, Scope
from eventyard.model.catalog import ApiKey, Application, Organization, Project, User
from eventyard.model.errors import Unavailable
from eventyard.model.identity import Role
from eventyard.pipeline.keys import digest_of
from eventyard.pipeline.vault import Vault
from eventyard.stores.memory import MemoryStore
from eventyard.targets.functions.pool import FunctionError
from eventyard.targets.job import JobTarget
from eventyard.telemetry.log import make_log
from eventyard.testing.fakes import HandClock, ScriptedTarget
from eventyard.verifiers.none import NoVerifier

LOG = make_log("error")


def settings(folder: Path, **fields) -> Settings:
    return Settings.model_construct(data=folder, **fields)


# The store of the settings


def test_the_journal_lies_in_the_data_directory_unless_told_otherwise(tmp_path):
    assert journal_path(settings(tmp_path)) == tmp_path / JOURNAL_FILE
    told = settings(tmp_path, store=StoreSettings(url=f"sqlite:///{tmp_path}/other.db"))
    assert journal_path(told) == tmp_path / "other.db"


def test_the_data_directory_is_made_for_its_owner_only(tmp_path):
    open_store(settings(tmp_path / "deep" / "down"))
    assert stat.S_IMODE((tmp_path / "deep" / "down").stat().st_mode) == 0o700


def test_a_data_directory_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=f"cannot make the data directory {tmp_path}/file/data: Not a directory"):
        open_store(settings(tmp_path / "file" / "data"))


# The first start, and those after it


async def test_an_empty_store_is_given_an_organization_a_project_an_application_and_an_administrator(tmp_path):
    wanted = settings(tmp_path, bootstrap_key=SecretStr("my-first-key"), bootstrap_password=SecretStr("pass word 1"))
    async with open_hub(wanted, LOG) as hub:
        catalog = hub.catalog
        assert [[record.name for record in catalog.all(kind)] for kind in (Organization, Project, Application)] == [
            ["default"]
        ] * 3
        who = hub.keys.by_key("my-first-key")
        assert who.scopes == {Scope.ADMIN}
        admin = await hub.identity.logins.user("admin", "pass word 1", "192.0.2.1")
        assert hub.identity.rights.principal(admin).scopes == {Scope.ADMIN}
    assert b"my-first-key" not in (tmp_path / JOURNAL_FILE).read_bytes()
    assert b"pass word 1" not in (tmp_path / JOURNAL_FILE).read_bytes()


@pytest.mark.parametrize("wrong", ["7 or so", "x" * 1025])
async def test_a_bootstrap_password_is_as_long_as_that_of_any_user_where_it_counts(tmp_path, wrong):
    short = settings(tmp_path, bootstrap_password=SecretStr(wrong))
    with pytest.raises(ConfigError, match="a password has 8 to 1024 characters"):
        async with open_hub(short, LOG):
            pass
    async with open_hub(settings(tmp_path, bootstrap_key=SecretStr("first")), LOG):
        pass
    async with open_hub(short, LOG) as hub:
        assert hub.keys.by_key("first")


async def test_without_a_bootstrap_key_or_password_nobody_gets_in(tmp_path):
    async with open_hub(settings(tmp_path), LOG) as hub:
        assert not list(hub.catalog.all(ApiKey))
        assert not list(hub.catalog.all(User))
        assert len(list(hub.catalog.all(Project))) == 1


async def test_a_bootstrap_key_that_comes_too_late_is_said_to_be_unused(tmp_path):
    for key in ("first", "first", "second"):
        told = io.BytesIO()
        async with open_hub(settings(tmp_path, bootstrap_key=SecretStr(key)), make_log("warning", stream=told)):
            pass
        assert (b"bootstrap_key_unused" in told.getvalue()) is (key == "second")
        assert key.encode() not in told.getvalue()


async def test_a_store_that_is_not_empty_is_never_bootstrapped_again(tmp_path):
    async with open_hub(settings(tmp_path, bootstrap_key=SecretStr("first")), LOG):
        pass
    later = settings(tmp_path, bootstrap_key=SecretStr("second"), bootstrap_password=SecretStr("pass word 1"))
    async with open_hub(later, LOG) as hub:
        assert hub.catalog.key(digest_of("first")) is not None
        assert hub.catalog.key(digest_of("second")) is None
        assert not list(hub.catalog.all(User))
        assert len(list(hub.catalog.all(Organization))) == 1


async def test_a_second_hub_on_the_same_journal_is_refused(tmp_path):
    async with open_hub(settings(tmp_path), LOG):
        with pytest.raises(Unavailable) as refused:
            async with open_hub(settings(tmp_path), LOG):
                raise AssertionError("it must not come up")
    assert refused.value.code == "store_locked"


async def test_init_makes_a_data_directory_and_tells_the_first_key_once(tmp_path):
    folder = tmp_path / "data"
    key = await init(settings(folder))
    assert key is not None
    assert {JOURNAL_FILE, KEY_FILE} <= {path.name for path in folder.iterdir()}
    async with open_hub(settings(folder), LOG) as hub:
        assert hub.keys.by_key(key).scopes == {Scope.ADMIN}
    assert await init(settings(folder)) is None


async def test_init_takes_the_key_it_is_given(tmp_path):
    assert await init(settings(tmp_path, bootstrap_key=SecretStr("my-first-key"))) == "my-first-key"


async def test_a_key_that_signs_tokens_is_not_lost_with_the_key_file_either(tmp_path):
    async with open_hub(settings(tmp_path), LOG) as hub:
        await hub.identity.signing.current(next(iter(hub.catalog.all(Organization))).id)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(ConfigError, match="put it back from a backup"):
        async with open_hub(settings(tmp_path), LOG):
            pass


async def test_what_is_built_in_is_in_every_store_and_made_once(tmp_path):
    roles = []
    for _ in range(2):
        async with open_hub(settings(tmp_path), LOG) as hub:
            roles.append([(role.id, role.name) for role in hub.catalog.all(Role)])
    assert roles[0] == roles[1]
    assert [name for _, name in roles[0]] == [*BUILT_IN_ROLES]


async def test_a_lost_key_file_is_not_replaced_over_secrets_that_it_sealed(tmp_path):
    folder = tmp_path / "data"
    key = await init(settings(folder))
    (folder / KEY_FILE).unlink()
    async with open_hub(settings(folder), LOG) as hub:  # nothing was sealed yet
        await hub.sources.create(hub.keys.by_key(key), project_id=None, name="x", scheme="hmac-sha256", secret="s3cret")
    kept = (folder / KEY_FILE).read_bytes()
    (folder / KEY_FILE).unlink()
    with pytest.raises(ConfigError, match="put it back from a backup"):
        async with open_hub(settings(folder), LOG):
            pass
    assert not (folder / KEY_FILE).exists()
    (folder / KEY_FILE).write_bytes(kept)
    (folder / KEY_FILE).chmod(0o600)
    async with open_hub(settings(folder), LOG):
        pass


# The hub over its parts


async def test_functions_have_the_bounds_of_the_settings_and_return_no_more_than_may_come_in(tmp_path):
    given = settings(
        tmp_path,
        functions=FunctionSettings(workers=3, memory_bytes=16 << 20, timeout_ms=50),
        limits=LimitSettings(body_bytes=4096),
    )
    async with open_hub(given, LOG) as hub:
        functions = hub.targets.types["request"]._functions
        with pytest.raises(FunctionError, match=r"^it ran longer than 50 ms$"):
            await functions.call("while (true) {}", {})
        with pytest.raises(FunctionError, match=r"^it returned more than 4096 bytes$"):
            await functions.call("return ['x'.repeat(4096)]", {})
        with pytest.raises(FunctionError, match=r"functions may use 2097152 of them$"):
            await functions.call("return {}", {"body": "x" * (2 << 20)})


def test_the_limits_of_the_settings_are_those_of_the_hub(tmp_path):
    clock = HandClock()
    told = settings(
        tmp_path,
        limits=LimitSettings(body_bytes=1, batch_bytes=2, batch_events=3, depth=4, header_bytes=5),
        idempotency=IdempotencySettings(window_hours=6, replay_window_seconds=7),
    )
    types = {"job": JobTarget(), "webhook": ScriptedTarget()}
    parts = Parts(MemoryStore(clock), Vault([b"k" * 32]), {"none": NoVerifier()}, types, clock, LOG)
    hub = compose(told, parts)
    limits = hub.limits
    assert (limits.body_bytes, limits.batch_bytes, limits.batch_events, limits.depth) == (1, 2, 3, 4)
    assert (limits.header_bytes, limits.idempotency_window_ms, limits.replay_window_ms) == (5, 21_600_000, 7_000)
    assert b"eventyard_attempts_in_flight 0.0" in hub.metrics.render()


def test_ids_are_uuids_of_version_7():
    first, second = new_id(), new_id()
    assert first != second
    assert first[14] == "7"


# Mail


def test_without_a_mail_server_there_is_no_mailer(tmp_path):
    assert mailer_of(settings(tmp_path)) is None


def test_a_mail_server_wants_a_sender_whom_a_mail_can_be_from(tmp_path):
    assert mailer_of(settings(tmp_path, smtp=SmtpSettings(host="mail.example", sender="hub@example.org"))) is not None
    with pytest.raises(ConfigError, match=r"smtp\.host needs smtp\.sender"):
        mailer_of(settings(tmp_path, smtp=SmtpSettings(host="mail.example")))
    with pytest.raises(ConfigError, match="'hub' is not a mail address"):
        mailer_of(settings(tmp_path, smtp=SmtpSettings(host="mail.example", sender="hub")))


def test_who_is_always_to_be_told_has_an_address(tmp_path):
    smtp = SmtpSettings(host="mail.example", sender="hub@example.org")
    with pytest.raises(ConfigError, match="'everybody' is not a mail address"):
        mailer_of(settings(tmp_path, smtp=smtp, mail=MailSettings(default_recipients=["everybody"])))


def test_the_authorities_of_a_mail_server_are_in_a_file(tmp_path):
    smtp = SmtpSettings(host="mail.example", sender="hub@example.org", ca=tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"cannot use smtp\.ca"):
        mailer_of(settings(tmp_path, smtp=smtp))
