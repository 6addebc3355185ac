"""Fingerprints change with what readers would see, and with nothing else."""

import struct
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart import fingerprint
from will_pipeline.mart.fingerprint import content_version, release_fingerprint, rendering_hash

LONG = "una parola più lunga di dodici lettere"


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "text": ["a", None, LONG],
            "real": [0.1, None, -2.5],
            "whole": [1, 2, None],
            "flag": [True, None, False],
            "day": [date(2026, 1, 1), None, date(2011, 10, 9)],
            "bytes": [b"\x00", b"", None],
        }
    )


def test_equal_frames_have_equal_fingerprints(frame: pl.DataFrame) -> None:
    assert content_version(frame) == content_version(frame.clone())
    assert len(content_version(frame)) == 64


def test_chunks_are_not_content(frame: pl.DataFrame) -> None:
    parts = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert parts.n_chunks() == 2
    assert content_version(parts) == content_version(frame)


def test_what_lies_under_a_missing_value_is_not_content() -> None:
    hidden = pl.DataFrame({"k": [1, 2], "v": [5.0, 7.0], "t": ["x", LONG]}).with_columns(
        pl.when(pl.col("k") == 1).then(pl.col("v", "t"))
    )
    plain = pl.DataFrame({"k": [1, 2], "v": [5.0, None], "t": ["x", None]})
    assert hidden.equals(plain)
    assert content_version(hidden) == content_version(plain)


def test_rows_filtered_away_leave_no_trace(frame: pl.DataFrame) -> None:
    more = pl.concat([frame, frame.with_columns(text=pl.lit("z" * 99))])
    assert content_version(more.filter(pl.col("text").fill_null("") != "z" * 99)) == (
        content_version(frame)
    )


def test_one_bit_is_enough() -> None:
    bits = struct.unpack("<q", struct.pack("<d", 0.1))[0]
    neighbour = struct.unpack("<d", struct.pack("<q", bits ^ 1))[0]
    assert neighbour == pytest.approx(0.1)
    before, after = (pl.DataFrame({"x": [value]}) for value in (0.1, neighbour))
    assert content_version(before) != content_version(after)


@pytest.mark.parametrize(
    "other",
    [
        pl.DataFrame({"a": ["ab", "c"], "b": [1, 2]}),
        pl.DataFrame({"a": ["a", None], "b": [1, 2]}),
        pl.DataFrame({"a": ["a", ""], "b": [1, 2]}),
        pl.DataFrame({"a": ["a", "bc"], "b": [1.0, 2.0]}),
        pl.DataFrame({"a": ["a", "bc"], "c": [1, 2]}),
        pl.DataFrame({"b": [1, 2], "a": ["a", "bc"]}),
        pl.DataFrame({"a": ["bc", "a"], "b": [2, 1]}),
        pl.DataFrame({"a": ["a"], "b": [1]}),
        pl.DataFrame({"a": ["a", "bc"], "b": [1, 2]}, schema_overrides={"b": pl.Int32}),
    ],
)
def test_values_names_types_and_order_count(other: pl.DataFrame) -> None:
    frame = pl.DataFrame({"a": ["a", "bc"], "b": [1, 2]})
    assert content_version(frame) != content_version(other)


def test_once_sorted_by_key_the_order_of_arrival_does_not_count(
    tables: dict[str, pl.DataFrame], contracts: dict[str, TableContract]
) -> None:
    for name in ("fatto_indice", "dizionario", "dim_area"):
        turned = conform(tables[name].reverse(), contracts[name])
        assert content_version(turned) == content_version(tables[name])


def test_every_process_on_every_day_finds_the_same() -> None:
    # Once taken down: another value here means that every mart would be published again.
    known = "be5e5d482da40cac53d2f5523a251e0f28a2d370806e15ccbced1a43b4020437"
    assert content_version(pl.DataFrame({"a": ["x", None], "b": [0.1, 2.0]})) == known


def test_a_column_of_lists_is_refused() -> None:
    with pytest.raises(TypeError, match="column parts of type List"):
        content_version(pl.DataFrame({"parts": [[1, 2]]}))


def test_a_release_changes_with_tables_contracts_views_and_rendering(
    tables: dict[str, pl.DataFrame],
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
) -> None:
    def printed(**given: object) -> str:
        used = {"tables": tables, "contracts": contracts, "views": views, "rendering": "x"} | given
        return release_fingerprint(
            used["tables"],  # type: ignore[arg-type]  # chosen by name above
            used["contracts"].values(),  # type: ignore[attr-defined]  # as above
            used["views"].values(),  # type: ignore[attr-defined]  # as above
            used["rendering"],  # type: ignore[arg-type]  # as above
            beside=used.get("beside"),  # type: ignore[arg-type]  # as above
        )

    same = printed()
    assert printed(tables=dict(reversed(tables.items()))) == same
    value = tables["fatto_indice"].with_columns(pl.col("indice") + 0.1)
    area = contracts["dim_area"]
    said = area.model_copy(update={"description": area.grain})
    sheet = views["v_quintili"].model_copy(update={"sql": "SELECT 1"})
    changed = [
        printed(tables=tables | {"fatto_indice": value}),
        printed(contracts=contracts | {"dim_area": said}),
        printed(views=views | {"v_quintili": sheet}),
        printed(rendering="y"),
        printed(beside={"core.section": pl.DataFrame({"section_id": ["1"]})}),
    ]
    assert len({same, *changed}) == 6


def test_rendering_changes_with_a_byte_of_a_template_and_not_with_what_python_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in fingerprint.RENDERING_ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "pagina.html").write_text("<p>a", encoding="utf-8")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    before = rendering_hash()
    (tmp_path / "mart" / "__pycache__").mkdir()
    (tmp_path / "mart" / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert rendering_hash() == before
    (tmp_path / "mart" / "pagina.html").write_text("<p>b", encoding="utf-8")
    assert rendering_hash() != before
