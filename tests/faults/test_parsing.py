"""Sections C and D of the fault matrix: what a reader would get wrong without an error."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.faults.archives import TABLE, declared
from tests.faults.test_containers import refused
from tests.unit.sources.conftest import minimal
from will_pipeline.definitions import PROJECT
from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import Origin, as_numbers, read_table
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedded import validate

ORIGIN = Origin("prova", "a.csv")
LENIENT = re.compile(
    r"ignore_errors|utf8-lossy|errors\s*=\s*['\"](?:ignore|replace)|on_bad_lines|"
    r"truncate_ragged_lines|sample_size\s*=\s*-1|infer_schema_length\s*=\s*0|keep_default_na"
)
LOADS_AT_RUN = re.compile(
    r"\b(?:INSTALL|LOAD)\s+(?:spatial|httpfs|parquet|json|excel)\b|pip install"
)


def code() -> dict[Path, str]:
    folders = (PROJECT / "will_pipeline", PROJECT / "assets")
    return {
        path.relative_to(PROJECT): path.read_text("utf-8")
        for folder in folders
        for path in folder.rglob("*.py")
    }


def table(text: str, **columns: str) -> pl.DataFrame:
    return read_table(text.encode(), ORIGIN, columns=columns)


def test_p01_nobody_reads_leniently() -> None:
    # Readers and sources read; what writes for people may replace what a format cannot hold.
    reading = {path: text for path, text in code().items() if "mart" not in path.parts}
    lenient = {str(path): LENIENT.findall(text) for path, text in reading.items()}
    assert {path: found for path, found in lenient.items() if found} == {}


def test_p01_a_text_of_another_encoding_is_refused() -> None:
    with pytest.raises(SourceFault, match="il testo non è utf-8"):
        read_table("nome\nForlì\n".encode("cp1252"), ORIGIN, columns={"nome": "name"})


@pytest.mark.parametrize("word", ["Forlì", "Cantù", "Nardò", "Sant’Agata", "città"])
def test_p03_letters_of_another_day_s_encoding_are_seen(tmp_path: Path, word: str) -> None:
    content = TABLE.decode().replace("Parma", word).encode("utf-8")
    told = refused(tmp_path, content, declared("csv", encoding="cp1252"))
    assert "lettere accentate lette due volte" in told or "non è testo" in told


@pytest.mark.parametrize("cell", ["120.923", "1.234.567", "12,5", "1e3", "12 300"])
def test_p05_a_count_with_a_fraction_or_a_mark_is_never_guessed(cell: str) -> None:
    frame = table(f'a\n"{cell}"\n', a="a")
    with pytest.raises(SourceFault, match=r"riga 2, colonna a: .* non è un numero intero"):
        as_numbers(frame, ["a"], ORIGIN)


def test_p06_a_code_that_lost_its_zero_is_refused() -> None:
    source = Descriptor.model_validate(minimal())
    row = {"ace": 1, "kind": "a", "share": None, "P1": 3, "P2": 1, "P3": 2}
    frame = pl.DataFrame([{"pro_com": "016024", **row}], schema_overrides={"share": pl.Float64})
    assert validate(frame, source).height == 1
    with pytest.raises(SourceFault, match="pro_com"):
        validate(frame.with_columns(pro_com=pl.lit("16024")), source)
    with pytest.raises(SourceFault, match="pro_com"):
        validate(frame.with_columns(pro_com=pl.lit(16024)), source)


def test_p07_naples_and_novara_are_letters() -> None:
    assert table("sigla\nNA\nNO\nNULL\nnan\n", sigla="s")["s"].to_list() == [
        "NA", "NO", "NULL", "nan",
    ]  # fmt: skip


@pytest.mark.parametrize("token", ["-", "..", "....", "n.d.", "c", "nan", "inf", "NA"])
def test_p08_a_mark_in_place_of_a_number_is_no_number(token: str) -> None:
    for integer in (True, False):
        with pytest.raises(SourceFault, match="riga 2, colonna a"):
            as_numbers(table(f"a\n{token}\n", a="a"), ["a"], ORIGIN, integer=integer)


def test_p08_a_mark_below_the_least_value_is_refused() -> None:
    source = Descriptor.model_validate(minimal())
    row = {"pro_com": "016024", "kind": "a", "share": 1.0, "P1": 3, "P2": 1, "P3": 2}
    for marked in (-1, 9999, -555555555):
        with pytest.raises(SourceFault, match="ace"):
            validate(pl.DataFrame([{**row, "ace": marked}]), source)


def test_p09_a_mark_before_the_first_header_is_no_part_of_it() -> None:
    assert table("\ufeffcodice\n1\n", codice="c")["c"].to_list() == ["1"]


def test_p10_spaces_of_any_kind_around_a_cell_are_no_content() -> None:
    read = table("nome , b\n\u00a0Reggio nell’Emilia\u2003,1\n", nome="n", b="b")
    assert read["n"].to_list() == ["Reggio nell’Emilia"]


def test_p10_no_name_is_a_key() -> None:
    keys = re.compile(r"\.join\([^)]*\bon\s*=\s*\[?\"(?:nome|name)\"")
    assert [str(path) for path, text in code().items() if keys.search(text)] == []


@pytest.mark.parametrize("dates", ["2021-13-01", "1/2/2021", "44197"])
def test_p11_a_date_is_one_only_as_declared(dates: str) -> None:
    content = {**minimal(), "retrieved": dates}
    with pytest.raises(ValueError, match="retrieved"):
        Descriptor.model_validate(content)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_d08_x15_every_requirement_is_locked_with_hashes(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 50
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", block), block[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:60]
    assert "://" not in text
    assert "--require-hashes" in (PROJECT / "Makefile").read_text("utf-8")


def test_d08_every_dependency_has_an_upper_bound() -> None:
    text = (PROJECT / "pyproject.toml").read_text("utf-8")
    block = text[text.index("dependencies = [") : text.index("[dependency-groups]")]
    named = re.findall(r'^\s+"([^"]+)",$', block, re.MULTILINE)
    assert named
    assert [each for each in named if "<" not in each] == []


def test_d09_nothing_is_installed_at_run_time() -> None:
    found = {str(path): LOADS_AT_RUN.findall(text) for path, text in code().items()}
    assert {path: each for path, each in found.items() if each} == {}
