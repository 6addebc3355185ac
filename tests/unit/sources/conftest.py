"""A small, whole descriptor the tests of the sources share."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from will_pipeline.sources.descriptor import Descriptor, load_source


def minimal() -> dict[str, Any]:
    return {
        "key": "prova",
        "title": "Prova",
        "title_en": "Trial",
        "producer": "ISTAT",
        "description": "Una riga per area.",
        "url": "https://www.istat.it/",
        "licence": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        "attribution": "ISTAT",
        "citation": "ISTAT (2011)",
        "reference_date": "9 ottobre 2011",
        "retrieved": "2026-11-23",
        "cadence": "static",
        "level": "ace",
        "cities": "all",
        "key_columns": ["pro_com", "ace"],
        "columns": [
            {"name": "pro_com", "type": "String", "it": "Comune.", "pattern": r"^\d{6}$"},
            {"name": "ace", "type": "Int64", "it": "Area.", "min": 0, "max": 99},
            {"name": "kind", "type": "String", "it": "Tipo.", "allowed": ["a", "b"]},
            {"name": "share", "type": "Float64", "it": "Quota.", "required": False},
        ],
        "variable_columns": {"pattern": r"^P\d+$", "type": "Int64", "it": "Variabili."},
        "rows": {"min": 1, "max": 3},
        "invariants": ["P1 = P2 + P3"],
        "embedding": {"files": ["in/*.csv"], "reader": "istat_census_2011:areas"},
    }


@pytest.fixture
def content() -> dict[str, Any]:
    return minimal()


@pytest.fixture
def descriptor(tmp_path: Path) -> Descriptor:
    path = tmp_path / "prova.source.yaml"
    path.write_text(yaml.safe_dump(minimal(), sort_keys=False), encoding="utf-8")
    return load_source(path)
