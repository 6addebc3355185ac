"""The published file: what it refuses, what it says of itself and how others open it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.conform import ContractBreach
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import PublicationRefused, write_database

Tables = dict[str, pl.DataFrame]
Contracts = dict[str, TableContract]
Views = dict[str, ViewContract]


@pytest.fixture(scope="session")
def mart(
    tmp_path_factory: pytest.TempPathFactory, tables: Tables, contracts: Contracts, views: Views
) -> Path:
    path = tmp_path_factory.mktemp("l'archivio") / "will_mart.duckdb"
    write_database(path, tables, contracts, views)
    return path


@pytest.fixture(scope="module")
def reader(mart: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(mart), read_only=True)
    yield connection
    connection.close()


def test_every_table_is_read_back_as_it_was_given(
    reader: duckdb.DuckDBPyConnection, tables: Tables, contracts: Contracts
) -> None:
    for name, contract in contracts.items():
        key = ", ".join(contract.key)
        assert_frame_equal(reader.sql(f"SELECT * FROM {name} ORDER BY {key}").pl(), tables[name])


def test_no_table_view_or_column_is_without_a_comment(reader: duckdb.DuckDBPyConnection) -> None:
    for listing, name in (("tables", "table_name"), ("views", "view_name")):
        silent = reader.execute(
            f"SELECT {name} FROM duckdb_{listing}() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
        assert silent == []
    silent = reader.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    assert silent == []
    italian = reader.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'dim_area' "
        "AND column_name = 'popolazione'"
    ).fetchone()
    assert italian == ("Residenti nell'anno di riferimento dei confini (censimento). [persone]",)


def test_every_view_answers_in_both_languages_with_the_same_rows(
    reader: duckdb.DuckDBPyConnection, contracts: Contracts, views: Views
) -> None:
    pairs = [(table.table, table.english) for table in contracts.values()]
    pairs += [(view.view, view.english) for view in views.values()]
    may_be_empty = {table.table for table in contracts.values() if table.from_deliveries}
    for italian, english in pairs:
        rows = reader.execute(f"SELECT * FROM {italian} ORDER BY ALL").fetchall()
        assert rows or italian in may_be_empty, italian
        assert reader.execute(f"SELECT * FROM en.{english} ORDER BY ALL").fetchall() == rows


def test_views_answer_what_they_promise(reader: duckdb.DuckDBPyConnection) -> None:
    sheet = reader.execute(
        "SELECT comune, area, indicatore_id, valore, unita, fonte FROM v_scheda_area "
        "WHERE area_id = '034027.Q01'"
    ).fetchall()
    assert sheet == [("Parma", "Centro", "disoccupazione", 8.0, "%", "Censimento di prova")]
    wide = reader.execute(
        "SELECT area_id, giovani, mobilita_inf, appartenenza FROM v_aree_larga ORDER BY area_id"
    ).fetchall()
    assert wide == [("034027.Q01", 101.0, 98.5, 0.6), ("034027.Q02", 101.0, 98.5, 0.6)]
    needs = reader.execute("SELECT DISTINCT bisogni FROM v_bisogni_cumulati").fetchall()
    assert needs == [(3,)]
    assert reader.execute("SELECT DISTINCT lettura FROM v_quintili").fetchall() == [("possibile",)]
    status = reader.execute(
        "SELECT valori_pubblicati, valori_soppressi, valori_mancanti FROM v_stato_dati"
    ).fetchall()
    assert status == [(3, 0, 0)]


def test_a_second_reader_opens_it_at_the_same_time_and_under_another_name(
    mart: Path, reader: duckdb.DuckDBPyConnection
) -> None:
    place = str(mart).replace("'", "''")
    other = duckdb.connect()
    try:
        other.execute(f"ATTACH '{place}' AS altro_nome (READ_ONLY)")
        other.execute("USE altro_nome")
        asked = "SELECT count(*) FROM en.v_areas_wide"
        assert other.execute(asked).fetchall() == reader.execute(asked).fetchall() == [(2,)]
        qualified = other.execute("SELECT count(*) FROM altro_nome.main.v_quintili").fetchall()
        assert qualified == [(8,)]
    finally:
        other.close()


def test_nothing_but_the_file_is_left(mart: Path) -> None:
    assert [file.name for file in mart.parent.iterdir()] == ["will_mart.duckdb"]


def test_the_file_keeps_the_storage_of_older_clients(reader: duckdb.DuckDBPyConnection) -> None:
    tags = reader.execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    ).fetchone()
    assert tags is not None
    assert tags[0].startswith("v1.0.0")


def test_a_file_that_is_already_there_is_never_overwritten(
    tmp_path: Path, tables: Tables, contracts: Contracts, views: Views
) -> None:
    path = tmp_path / "will_mart.duckdb"
    path.write_text("altro")
    with pytest.raises(FileExistsError):
        write_database(path, tables, contracts, views)
    assert path.read_text() == "altro"


def test_a_missing_table_is_named(
    tmp_path: Path, tables: Tables, contracts: Contracts, views: Views
) -> None:
    fewer = {name: frame for name, frame in tables.items() if name != "dim_fonte"}
    with pytest.raises(KeyError, match="dim_fonte"):
        write_database(tmp_path / "x.duckdb", fewer, contracts, views)


def first(frame: pl.DataFrame, name: str, value: object) -> pl.DataFrame:
    """The same frame with another value in the first row of one column."""
    kind = frame.schema[name]
    given = pl.Series([value, *frame[name].to_list()[1:]], dtype=kind)
    return frame.with_columns(given.alias(name))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("fatto_indicatore.stato", "soppresso"),
        ("fatto_indicatore.valore", None),
        ("fatto_indicatore.valore", float("nan")),
        ("fatto_indicatore.ic_inf", 8.5),
        ("fatto_indicatore.numeratore", -1.0),
        ("fatto_indice.classe", 6),
        ("fatto_indice.rango_max", 3),
        ("dim_area.in_graduatoria", True),
        ("dim_fonte.sha256", "abc"),
        ("controllo.esito", "fallito"),
        ("dim_comune.nome", None),
    ],
)
def test_a_value_that_breaks_a_constraint_stops_the_writing(
    tmp_path: Path, tables: Tables, contracts: Contracts, place: str, value: object
) -> None:
    table, column = place.split(".")
    broken = {table: first(tables[table], column, value)}
    with pytest.raises(duckdb.ConstraintException):
        write_database(tmp_path / "x.duckdb", broken, {table: contracts[table]}, {})


def test_what_constraints_do_not_see_is_refused_by_the_checks(
    tmp_path: Path, tables: Tables, contracts: Contracts
) -> None:
    chosen = {name: contracts[name] for name in ("dim_comune", "dim_fonte", "dim_area")}
    broken = {
        "dim_area": first(tables["dim_area"], "fonte_id", "ignota"),
        "dim_comune": first(tables["dim_comune"], "nome", " "),
        "dim_fonte": tables["dim_fonte"],
    }
    with pytest.raises(PublicationRefused, match="il mart non rispetta il contratto") as refusal:
        write_database(tmp_path / "x.duckdb", broken, chosen, {})
    assert {f"{each.table}.{each.rule}" for each in refusal.value.findings} == {
        "dim_area.riferimento_fonte_id",
        "dim_comune.valori_obbligatori",
    }
    assert "fonte_id=ignota" in str(refusal.value)


def test_a_frame_of_another_shape_is_refused(
    tmp_path: Path, tables: Tables, contracts: Contracts
) -> None:
    fewer = {"dim_comune": tables["dim_comune"].drop("sigla")}
    with pytest.raises(ContractBreach, match="tabella dim_comune, colonna sigla: manca"):
        write_database(tmp_path / "x.duckdb", fewer, {"dim_comune": contracts["dim_comune"]}, {})
