"""The boxes were made by Node.js: ``createCipheriv("aes-256-ctr", scryptSync("k3y", "salt", 32), iv)``."""

import pytest

from eventyard.cli.moving.boxes import Boxes, UnreadableError, object_of

IV = "000102030405060708090a0b0c0d0e0f"
DOCUMENT = f"{IV}|.|f10d0efc61443fb50fad1c86516900d010e975868366ce"
WORD = f"{IV}|.|f91c18fc3e12"


def test_what_node_closed_is_opened() -> None:
    boxes = Boxes("k3y")
    assert boxes.document(DOCUMENT) == {"url": "https://ünï"}
    assert boxes.word(WORD) == "s3cr3t"


def test_another_key_is_noticed_by_what_comes_out() -> None:
    boxes = Boxes("another")
    with pytest.raises(UnreadableError):
        boxes.document(DOCUMENT)
    with pytest.raises(UnreadableError):
        boxes.word(WORD)


@pytest.mark.parametrize("box", ["", "s3cr3t", "zz|.|00", f"{IV}|.|0", "00|.|00", f"{IV}|.|"])
def test_what_is_no_box_is_not_opened(box: str) -> None:
    with pytest.raises(UnreadableError):
        Boxes("k3y").word(box)


def test_text_is_no_document() -> None:
    with pytest.raises(UnreadableError):
        Boxes("k3y").document(WORD)


def test_what_is_to_be_an_object_and_is_none_is_an_empty_one() -> None:
    assert object_of({"url": "x"}) == {"url": "x"}
    assert [object_of(other) for other in (None, [1], "x", 5)] == [{}] * 4
