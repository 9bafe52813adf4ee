from eventyard.dialects.data_events.topics import EXAMPLES, TopicView, channels
from eventyard.model.streams import ExchangeSettings, ExchangeType
from eventyard.testing.builders import topic


def channel_of(made, schema=None):
    (channel,) = channels([TopicView(made, schema)])
    return channel


def test_a_topic_is_an_exchange_with_any_key():
    channel = channel_of(topic("orders", description="Of the shop."))
    assert channel.id == "topic.orders"
    assert channel.address == "exchange/orders/{routingKey}"
    assert channel.parameters["routingKey"]["default"] == "#"
    assert channel.description == "Of the shop."
    assert channel.exchange == {
        "name": "orders", "type": "topic", "durable": True, "autoDelete": False, "vhost": "/",
    }  # fmt: skip


def test_an_exchange_of_another_type_is_addressed_as_it_is_used():
    direct = channel_of(topic(exchange=ExchangeSettings(ExchangeType.DIRECT, durable=False, auto_delete=True)))
    assert direct.address == "exchange/orders/{routingKey}"
    assert "default" not in direct.parameters["routingKey"]
    assert (direct.exchange["type"], direct.exchange["durable"], direct.exchange["autoDelete"]) == (
        "direct", False, True,
    )  # fmt: skip
    for kind in (ExchangeType.FANOUT, ExchangeType.HEADERS):
        keyless = channel_of(topic(exchange=ExchangeSettings(kind)))
        assert (keyless.address, keyless.parameters) == ("exchange/orders", {})


def test_a_name_of_any_characters_fits_into_an_address_and_its_parts_go_by_the_topics_number():
    channel = channel_of(topic("north/{x}? #50%ä", number=17))
    assert channel.address == "exchange/north%2F%7Bx%7D%3F %2350%25%C3%A4/{routingKey}"
    assert channel.id == "topic-17"
    assert channel.message["title"] == "north/{x}? #50%ä"


def test_entity_and_product_topics_are_the_seeds_own():
    names = ["project.p", "application.a", "amq.default", "amq.topic", "orders"]
    assert [c.exchange["name"] for c in channels([TopicView(topic(name)) for name in names])] == ["amq.topic", "orders"]


def test_the_data_of_a_message_is_what_the_schema_says():
    channel = channel_of(topic("orders"), {"type": "object", "properties": {"a": {"$ref": "#"}}})
    assert channel.message["payload"]["properties"]["data"] == {"$ref": "#/components/schemas/topic.orders"}
    assert channel.schemas["topic.orders"]["properties"]["a"] == {"$ref": "#/components/schemas/topic.orders"}


def test_without_a_schema_it_is_anything():
    assert channel_of(topic()).message["payload"]["properties"]["data"] is True
    assert channel_of(topic(), False).message["payload"]["properties"]["data"] is False
    assert channel_of(topic()).schemas == {}


def test_parts_of_one_topic_never_meet_those_of_another():
    refers = {"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "string"}}}
    made = channels([TopicView(topic(name), refers) for name in ("t", "t.b", "t.b.b")])
    assert len({name for channel in made for name in channel.schemas}) == 6


def test_only_true_examples_are_shown_and_not_too_many():
    schema = {"type": "integer", "examples": ["no", *range(20)]}
    shown = channel_of(topic(), schema).message["examples"]
    assert [example["payload"]["data"] for example in shown] == list(range(EXAMPLES))
    assert "examples" not in channel_of(topic(), {"type": "integer"}).message
    assert "examples" not in channel_of(topic(), {"examples": [{"$ref": "#/nowhere"}]}).message
