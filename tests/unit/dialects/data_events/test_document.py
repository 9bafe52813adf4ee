import pytest

from eventyard import __version__
from eventyard.dialects.data_events.document import Addresses, ProjectView, document
from eventyard.dialects.data_events.page import resolved
from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS
from eventyard.dialects.data_events.topics import TopicView
from eventyard.testing.builders import application, project, topic

WHERE = Addresses("https://hub.example/yard", "stomp://hub.example:61613", "amqps://hub.example:5671")


def seen(*topics):
    views = tuple(TopicView(made, schema) for made, schema in topics)
    return document(WHERE, ProjectView(project(), (application("shop"), application("crm")), views))


def test_it_names_this_hub_and_its_version():
    info = document(WHERE)["info"]
    assert (info["title"], info["version"]) == ("Eventyard data events", __version__)
    assert seen()["info"]["title"] == "Eventyard data events: default"


def test_operations_and_channels_are_the_fourteen_of_the_seed():
    made = document(WHERE)
    assert list(made["operations"]) == list(made["channels"]) == [operation.id for operation in OPERATIONS]
    for name, channel in made["channels"].items():
        assert channel["address"] == name
    for name, operation in made["operations"].items():
        assert operation["action"] == "receive"
        assert resolved(made, operation["channel"]) is made["channels"][name]


def test_the_messages_are_the_eight_of_the_seed_in_its_words():
    messages = document(WHERE)["components"]["messages"]
    assert [(m["name"], m["title"], m["summary"]) for m in messages.values()] == [
        (message.name, message.title, message.summary) for message in MESSAGES
    ]
    assert list(messages) == [message.name for message in MESSAGES]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_operation_receives_its_message_as_subscribe_message(operation):
    made = document(WHERE)
    (reference,) = made["operations"][operation.id]["messages"]
    in_channel = resolved(made, reference)
    assert in_channel is made["channels"][operation.id]["messages"]["subscribe.message"]
    assert resolved(made, in_channel) is made["components"]["messages"][operation.message]


def test_an_event_is_one_of_three():
    parameters = document(WHERE)["channels"][OPERATIONS[0].id]["parameters"]
    assert list(parameters) == ["projectId", "entityType", "entityId", "event"]
    assert parameters["event"]["enum"] == ["create", "update", "delete"]
    assert "enum" not in parameters["projectId"]


def test_a_projects_document_names_its_ids():
    channels = seen()["channels"]
    assert channels[OPERATIONS[0].id]["parameters"]["projectId"]["enum"] == ["project-default"]
    applications = channels[OPERATIONS[2].id]["parameters"]["applicationId"]
    assert applications["enum"] == ["application-shop", "application-crm"]
    assert "application-shop is shop" in applications["description"]


def test_the_servers_are_where_the_hub_is():
    servers = document(WHERE)["servers"]
    assert {name: (s["protocol"], s["host"], s.get("pathname")) for name, s in servers.items()} == {
        "stomp": ("wss", "hub.example", "/yard/ws"),
        "stomp-tcp": ("stomp", "hub.example:61613", None),
        "amqp": ("amqps", "hub.example:5671", None),
    }


def test_what_is_not_listened_on_is_not_named():
    made = document(Addresses("http://127.0.0.1:8080"))
    assert list(made["servers"]) == ["stomp"]
    assert made["servers"]["stomp"]["protocol"] == "ws"
    channel = made["channels"][OPERATIONS[0].id]
    assert channel["servers"] == [{"$ref": "#/servers/stomp"}]
    assert "bindings" not in channel


def test_a_channel_says_which_exchange_it_is_in_amqp():
    channel = document(WHERE)["channels"][OPERATIONS[2].id]
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "application.{applicationId}"


def test_every_server_says_how_to_prove_oneself():
    made = document(WHERE)
    for server in made["servers"].values():
        assert [resolved(made, scheme)["type"] for scheme in server["security"]]


def test_the_word_documentation_is_a_link():
    text = document(WHERE)["channels"][OPERATIONS[0].id]["description"]
    assert text.endswith("in the [documentation](https://hub.example/yard/docs).")


def test_a_projects_topics_stand_beside_the_seeds():
    made = seen((topic("orders", description="Of the shop."), {"type": "object"}), (topic("a b/c", number=7), None))
    assert list(made["channels"])[14:] == list(made["operations"])[14:] == ["topic-7", "topic.orders"]
    channel = made["channels"]["topic.orders"]
    assert channel["address"] == "exchange/orders/{routingKey}"
    assert channel["description"] == "Of the shop."
    assert "description" not in made["channels"]["topic-7"]
    message = resolved(made, channel["messages"]["subscribe.message"])
    assert resolved(made, message["payload"]["properties"]["data"]) == {"type": "object"}


def test_without_a_project_there_are_the_seeds_two_schemas():
    assert list(document(WHERE)["components"]["schemas"]) == ["entityEvent", "productEvent"]
