import pytest

from eventyard.model.errors import Conflict
from eventyard.stores.memory_catalog import MemoryCatalog, Name
from eventyard.stores.records import NameKind
from eventyard.testing import builders as b


def test_names_outlive_their_records() -> None:
    catalog = MemoryCatalog()
    saved = catalog.save([b.source("shop")])
    catalog.remove(saved)
    assert catalog.load() == []
    assert catalog.names == {1: Name(NameKind.SOURCE, "source-shop", "shop")}
    assert catalog.number(NameKind.SOURCE, "source-shop") == 1
    assert catalog.number(NameKind.TOPIC, "source-shop") == 0


def test_a_refused_save_names_nothing() -> None:
    catalog = MemoryCatalog()
    with pytest.raises(Conflict):
        catalog.save([b.topic(), b.topic(id="2")])
    assert catalog.names == {}
