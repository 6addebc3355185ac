"""Descriptors: read whole or refused, naming file and field."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import load_sources


def write(folder: Path, content: dict[str, Any], name: str | None = None) -> None:
    path = folder / f"{name or content['key']}.source.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def test_sources_are_sorted_by_key(tmp_path: Path, content: dict[str, Any]) -> None:
    for key in ("zeta", "alfa", "alfa_2"):
        write(tmp_path, {**content, "key": key})
    assert list(load_sources(tmp_path)) == ["alfa", "alfa_2", "zeta"]


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        ({"cadenza": "static"}, "campo cadenza", "campo sconosciuto"),
        ({"cadence": "weekly"}, "campo cadence", "sono ammessi 'static', 'annual'"),
        ({"title": None}, "campo title", "deve essere un testo"),
        ({"cities": ["34027"]}, "campo cities", "ammess"),
        ({"rows": {"min": 3, "max": 2}}, "campo rows", "il minimo supera il massimo"),
        ({"key_columns": ["sez"]}, "", "key_columns cita colonne non dichiarate: sez"),
        ({"key_columns": ["share"]}, "", "una colonna di chiave è sempre obbligatoria: share"),
        ({"invariants": ["P1 = = P2"]}, "campo invariants", "non è un'espressione SQL"),
        ({"key": "altra"}, "campo key", "non è il nome del file"),
        ({"variable_columns": {"pattern": "(", "type": "Int64", "it": "x"}}, "campo var", "regol"),
    ],
)
def test_a_bad_field_is_named(
    tmp_path: Path, content: dict[str, Any], change: dict[str, Any], where: str, rule: str
) -> None:
    write(tmp_path, {**content, **change}, name="prova")
    with pytest.raises(SourceFault) as caught:
        load_sources(tmp_path)
    assert caught.value.file == "prova.source.yaml"
    assert caught.value.where.startswith(where)
    assert rule in caught.value.rule


def test_an_absent_field_and_a_repeated_column_are_named(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    licence = content.pop("licence")
    write(tmp_path, content)
    with pytest.raises(SourceFault, match="campo licence: campo obbligatorio assente"):
        load_sources(tmp_path)
    write(tmp_path, {**content, "licence": licence, "columns": content["columns"][:1] * 2})
    with pytest.raises(SourceFault, match="colonne ripetute: pro_com"):
        load_sources(tmp_path)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"key: [", "YAML non leggibile"),
        (b"- a", "elenco di campi"),
        (b"title: Citt\xe0", "non è testo UTF-8"),
    ],
)
def test_a_file_that_is_not_a_descriptor(tmp_path: Path, raw: bytes, rule: str) -> None:
    (tmp_path / "rotta.source.yaml").write_bytes(raw)
    with pytest.raises(SourceFault, match=rule):
        load_sources(tmp_path)
