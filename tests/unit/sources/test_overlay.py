"""Tables that replace others for a run: what is replaced, what is left out, what stays."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedding import to_parquet
from will_pipeline.sources.overlay import RULES_FILE, Overlay, seal
from will_pipeline.sources.pins import read_pin, write_pin

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


def write(folder: Path, source: Descriptor, table: pl.DataFrame = TABLE) -> None:
    content = to_parquet(table)
    (folder / source.parquet_name).write_bytes(content)
    write_pin(seal(source, table, content), folder)


def overlay(folder: Path, rules: dict[str, Any]) -> Overlay:
    (folder / RULES_FILE).write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")
    return Overlay(folder)


@pytest.fixture
def embedded(tmp_path: Path, descriptor: Descriptor) -> Path:
    """Figures of real cities: one source is about everywhere, one about a single city."""
    folder = tmp_path / "figures"
    folder.mkdir()
    real = TABLE.with_columns(pro_com=pl.lit("034027"))
    write(folder, descriptor, real)
    write(folder, elsewhere(descriptor), real)
    return folder


def elsewhere(descriptor: Descriptor) -> Descriptor:
    return descriptor.model_copy(update={"key": "altra", "cities": ("034027",)})


def test_a_replaced_source_is_read_from_the_folder_with_its_own_rules(
    tmp_path: Path, descriptor: Descriptor, embedded: Path
) -> None:
    write(tmp_path, descriptor)
    found = overlay(tmp_path, RULES)
    assert found.replaces(descriptor)
    assert found.read(descriptor, embedded).equals(TABLE)
    assert found.pin(descriptor, embedded).rows == 2
    told = found.describe(descriptor)
    assert (told.title, told.producer, told.cities) == ("Prova inventata", "Nessuno", ("999001",))
    assert told.invariants == descriptor.invariants
    assert told.columns[1:] == descriptor.columns[1:]


def test_rules_that_name_no_city_still_hold(
    tmp_path: Path, descriptor: Descriptor, embedded: Path
) -> None:
    write(tmp_path, descriptor, TABLE.with_columns(P2=pl.lit(9, dtype=pl.Int64)))
    with pytest.raises(SourceFault, match="non vale P1 = P2"):
        overlay(tmp_path, RULES).read(descriptor, embedded)


def test_a_real_code_in_an_invented_table_is_refused(
    tmp_path: Path, descriptor: Descriptor, embedded: Path
) -> None:
    write(tmp_path, descriptor, TABLE.with_columns(pro_com=pl.lit("034027")))
    with pytest.raises(SourceFault, match="colonna pro_com"):
        overlay(tmp_path, RULES).read(descriptor, embedded)


def test_a_changed_byte_is_noticed(tmp_path: Path, descriptor: Descriptor, embedded: Path) -> None:
    write(tmp_path, descriptor)
    path = tmp_path / descriptor.parquet_name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SourceFault, match="il contenuto è cambiato"):
        overlay(tmp_path, RULES).read(descriptor, embedded)


def test_a_source_of_other_cities_keeps_its_columns_and_loses_its_rows(
    tmp_path: Path, descriptor: Descriptor, embedded: Path
) -> None:
    found, other = overlay(tmp_path, RULES), elsewhere(descriptor)
    assert found.leaves_out(other)
    assert found.read(other, embedded).equals(TABLE.clear())
    assert found.pin(other, embedded).rows == 0
    assert found.pin(other, embedded).sha256 != read_pin(other.key, embedded).sha256
    assert found.describe(other).known_problems == "Parla di altre città."


def test_a_national_source_is_not_its_business(
    tmp_path: Path, descriptor: Descriptor, embedded: Path
) -> None:
    found = overlay(tmp_path, RULES | {"tables": {}})
    assert not found.replaces(descriptor)
    assert not found.leaves_out(descriptor)
    assert found.read(descriptor, embedded).height == 2
    assert found.pin(descriptor, embedded) == read_pin(descriptor.key, embedded)
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
