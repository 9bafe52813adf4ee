import re

from eventyard.dialects.data_events.document import Addresses, ProjectView, document
from eventyard.dialects.data_events.page import page, resolved
from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS
from eventyard.dialects.data_events.topics import TopicView
from eventyard.testing.builders import project, topic

WHERE = Addresses("http://hub.example")


def page_of(*topics, viewer=False):
    views = tuple(TopicView(made) for made in topics)
    return page(document(WHERE, ProjectView(project("<b>"), (), views)), viewer=viewer)


def test_the_table_has_every_operation_and_every_message_of_the_seed():
    made = page(document(WHERE), viewer=False)
    assert re.findall(r"<th><code>(exchange/[^<]*)</code>", made) == [operation.id for operation in OPERATIONS]
    assert re.findall(r'<tr id="(\w+)">', made) == [message.name for message in MESSAGES]
    assert "<code>ws://hub.example/ws</code>" in made


def test_every_message_that_an_operation_links_to_is_on_the_page():
    made = page_of(topic("orders"))
    assert set(re.findall(r'href="#([^"]+)"', made)) == set(re.findall(r'<tr id="([^"]+)">', made))


def test_examples_can_be_read():
    assert "&quot;specversion&quot;: &quot;1.0&quot;" in page(document(WHERE), viewer=False)


def test_no_script_and_no_style_is_inline():
    for made in (page_of(viewer=True), page_of()):
        assert not re.search(r"<style|style=|\son\w+=|<script[^>]*>[^<]", made)


def test_the_viewer_is_asked_for_only_if_it_is_there():
    assert re.findall(r'src="([^"]+)"', page_of(viewer=True)) == [
        f"/asyncapi/assets/{name}" for name in ("before.js", "viewer.js", "start.js")
    ]
    assert re.findall(r'src="([^"]+)"', page_of()) == ["/asyncapi/assets/start.js"]
    assert "viewer.css" not in page_of()


def test_what_people_wrote_is_escaped():
    made = page_of(
        topic("<i>", number=3, description='<script src="x"> `a<b` [x](javascript:y) [z](https://z.example)')
    )
    assert "<script src" not in made.partition("<body>")[2]
    assert "<code>a&lt;b</code>" in made
    assert "[x](javascript:y)" in made
    assert '<a href="https://z.example">z</a>' in made
    assert "&lt;b&gt;" in made and "<i>" not in made


def test_a_reference_is_followed_through_whatever_its_pointer_escapes():
    assert resolved({"a/b": {"c~d": {"{e}": 5}}}, {"$ref": "#/a~1b/c~0d/%7Be%7D"}) == 5
