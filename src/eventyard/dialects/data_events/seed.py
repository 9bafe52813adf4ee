"""The fourteen operations and eight messages of the Data-Events API 2.0.0, in its own names and words.

Addresses are written as the original writes them. The ``$`` before a parameter is its notation and no part of what a
client subscribes to: the key of an entity event is ``vehicles.4711.update``.

Two sentences are ours: the original announces ``suspended`` as "coming soon", and this hub has it; and the word
"documentation" becomes a link in ``document.py``.
"""

from msgspec import Struct

ENTITY_KEY = "${entityType}.${entityId}.${event}"

EVENTS = ("create", "update", "delete")
"""What can happen to an entity."""

PARAMETERS = {
    "projectId": "The uuid of the project.",
    "applicationId": "The uuid of the application",
    "entityType": "The belonging type of an entity or wildcard (*)",
    "entityId": "The belonging uuid of an entity or wildcard (*)",
    "event": "The event or wildcard (*)",
}


class Message(Struct, frozen=True):
    """A message of the seed."""

    name: str
    title: str
    summary: str


MESSAGES = (
    Message("projectEvent", "Entity event in a project context",
            "Inform about the belonging action within the project context"),
    Message("applicationEvent", "Entity event in an application context",
            "Inform about the belonging action within the application context"),
    Message("productActivationStateActivated", "The product was (re-)activated in a project",
            "Inform about a state change"),
    Message("productActivationStateDeactivated", "The product was deactivated in a project",
            "Inform about a state change"),
    Message("productActivationStateTerminated", "The product was terminated in a project",
            "Inform about a state change"),
    Message("productActivationStateUpdated", "The application version of the product was updated in a project",
            "Inform about a state change"),
    Message("productProvisioningState", "The provisioning state of a product in a project",
            "Inform about a state change"),
    Message("subscriptionState", "The subscription state of product in an organization",
            "Inform about a state change"),
)  # fmt: skip


class Operation(Struct, frozen=True):
    """An operation of the seed; its id is its channel's too, and its address.

    ``message`` is the name of the one message that it receives.
    """

    exchange: str
    key: str
    message: str
    description: str
    summary: str | None = None

    @property
    def id(self) -> str:
        """As the seed has it."""
        return f"exchange/{self.exchange}/{self.key}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in braces, in their order."""
        return tuple(name for name in PARAMETERS if f"{{{name}}}" in self.id)


PROJECT = "project.{projectId}"
APPLICATION = "application.{applicationId}"

OPERATIONS = (
    Operation(PROJECT, ENTITY_KEY, "projectEvent",
              "Entity-Events within the project context. "
              "Find more information about entity-events in the documentation.",
              "Subscribe to entity-events in a project context"),
    Operation(APPLICATION, ENTITY_KEY, "applicationEvent",
              "Entity-Events within the application context. "
              "Find more information about entity-events in the documentation."),
    Operation(APPLICATION, "product.activation.activated", "productActivationStateActivated",
              "The application was (re-)activated in the belonging project"),
    Operation(APPLICATION, "product.activation.deactivated", "productActivationStateDeactivated",
              "The application was deactivated in the belonging project"),
    Operation(APPLICATION, "product.activation.terminated", "productActivationStateTerminated",
              "The application was terminated in the belonging project"),
    Operation(APPLICATION, "product.activation.updated", "productActivationStateUpdated",
              "The application-version was updated in the belonging project"),
    Operation(APPLICATION, "product.provisioning.started", "productProvisioningState",
              "The provisioning of product within a project has started"),
    Operation(APPLICATION, "product.provisioning.finished", "productProvisioningState",
              "The provisioning of product within a belonging project has finished"),
    Operation(APPLICATION, "product.provisioning.failed", "productProvisioningState",
              "The provisioning of product within a belonging project run into an error"),
    Operation(APPLICATION, "product.subscription.created", "subscriptionState",
              "A subscription for the product was created"),
    Operation(APPLICATION, "product.subscription.active", "subscriptionState",
              "A subscription for the product is now active"),
    Operation(APPLICATION, "product.subscription.inactive", "subscriptionState",
              "A subscription for the product is now inactive"),
    Operation(APPLICATION, "product.subscription.suspended", "subscriptionState",
              "A subscription for the product is now suspended"),
    Operation(APPLICATION, "product.subscription.terminated", "subscriptionState",
              "A subscription for the product is now terminated"),
)  # fmt: skip
