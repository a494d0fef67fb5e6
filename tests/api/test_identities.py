"""The crosswalk, and what became of an id."""

import pytest

from tests.api.served import Api
from tests.api.test_golden import merged


def test_records_of_two_systems_lead_to_one_id(api: Api) -> None:
    assert api.id_of("a00") == api.id_of("C1", source="billing")
    assert api.id_of("a01") == api.id_of("C2", source="billing")


def test_a_record_leads_to_the_id_in_force(api: Api) -> None:
    _, survivor = merged(api)
    assert api.id_of("a02") == api.id_of("a03") == survivor


def test_a_deleted_record_leads_to_where_it_belonged(api: Api) -> None:
    found = api.get("/v1/xref", params={"entity": "customer", "source": "crm", "key": "gone"}).json()
    assert found["deleted"] is True
    assert found["until"] is not None
    assert api.get(f"/v1/ids/{found['golden_id']}").json()["status"] == "retired"


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"entity": "customer", "source": "crm", "key": "none"}, 404),
        ({"entity": "customer", "source": "nowhere", "key": "a00"}, 404),
        ({"entity": "customer", "source": "billing", "key": "C3"}, 404),
        ({"entity": "planet", "source": "crm", "key": "a00"}, 422),
        ({"entity": "customer", "source": "crm"}, 422),
        ({"entity": "customer", "source": "crm", "key": ""}, 422),
        ({"entity": "customer", "source": "crm", "key": "a00", "more": "x"}, 422),
    ],
)
def test_what_does_not_lead_anywhere(api: Api, params: dict[str, str], status: int) -> None:
    assert api.get("/v1/xref", params=params).status_code == status


def test_an_old_id_is_known_for_ever(api: Api) -> None:
    old, survivor = merged(api)
    found = api.get(f"/v1/ids/{old}").json()
    assert (found["status"], found["resolved"], found["entity"], found["aliases"]) == ("merged", survivor, "customer", [old])
    assert found["ended_at"] > found["born_at"]
    living = api.get(f"/v1/ids/{survivor}").json()
    assert (living["status"], living["resolved"], living["ended_at"], living["aliases"]) == ("live", survivor, None, [old])
    assert api.get("/v1/ids/cus_none").status_code == 404
