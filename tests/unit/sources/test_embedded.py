"""Embedded tables: what is sealed is read back, whatever is changed is refused and named."""

from pathlib import Path

import polars as pl
import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedded import read_embedded, validate
from will_pipeline.sources.embedding import to_parquet
from will_pipeline.sources.pins import Pin, sha256, write_pin


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": ["016024", "034027"],
            "ace": [1, 0],
            "kind": ["a", "b"],
            "share": [0.5, None],
            "P1": [10, 7],
            "P2": [4, 3],
            "P3": [6, 4],
        }
    )


def seal(frame: pl.DataFrame, folder: Path, rows: int | None = None) -> Path:
    content = to_parquet(frame)
    path = folder / "prova.parquet"
    path.write_bytes(content)
    pin = Pin(
        file=path.name,
        sha256=sha256(content),
        bytes=len(content),
        rows=frame.height if rows is None else rows,
        retrieved="2026-11-23",
        source_files=(),
    )
    write_pin(pin, folder)
    return path


def test_a_sealed_table_is_read_back_whole(
    frame: pl.DataFrame, descriptor: Descriptor, tmp_path: Path
) -> None:
    seal(frame, tmp_path)
    assert read_embedded(descriptor, tmp_path).equals(frame)


def test_one_flipped_bit_anywhere_is_refused(
    frame: pl.DataFrame, descriptor: Descriptor, tmp_path: Path
) -> None:
    path = seal(frame, tmp_path)
    good = path.read_bytes()
    for position in range(0, len(good), 97):
        broken = bytearray(good)
        broken[position] ^= 1
        path.write_bytes(bytes(broken))
        with pytest.raises(SourceFault, match="il contenuto è cambiato"):
            read_embedded(descriptor, tmp_path)


def test_a_missing_table_says_how_to_get_it_back(descriptor: Descriptor, tmp_path: Path) -> None:
    with pytest.raises(SourceFault) as caught:
        read_embedded(descriptor, tmp_path)
    assert str(caught.value) == (
        "prova, file prova.parquet: il file dei dati non c'è; "
        "per riaverlo: git checkout -- data/raw/figures/prova.parquet"
    )


def test_a_missing_or_broken_pin_is_named(
    frame: pl.DataFrame, descriptor: Descriptor, tmp_path: Path
) -> None:
    seal(frame, tmp_path)
    pin = tmp_path / "prova.pin.json"
    pin.write_text('{"file": "prova.parquet"}', encoding="utf-8")
    with pytest.raises(SourceFault, match=r"file prova\.pin\.json, campo sha256: il sigillo non"):
        read_embedded(descriptor, tmp_path)
    pin.unlink()
    with pytest.raises(SourceFault, match=r"git checkout -- data/raw/figures/prova\.pin\.json"):
        read_embedded(descriptor, tmp_path)


def test_rows_of_the_pin_must_be_those_of_the_table(
    frame: pl.DataFrame, descriptor: Descriptor, tmp_path: Path
) -> None:
    seal(frame, tmp_path, rows=3)
    with pytest.raises(SourceFault, match="2 righe, ma il sigillo ne dichiara 3"):
        read_embedded(descriptor, tmp_path)


def test_a_sealed_file_that_is_not_parquet_is_refused(
    frame: pl.DataFrame, descriptor: Descriptor, tmp_path: Path
) -> None:
    path = seal(frame, tmp_path)
    page = b"<html>in manutenzione</html>"
    path.write_bytes(page)
    pin = tmp_path / "prova.pin.json"
    text = pin.read_text(encoding="utf-8").replace(sha256(to_parquet(frame)), sha256(page))
    pin.write_text(text, encoding="utf-8")
    with pytest.raises(SourceFault, match="non è un file Parquet leggibile"):
        read_embedded(descriptor, tmp_path)


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        (pl.col("pro_com").str.slice(1), "colonna pro_com, riga 1", "non risponde a"),
        (pl.lit("c").alias("kind"), "colonna kind, riga 1", "ammessi solo: a, b: trovato 'c'"),
        (pl.col("ace") - 1, "colonna ace, riga 2 (pro_com=034027, ace=-1)", "sotto il minimo 0"),
        (pl.col("ace") + 99, "colonna ace, riga 1", "valore sopra il massimo 99"),
        (pl.col("P1") + pl.col("ace"), "riga 1 (pro_com=016024, ace=1)", "non vale P1 = P2 + P3"),
        (pl.lit(None, pl.Int64).alias("P2"), "colonna P2, riga 1", "valore mancante (2 righe"),
        (pl.col("P3").cast(pl.Float64), "colonna P3", "tipo Float64, atteso Int64"),
        (pl.lit(float("nan")).alias("share"), "colonna share, riga 1", "valore non finito"),
        (pl.lit(1).alias("Q1"), "colonna Q1", "colonna non dichiarata nel descrittore"),
    ],
)
def test_each_broken_rule_is_named_with_its_place(
    frame: pl.DataFrame, descriptor: Descriptor, change: pl.Expr, where: str, rule: str
) -> None:
    with pytest.raises(SourceFault) as caught:
        validate(frame.with_columns(change), descriptor)
    assert where in caught.value.where
    assert rule in caught.value.rule
    assert caught.value.file == "prova.parquet"


def test_shape_of_the_table(frame: pl.DataFrame, descriptor: Descriptor) -> None:
    with pytest.raises(SourceFault, match="colonna kind: colonna assente"):
        validate(frame.drop("kind"), descriptor)
    with pytest.raises(SourceFault, match="nell'ordine pro_com, ace, kind, share"):
        validate(frame.select("ace", pl.all().exclude("ace")), descriptor)
    with pytest.raises(SourceFault, match="nessuna colonna risponde"):
        validate(frame.drop("P1", "P2", "P3"), descriptor)
    with pytest.raises(SourceFault, match="0 righe, attese da 1 a 3"):
        validate(frame.clear(), descriptor)
    with pytest.raises(SourceFault, match=r"riga 2 \(pro_com=016024, ace=1\): chiave ripetuta"):
        validate(pl.concat([frame[:1], frame[:1]]), descriptor)


def test_an_invariant_on_absent_columns_is_a_fault(
    frame: pl.DataFrame, descriptor: Descriptor
) -> None:
    with pytest.raises(SourceFault, match="la regola 'P1 = P2 \\+ P3' non si può calcolare"):
        validate(frame.drop("P3"), descriptor)
