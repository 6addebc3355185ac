"""Making of the figures: repeatable to the byte, and stopped by whatever is missing."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor, load_source
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.sources.embedding import check_budget, embed, main
from will_pipeline.sources.pins import read_pin, sha256

HEADER = "CODREG;REGIONE;CODPRO;PROVINCIA;CODCOM;COMUNE;PROCOM;ACE;P1;P2;P3"
NORTH = f"{HEADER}\r\n3;Lombardia;16;Bergamo;24;Bergamo;16024;1;10;4;6\r\n"
SOUTH = f"{HEADER}\r\n1;Piemonte;3;Novara;106;Novara;3106;2;7;3;4\r\n"


@pytest.fixture
def official(tmp_path: Path) -> Path:
    folder = tmp_path / "official"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "R03.csv").write_bytes(NORTH.encode())
    (folder / "in" / "R01.csv").write_bytes(SOUTH.encode())
    return folder


@pytest.fixture
def census(tmp_path: Path, content: dict[str, Any]) -> Descriptor:
    text = {"type": "String", "it": "Nome."}
    names = [{"name": name, **text} for name in ("comune", "province", "region")]
    content["columns"] = [*content["columns"][:2], *names]
    folder = tmp_path / "raw"
    folder.mkdir()
    path = folder / "prova.source.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_source(path)


def test_same_files_same_bytes_and_the_pin_tells_their_story(
    census: Descriptor, official: Path, tmp_path: Path
) -> None:
    first = embed(census, official, tmp_path / "one")
    second = embed(census, official, tmp_path / "two")
    assert first == second == read_pin("prova", tmp_path / "one")
    assert first.retrieved == date(2026, 11, 23)
    assert [(source.name, source.sha256) for source in first.source_files] == [
        ("in/R01.csv", sha256(SOUTH.encode())),
        ("in/R03.csv", sha256(NORTH.encode())),
    ]
    for name in ("prova.parquet", "prova.pin.json"):
        one, two = (tmp_path / folder / name for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_what_is_embedded_is_read_back_sorted_by_key(
    census: Descriptor, official: Path, tmp_path: Path
) -> None:
    embed(census, official, tmp_path / "figures")
    frame = read_embedded(census, tmp_path / "figures")
    assert frame["pro_com"].to_list() == ["003106", "016024"]
    assert frame["P1"].to_list() == [7, 10]


def test_a_table_that_breaks_the_descriptor_is_not_written(
    census: Descriptor, official: Path, tmp_path: Path
) -> None:
    (official / "in" / "R01.csv").write_bytes(SOUTH.replace("7;3;4", "8;3;4").encode())
    with pytest.raises(SourceFault, match="non vale P1 = P2 \\+ P3"):
        embed(census, official, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize(
    ("embedding", "rule"),
    [
        ({"files": ["out/*.csv"], "reader": "istat_census_2011:areas"}, "nessun file con"),
        (
            {"files": ["in/*.csv"], "reader": "nothing_here:areas"},
            "il lettore 'nothing_here:areas'",
        ),
        ({"files": ["in/*.csv"], "reader": "istat_census_2011:nothing"}, "non esiste"),
        (None, "la fonte non è incorporata"),
    ],
)
def test_what_is_missing_is_named(
    census: Descriptor,
    official: Path,
    tmp_path: Path,
    embedding: dict[str, Any] | None,
    rule: str,
) -> None:
    broken = Descriptor.model_validate({**census.model_dump(), "embedding": embedding})
    with pytest.raises(SourceFault, match=rule):
        embed(broken, official, tmp_path / "figures")


def test_the_command_line(
    census: Descriptor, official: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--descriptors", str(tmp_path / "raw"), "--output", str(tmp_path / "figures")]
    assert main([str(official), *folders]) == 0
    assert f"{census.key}: 2 righe" in capsys.readouterr().out
    assert main([str(official), *folders, "--only", "altra"]) == 1
    assert capsys.readouterr().err == "altra, file altra.source.yaml: la fonte non esiste\n"


def test_the_budget_names_the_largest_file(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "small.parquet")
    (tmp_path / "large.parquet").write_bytes(bytes(5000))
    assert check_budget(tmp_path) > 5000
    with pytest.raises(SourceFault, match=r"large\.parquet: i dati inclusi pesano"):
        check_budget(tmp_path, budget=5000)
