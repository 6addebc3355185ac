"""A contract that uses every kind of rule, and rows that keep all of them."""

from typing import Any, Literal

import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.contracts.model import TableContract, ViewContract

Shipped = dict[str, dict[str, TableContract]]
LAYERS: tuple[Literal["core", "mart"], ...] = ("core", "mart")


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    """The contracts of the package, by layer."""
    return {layer: load_contracts(layer) for layer in LAYERS}


@pytest.fixture(scope="session")
def views() -> dict[str, ViewContract]:
    """The contracts of the package's views."""
    return load_views()


@pytest.fixture
def town() -> TableContract:
    return TableContract.model_validate(
        {
            "table": "town",
            "english": "town_en",
            "grain": {"it": "una riga per paese", "en": "one row per town"},
            "description": {"it": "I paesi.", "en": "Towns."},
            "key": ["code"],
            "columns": [
                {
                    "name": "code", "english": "code", "type": "VARCHAR", "required": True,
                    "pattern": "[0-9]{3}", "it": "Codice.", "en": "Code.",
                },
                {
                    "name": "name", "english": "town_name", "type": "VARCHAR", "required": True,
                    "it": "Nome del paese, com'è scritto.", "en": "Name.",
                },
                {
                    "name": "kind", "english": "kind", "type": "VARCHAR",
                    "allowed": ["borgo", "porto"], "it": "Genere.", "en": "Kind.",
                },
                {
                    "name": "share", "english": "share", "type": "DOUBLE", "min": 0, "max": 1,
                    "unit": "%", "it": "Quota.", "en": "Share.",
                },
                {
                    "name": "parent", "english": "parent", "type": "VARCHAR",
                    "references": "town.code", "it": "Capoluogo.", "en": "Main town.",
                },
                {
                    "name": "low", "english": "low", "type": "INTEGER", "it": "Estremo.",
                    "en": "End.",
                },
                {
                    "name": "high", "english": "high", "type": "INTEGER", "it": "Estremo.",
                    "en": "End.",
                },
                {
                    "name": "balance", "english": "balance", "type": "DOUBLE", "it": "Saldo.",
                    "en": "Balance.",
                },
            ],
            "invariants": [
                {
                    "name": "ordine", "sql": "low <= high", "it": "Gli estremi in ordine.",
                    "en": "Ends in order.",
                }
            ],
        }
    )  # fmt: skip


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [
        {"code": "001", "name": "Uno", "kind": "borgo", "share": 0.0, "parent": None,
         "low": 1, "high": 1, "balance": 0.5},
        {"code": "002", "name": "Due", "kind": None, "share": None, "parent": "001",
         "low": 1, "high": 4, "balance": None},
        {"code": "003", "name": "Tre", "kind": "porto", "share": 1.0, "parent": "001",
         "low": -2, "high": 0, "balance": -1e300},
    ]  # fmt: skip


@pytest.fixture
def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows)
