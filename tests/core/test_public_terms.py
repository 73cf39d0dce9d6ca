"""What readers see of terms: all that a decision rests on, and nobody who reports."""

import orjson
import pytest

from streams.core.public_terms import public_terms
from streams.core.terms import Terms, load, parse

SHIPPED = [f"streams/truces/{name}.toml" for name in ("demo-as-agreed", "syria-2016-02", "syria-2016-09")]
SECRET = parse(
    {
        "truce": {
            "id": "t",
            "name": "T",
            "countries": ["SY"],
            "d_hour": "2016-03-01T00:00:00Z",
            "time_zone": "UTC",
            "salt": "salt-nobody-may-see",
            "topics": ["reports.of-the-clinic"],
            "assumptions": ["gate.days", "sources.dr-haddad.trusted"],
        },
        "opposed": ["north", "south"],
        "zones": [{"id": "old-town", "name": "Old town", "areas": ["SY.09"]}],
        "coverage": {"assume_alive": ["The doctor"]},
        "sources": [
            {"id": "dr-haddad", "names": ["The doctor"], "trusted": ["watch"], "zones": ["old-town"], "topics": ["reports.x"]},
            {"id": "Radio", "lineage": "Ministry", "side": "north", "party": "north-party"},
            {"id": "Ministry", "side": "north"},
        ],
    }
)


def test_names_of_sources_their_topics_and_the_salt_do_not_show() -> None:
    shown = orjson.dumps(public_terms(SECRET, 0, False).terms).decode()
    for secret in ("haddad", "doctor", "Radio", "Ministry", "salt", "clinic", "reports.", '"zones":["old-town"]'):
        assert secret not in shown


def test_side_trust_and_dependence_of_sources_show_under_pseudonyms() -> None:
    shown = public_terms(SECRET, 0, False).terms
    by_trust = {tuple(source["trusted"]): source for source in shown["sources"]}
    assert by_trust["watch",]["id"] == by_trust["watch",]["lineage"] == shown["coverage"]["assume_alive"][0]
    of_north = [source for source in shown["sources"] if source["side"] == "north"]
    assert len({source["lineage"] for source in of_north}) == 1
    assert len({source["id"] for source in shown["sources"]}) == 3
    assert shown["truce"]["assumptions"] == ["gate.days", f"sources.{by_trust['watch',]['id']}.trusted"]


def test_another_salt_gives_other_pseudonyms() -> None:
    values = SECRET.as_mapping()
    other = parse(values | {"truce": values["truce"] | {"salt": "another-salt"}})
    assert not _ids(SECRET) & _ids(other)


@pytest.mark.parametrize("path", SHIPPED)
def test_everything_else_of_the_shipped_terms_is_shown(path: str) -> None:
    terms = load(path)
    shown, whole = public_terms(terms, 0, False).terms, terms.as_mapping()
    for table in whole.keys() - {"truce", "sources", "coverage"}:
        assert shown[table] == whole[table]
    assert shown["truce"].keys() == whole["truce"].keys() - {"salt", "topics"}


def _ids(terms: Terms) -> set[str]:
    return {source["id"] for source in public_terms(terms, 0, False).terms["sources"]}
