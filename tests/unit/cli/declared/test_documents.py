from pathlib import Path

import pytest

from eventyard.cli.declared.documents import Place, failed, from_environment, read
from eventyard.cli.failure import Failure

KINDS = ("topics", "sources")
HERE = Place("hub.yaml", 1, "/topics/0")


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_directory_is_read_in_the_order_of_its_names_documents_and_all(tmp_path: Path) -> None:
    written(tmp_path, "b.json", '{"sources": [{"name": "shop"}]}')
    written(tmp_path, "a.yaml", "topics:\n- name: orders\n---\n---\ntopics: [{name: 2026-01-02}]\n")
    written(tmp_path, "notes.txt", "not YAML: [")
    found = read([str(tmp_path)], KINDS)
    assert [(one.kind, one.name, one.place.document) for one in found.items] == [
        ("topics", "orders", 1), ("topics", "2026-01-02", 3), ("sources", "shop", 1),
    ]  # fmt: skip
    assert found.kinds == {"topics", "sources"}


def test_a_kind_without_items_is_mentioned(tmp_path: Path) -> None:
    found = read([written(tmp_path, "hub.yaml", "topics: []")], KINDS)
    assert (found.items, found.kinds) == ([], {"topics"})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[1]", "document 1, /", "maps kinds"),
        ("topics: []\n---\nqueues: []", "document 2, /queues", "no kind 'queues'"),
        ("topics: {name: a}", "/topics", "a list is wanted"),
        ("topics: [a]", "/topics/0", "a mapping of fields"),
        ("topics: [{title: a}]", "/topics/0/name", "needs a name"),
        ("topics: [{name: 7}]", "/topics/0/name", "needs a name"),
        ("topics: [{name: a}, {name: a}]", "/topics/1", "declared already"),
        ("topics: [{name: a, name: b}]", "line 1, column 20", "twice"),
        ("topics: [", "document 1", "not YAML or JSON"),
        ("topics: !!python/object/apply:os.getcwd []", "line 1", "could not determine a constructor"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(Failure) as failure:
        read([written(tmp_path, "hub.yaml", text)], KINDS)
    assert where in failure.value.message
    assert what in failure.value.message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        read([str(tmp_path / "none.yaml")], KINDS)


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "shop.example")
    value = {"url": "https://${env:HOST}/x", "secret": {"from_env": "HOST"}, "list": ["${env:HOST}", 7]}
    assert from_environment(value, HERE) == {
        "url": "https://shop.example/x", "secret": "shop.example", "list": ["shop.example", 7],
    }  # fmt: skip


def test_a_variable_that_is_not_set_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH", raising=False)
    with pytest.raises(Failure, match="/topics/0/a~1b/0: the environment variable NO_SUCH is not set"):
        from_environment({"a/b": ["${env:NO_SUCH}"]}, HERE)


def test_a_failure_says_where_and_what_to_do() -> None:
    failure = failed(HERE.below("x~y"), "no", hint="yes")
    assert (failure.message, failure.hint) == ("hub.yaml, document 1, /topics/0/x~0y: no", "yes")
