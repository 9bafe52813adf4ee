from importlib.metadata import EntryPoint

import pytest

from eventyard import plugins


def test_the_built_ins_come_in_by_the_same_door_as_anybodys():
    assert {"webhook", "job"} <= plugins.load(plugins.TARGETS).keys()
    verifiers = plugins.load(plugins.VERIFIERS)
    assert list(verifiers) == sorted(verifiers)
    assert all(verifier.scheme == name for name, verifier in verifiers.items())


def test_a_plug_in_that_cannot_be_loaded_is_named(monkeypatch):
    broken = EntryPoint("broken", "no.such.module:Thing", plugins.TARGETS)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [broken])
    with pytest.raises(plugins.PluginError, match=r"'broken' of an unknown package .*no"):
        plugins.load(plugins.TARGETS)
