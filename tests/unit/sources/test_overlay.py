"""Tables that replace others for a run: what is replaced, what is left out, what stays."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedding import to_parquet
from will_pipeline.sources.overlay import RULES_FILE, Overlay, no_rows
from will_pipeline.sources.pins import Pin, sha256, write_pin

RULES: dict[str, Any] = {
    "notice": {"it": "Inventato.", "en": "Invented."},
    "described": {"producer": "Nessuno", "cities": ["999001"]},
    "unused": "Parla di altre città.",
    "tables": {
        "prova": {
            "title": "Prova inventata",
            "rows": {"min": 2, "max": 2},
            "patterns": {"pro_com": "^999001$"},
        }
    },
}
TABLE = pl.DataFrame(
    {
        "pro_com": ["999001", "999001"],
        "ace": [1, 2],
        "kind": ["a", "b"],
        "share": [0.5, None],
        "P1": [3, 5],
        "P2": [1, 2],
        "P3": [2, 3],
    }
)


def overlay(folder: Path, rules: dict[str, Any], table: pl.DataFrame = TABLE) -> Overlay:
    (folder / RULES_FILE).write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")
    content = to_parquet(table)
    (folder / "prova.parquet").write_bytes(content)
    write_pin(
        Pin(
            file="prova.parquet",
            sha256=sha256(content),
            bytes=len(content),
            rows=table.height,
            retrieved="2026-11-23",
            source_files=(),
        ),
        folder,
    )
    return Overlay(folder)


def test_a_replaced_source_is_read_from_the_folder_with_its_own_rules(
    tmp_path: Path, descriptor: Descriptor
) -> None:
    found = overlay(tmp_path, RULES)
    assert found.speaks_of(descriptor)
    assert found.read(descriptor).equals(TABLE)
    assert found.pin(descriptor).rows == 2
    told = found.describe(descriptor)
    assert (told.title, told.producer, told.cities) == ("Prova inventata", "Nessuno", ("999001",))
    assert told.invariants == descriptor.invariants
    assert told.columns[1:] == descriptor.columns[1:]


def test_rules_that_name_no_city_still_hold(tmp_path: Path, descriptor: Descriptor) -> None:
    broken = TABLE.with_columns(P2=pl.lit(9, dtype=pl.Int64))
    with pytest.raises(SourceFault, match="non vale P1 = P2"):
        overlay(tmp_path, RULES, broken).read(descriptor)


def test_a_real_code_in_an_invented_table_is_refused(
    tmp_path: Path, descriptor: Descriptor
) -> None:
    real = TABLE.with_columns(pro_com=pl.lit("034027"))
    with pytest.raises(SourceFault, match="colonna pro_com"):
        overlay(tmp_path, RULES, real).read(descriptor)


def test_a_changed_byte_is_noticed(tmp_path: Path, descriptor: Descriptor) -> None:
    found = overlay(tmp_path, RULES)
    path = tmp_path / "prova.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SourceFault, match="il contenuto è cambiato"):
        found.read(descriptor)


def test_a_source_of_other_cities_is_left_out(tmp_path: Path, descriptor: Descriptor) -> None:
    found = overlay(tmp_path, RULES | {"tables": {}})
    other = descriptor.model_copy(update={"key": "altra", "cities": ("034027",)})
    assert found.speaks_of(other)
    assert found.read(other).equals(no_rows(other))
    assert found.read(other).columns == ["pro_com", "ace", "kind", "share"]
    assert found.pin(other).rows == 0
    assert found.pin(other).bytes > 0
    assert found.describe(other).known_problems == "Parla di altre città."


def test_a_national_source_is_not_its_business(tmp_path: Path, descriptor: Descriptor) -> None:
    found = overlay(tmp_path, RULES | {"tables": {}})
    assert not found.speaks_of(descriptor)
    assert found.describe(descriptor) == descriptor


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"unused": None}, "campo unused"),
        ({"tables": {"prova": {"righe": 3}}}, "campo tables.prova"),
        ({"described": {"colore": "blu"}}, "campo described"),
    ],
)
def test_rules_that_break_the_model_are_named(
    tmp_path: Path, descriptor: Descriptor, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(SourceFault, match=told):
        overlay(tmp_path, RULES | change).describe(descriptor)


def test_a_pattern_for_a_column_that_is_not_there_is_named(
    tmp_path: Path, descriptor: Descriptor
) -> None:
    rules = RULES | {"tables": {"prova": {"rows": {"min": 1, "max": 1}, "patterns": {"cap": "x"}}}}
    with pytest.raises(SourceFault, match="la fonte non ha cap"):
        overlay(tmp_path, rules).describe(descriptor)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="mancano le regole"):
        Overlay(tmp_path)
