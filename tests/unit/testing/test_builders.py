from eventyard.model.lifecycle import Status
from eventyard.model.outcome import Result
from eventyard.testing import builders as b


def test_ids_follow_from_names_and_fields_replace_defaults() -> None:
    made = b.source("orders", scheme="bearer")
    assert (made.id, made.name, made.scheme, made.created_at) == ("source-orders", "orders", "bearer", b.NOW)


def test_the_routing_key_of_an_event_is_its_type_unless_given() -> None:
    assert b.event(type="order.paid").routing_key == "order.paid"
    assert b.event(type="order.paid", routing_key="eu.order.paid").routing_key == "eu.order.paid"


def test_a_scene_is_tied_together() -> None:
    scene = b.scene("north")
    assert scene.source.topic_id == scene.topic.id
    assert scene.subscription.target_id == scene.target.id
    assert {scene.topic.project_id, scene.source.project_id, scene.target.project_id} == {"project-north"}


def test_a_publication_of_a_scene_carries_its_numbers_and_deliveries() -> None:
    scene = b.scene()
    made = scene.publication(deliveries=[scene.delivery(status=Status.PENDING)])
    assert (made.project_number, made.application_number, made.topic_number) == (1, 2, 3)
    assert [d.status for d in made.deliveries] == [Status.PENDING]


def test_a_failed_recording_is_final_unless_another_attempt_is_due() -> None:
    last, waiting = b.failed(2, 1), b.failed(2, 1, again_at=b.NOW + 5)
    assert last.line is not None and last.line.status is Status.ERROR
    assert waiting.line is None and waiting.due_at == b.NOW + 5
    assert last.attempt is not None and last.attempt.outcome.result is Result.FAILED
