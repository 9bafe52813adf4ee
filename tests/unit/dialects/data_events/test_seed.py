from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS

SEED = """\
exchange/project.{projectId}/${entityType}.${entityId}.${event}
exchange/application.{applicationId}/${entityType}.${entityId}.${event}
exchange/application.{applicationId}/product.activation.activated
exchange/application.{applicationId}/product.activation.deactivated
exchange/application.{applicationId}/product.activation.terminated
exchange/application.{applicationId}/product.activation.updated
exchange/application.{applicationId}/product.provisioning.started
exchange/application.{applicationId}/product.provisioning.finished
exchange/application.{applicationId}/product.provisioning.failed
exchange/application.{applicationId}/product.subscription.created
exchange/application.{applicationId}/product.subscription.active
exchange/application.{applicationId}/product.subscription.inactive
exchange/application.{applicationId}/product.subscription.suspended
exchange/application.{applicationId}/product.subscription.terminated
"""


def test_the_operations_are_those_of_the_seed_in_its_order():
    assert [operation.id for operation in OPERATIONS] == SEED.splitlines()


def test_the_parameters_of_an_operation_are_those_in_its_address():
    assert OPERATIONS[0].parameters == ("projectId", "entityType", "entityId", "event")
    assert OPERATIONS[1].parameters == ("applicationId", "entityType", "entityId", "event")
    assert {operation.parameters for operation in OPERATIONS[2:]} == {("applicationId",)}


def test_each_operation_receives_a_message_that_there_is_and_each_message_is_received():
    assert [message.name for message in MESSAGES] == list(dict.fromkeys(o.message for o in OPERATIONS))
