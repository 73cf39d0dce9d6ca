"""Terms as readers may see them: everything that a decision rests on, and nobody who reports.

Names of sources, the topics that they use and the zones that they watch stay in the log. So does the salt: with it, an
incident's id would tell which report it began with to anybody who can guess one.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any

from schemas.facts import PublicTerms
from streams.core.terms import Terms, folded

_KEPT_OF_A_SOURCE = ("side", "trusted", "party")


def public_terms(terms: Terms, effective_from_s: int, correct: bool) -> PublicTerms:
    """What is published of terms. `hash` is that of the whole, so that a change of phase can be matched with them."""
    values = terms.as_mapping()
    truce = {name: value for name, value in values["truce"].items() if name not in ("salt", "topics")}
    sources = [_source(source, terms.truce.salt) for source in values["sources"]]
    assumed = [pseudonym(source.id, terms.truce.salt) for source in terms.sources if _is_assumed(source, terms)]
    values |= {
        "truce": truce | {"assumptions": assumptions(terms)},
        # In the order of the pseudonyms: the order of the file would tell them apart.
        "sources": sorted(sources, key=lambda source: source["id"]),
        "coverage": values["coverage"] | {"assume_alive": sorted(assumed)},
    }
    return PublicTerms(terms.truce.id, terms.hash, values, effective_from_s, correct)


def assumptions(terms: Terms) -> list[str]:
    """Keys of values that stand in no agreement; one that names a source does so by its pseudonym."""
    return [_key(key, terms.truce.salt) for key in terms.truce.assumptions]


def _key(key: str, salt: str) -> str:
    table, *names = key.split(".")
    if table != "sources" or not names:
        return key
    return ".".join((table, pseudonym(names[0], salt), *names[1:]))


def _source(source: dict[str, Any], salt: str) -> dict[str, Any]:
    kept = {name: source[name] for name in _KEPT_OF_A_SOURCE}
    lineage = source["lineage"] or source["id"]
    return {"id": pseudonym(source["id"], salt), "lineage": pseudonym(lineage, salt)} | kept


def _is_assumed(source: Any, terms: Terms) -> bool:
    return any(terms.source_by_name[folded(name)] is source for name in terms.coverage.assume_alive)


@lru_cache(maxsize=4_096)
def pseudonym(name: str, salt: str) -> str:
    """What readers call a source or a lineage: the same in terms and in disagreement."""
    return "source-" + blake2b(f"{salt}\x00{name}".encode(), digest_size=6).hexdigest()


__all__ = ["assumptions", "pseudonym", "public_terms"]
