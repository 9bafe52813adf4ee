"""The rows of events, systems and contracts are told in the tests of their routes; here stands what is left."""

from eventyard.dialects.eventhos.mapping import Sight
from eventyard.dialects.eventhos.rows import action_row
from eventyard.model.catalog import Target
from eventyard.pipeline.view import View


async def test_the_row_of_an_action_has_its_system_and_no_configuration(yard):
    who = yard.hub.keys.by_key(yard.key)
    target, _ = await yard.hub.targets.create(
        who, project_id=None, name="bill", type_="webhook", title="Bill", description="d", labels={"operation": "new"}
    )
    row = action_row(Sight(View(yard.hub.catalog, who), yard.project), yard.hub.catalog.get(Target, target.id))
    assert row == {
        "id": target.number, "system_id": row["system_id"], "identifier": "bill", "name": "Bill", "operation": "new",
        "description": "d", "deleted": 0, "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z", "http_configuration": "****", "reply_to": None,
        "system_name": "default",
    }  # fmt: skip
