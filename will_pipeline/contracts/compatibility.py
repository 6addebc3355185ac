"""What a contract promises to programs that read the mart, and whether a newer one keeps it.

Names, types, units and keys are promises; descriptions are not. Nothing here reads the mart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from will_pipeline.contracts.catalogue import CONTRACT_VERSION, load_contracts, load_views
from will_pipeline.contracts.model import TableContract, ViewContract

PROMISES_FILE = "contratto.json"
PUBLISHED = Path(__file__).parent / "published.json"
"""Promises of the last contract given to readers, so that a fresh clone has something to keep."""
Promises = Mapping[str, Any]
_SAID = {"type": "il tipo", "unit": "l'unità", "english": "il nome inglese"}


class ContractBroken(RuntimeError):
    """A contract takes back what an earlier one of the same MAJOR version promised."""

    def __init__(self, broken: list[str], *, before: str, after: str) -> None:
        self.broken = broken
        major = int(before.split(".", maxsplit=1)[0]) + 1
        super().__init__(
            f"il contratto {after} toglie a chi legge quello che il contratto {before} prometteva: "
            f"{'; '.join(broken)}. O si rimette com'era, o la versione diventa {major}.0.0 "
            "(CONTRACT_VERSION in will_pipeline/contracts/catalogue.py)"
        )


def promises(
    contracts: Iterable[TableContract],
    views: Iterable[ViewContract],
    version: str = CONTRACT_VERSION,
) -> dict[str, Any]:
    """What programs that read the mart may count on.

    Args:
        contracts: contracts of the published tables.
        views: contracts of the published views.
        version: version of the contract.

    Returns:
        Version, then for every table or view its English name and key, and for every column its
        type (none for views), unit and English name.
    """
    told: dict[str, Any] = {}
    for table in contracts:
        told[table.table] = {
            "english": table.english,
            "key": list(table.key),
            "columns": {
                each.name: {"type": each.type, "unit": each.unit, "english": each.english}
                for each in table.columns
            },
        }
    for view in views:
        told[view.view] = {
            "english": view.english,
            "key": [],
            "columns": {
                each.name: {"type": None, "unit": None, "english": each.english}
                for each in view.columns
            },
        }
    return {"contract": version, "tables": dict(sorted(told.items()))}


def broken_promises(before: Promises, after: Promises) -> list[str]:
    """Promises of `before` that `after` does not keep, in Italian, by table and column."""
    broken = []
    for name, old in before["tables"].items():
        new = after["tables"].get(name)
        if new is None:
            broken.append(f"{name} non c'è più")
        else:
            broken += _changed(name, old, new, ("english",))
            if old["key"] != new["key"]:
                broken.append(f"{name}: la chiave era {old['key']} ed è {new['key']}")
            broken += _lost_columns(name, old["columns"], new["columns"])
    return broken


def check_compatible(before: Promises, after: Promises) -> None:
    """Refuse a contract that breaks promises without a new MAJOR version.

    Raises:
        ContractBroken: it does; the text names every promise.
    """
    if _major(after) > _major(before):
        return
    broken = broken_promises(before, after)
    if broken:
        raise ContractBroken(broken, before=before["contract"], after=after["contract"])


def rendered(told: Promises) -> bytes:
    """Bytes of the file that keeps promises."""
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def _lost_columns(
    table: str, old: Mapping[str, Mapping[str, object]], new: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    for column, said in old.items():
        if column in new:
            yield from _changed(f"{table}.{column}", said, new[column], tuple(_SAID))
        else:
            yield f"{table}.{column} non c'è più"


def _changed(
    what: str, old: Mapping[str, object], new: Mapping[str, object], fields: tuple[str, ...]
) -> Iterator[str]:
    for field in fields:
        if old[field] != new[field]:
            yield f"{what}: {_SAID[field]} era {old[field]} ed è {new[field]}"


def _major(told: Promises) -> int:
    return int(str(told["contract"]).split(".", maxsplit=1)[0])


def main() -> None:
    """Remember the current contract as the last one given to readers."""
    told = promises(load_contracts("mart").values(), load_views().values())
    PUBLISHED.write_bytes(rendered(told))


if __name__ == "__main__":
    main()
