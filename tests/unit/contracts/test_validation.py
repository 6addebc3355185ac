"""Every kind of rule: silent on a good table, and found broken on a table made to break it."""

from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from will_pipeline.contracts.model import TableContract
from will_pipeline.contracts.validation import Finding, check_table, rule_names

Rows = list[dict[str, Any]]
Shipped = dict[str, dict[str, TableContract]]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    yield opened
    opened.close()


def found(
    connection: duckdb.DuckDBPyConnection, contract: TableContract, rows: Rows, **types: str
) -> dict[str, Finding]:
    """Findings by rule, on a table without any constraint of its own."""
    kinds = {column.name: column.type for column in contract.columns} | types
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    connection.execute(f"CREATE OR REPLACE TABLE {contract.table} ({columns})")
    incoming = pl.DataFrame(rows, infer_schema_length=None).select(*kinds)
    connection.register("incoming", incoming)
    connection.execute(f"INSERT INTO {contract.table} SELECT * FROM incoming")
    findings = check_table(connection, contract, schema="main")
    assert tuple(finding.rule for finding in findings) == rule_names(contract)
    return {finding.rule: finding for finding in findings}


def broken(findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if not finding.passed}


def test_a_good_table_breaks_no_rule(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    findings = found(connection, town, rows)
    assert set(findings) == {
        "colonne", "chiave_unica", "non_vuota", "valori_obbligatori", "valori_ammessi", "limiti",
        "riferimento_parent", "ordine",
    }  # fmt: skip
    assert broken(findings) == set()
    assert findings["ordine"].message == "Gli estremi in ordine."


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"code": "003"}, "chiave_unica"),
        ({"name": None}, "valori_obbligatori"),
        ({"name": "  "}, "valori_obbligatori"),
        ({"kind": "isola"}, "valori_ammessi"),
        ({"code": "2"}, "valori_ammessi"),
        ({"code": "0022"}, "valori_ammessi"),
        ({"share": -0.01}, "limiti"),
        ({"share": 1.01}, "limiti"),
        ({"share": float("nan")}, "limiti"),
        ({"share": float("inf")}, "limiti"),
        ({"share": float("-inf")}, "limiti"),
        ({"balance": float("nan")}, "limiti"),
        ({"balance": float("inf")}, "limiti"),
        ({"balance": float("-inf")}, "limiti"),
        ({"parent": "009"}, "riferimento_parent"),
        ({"low": 5}, "ordine"),
        ({"low": None}, "ordine"),
    ],
)
def test_a_row_that_breaks_one_rule_is_found_by_that_rule_alone(
    connection: duckdb.DuckDBPyConnection,
    town: TableContract,
    rows: Rows,
    change: dict[str, Any],
    rule: str,
) -> None:
    rows[1] |= change
    findings = found(connection, town, rows)
    assert broken(findings) == {rule}
    assert findings[rule].rows == 1
    assert "Righe che violano la regola: 1" in findings[rule].message
    assert "code=" in findings[rule].example


def test_a_table_without_rows_is_broken_unless_deliveries_fill_it(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    found(connection, town, rows)
    connection.execute(f"DELETE FROM {town.table}")
    findings = check_table(connection, town, schema="main")
    assert [each.rule for each in findings if not each.passed] == ["non_vuota"]
    delivered = town.model_copy(update={"from_deliveries": True})
    assert all(each.passed for each in check_table(connection, delivered, schema="main"))


def test_a_missing_key_is_found(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    rows[1] |= {"code": None}
    assert broken(found(connection, town, rows)) == {"valori_obbligatori"}


def test_a_column_of_another_type_breaks_every_rule(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    findings = found(connection, town, rows, share="VARCHAR")
    assert broken(findings) == set(rule_names(town))
    assert findings["colonne"].example == "share è VARCHAR, non DOUBLE"
    assert "Non verificabile" in findings["limiti"].message


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE town DROP COLUMN share", "colonna share: manca"),
        ("ALTER TABLE town ADD COLUMN colour VARCHAR", "colonna colour: non è prevista"),
        ("DROP TABLE town", "la tabella main.town non esiste"),
    ],
)
def test_columns_that_are_not_those_of_the_contract_are_named(
    connection: duckdb.DuckDBPyConnection,
    town: TableContract,
    rows: Rows,
    statement: str,
    said: str,
) -> None:
    found(connection, town, rows)
    connection.execute(statement)
    findings = check_table(connection, town, schema="main")
    assert said in findings[0].example
    assert not any(finding.passed for finding in findings)


def test_a_dangling_reference_is_shown_beside_its_key(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    rows[1] |= {"parent": "009"}
    findings = found(connection, town, rows)
    assert findings["riferimento_parent"].example == "code=002, parent=009"


def test_a_reference_to_a_table_that_is_not_there_is_a_finding(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: Rows
) -> None:
    columns = [
        column.model_copy(update={"references": "region.code"})
        if column.name == "parent"
        else column
        for column in town.columns
    ]
    findings = found(connection, town.model_copy(update={"columns": tuple(columns)}), rows)
    assert broken(findings) == {"riferimento_parent"}
    assert "region" in findings["riferimento_parent"].message


@pytest.fixture
def wide(town: TableContract) -> TableContract:
    family = {"pattern": "P[0-9]+", "type": "BIGINT", "it": "Conteggio.", "en": "Count."}
    parts = {"name": "somma", "sql": "P1 = P2 + P3", "it": "Le parti fanno il tutto.", "en": "Sum."}
    return TableContract.model_validate(
        {**town.model_dump(), "variable_columns": family, "invariants": [parts]}
    )


def counts(rows: Rows, **given: int | None) -> Rows:
    return [{**row, "P1": 3, "P2": 1, "P3": 2, **given} for row in rows]


BIG = {"P1": "BIGINT", "P2": "BIGINT", "P3": "BIGINT"}


def test_counts_of_a_wide_table_add_up(
    connection: duckdb.DuckDBPyConnection, wide: TableContract, rows: Rows
) -> None:
    assert broken(found(connection, wide, counts(rows), **BIG)) == set()
    assert broken(found(connection, wide, counts(rows, P3=1), **BIG)) == {"somma"}


def test_a_missing_count_of_a_wide_table_is_found(
    connection: duckdb.DuckDBPyConnection, wide: TableContract, rows: Rows
) -> None:
    more = {"P4": "BIGINT"}
    holes = counts(rows)
    for position, row in enumerate(holes):
        row["P4"] = None if position == 1 else 7
    findings = found(connection, wide, holes, **BIG, **more)
    assert broken(findings) == {"variabili_obbligatorie"}
    assert findings["variabili_obbligatorie"].rows == 1


def test_a_count_that_a_rule_speaks_of_and_is_not_there_is_a_finding(
    connection: duckdb.DuckDBPyConnection, wide: TableContract, rows: Rows
) -> None:
    findings = found(connection, wide, counts(rows), P1="BIGINT", P2="BIGINT")
    assert broken(findings) == {"somma"}
    assert "P3" in findings["somma"].message


@pytest.mark.parametrize("layer", ["core", "mart"])
def test_every_shipped_rule_runs_on_an_empty_table(
    connection: duckdb.DuckDBPyConnection, shipped: Shipped, layer: str
) -> None:
    contracts = shipped[layer]
    for contract in contracts.values():
        names = [(column.name, column.type) for column in contract.columns]
        if contract.variable_columns is not None:
            said = " ".join(invariant.sql for invariant in contract.invariants)
            codes = sorted({word for word in said.replace("=", " ").split() if word.isalnum()})
            names += [(code, "BIGINT") for code in codes if contract.variable_columns.matches(code)]
        columns = ", ".join(f'"{name}" {kind}' for name, kind in names)
        connection.execute(f"CREATE OR REPLACE TABLE {contract.table} ({columns})")
    for contract in contracts.values():
        findings = check_table(connection, contract, schema="main")
        assert {f.rule for f in findings if not f.passed} <= {"non_vuota"}


def test_a_suppressed_number_may_leave_no_trace(
    connection: duckdb.DuckDBPyConnection, shipped: Shipped
) -> None:
    contract = shipped["mart"]["fatto_indicatore"]
    free = [column.model_copy(update={"references": None}) for column in contract.columns]
    alone = contract.model_copy(update={"columns": tuple(free)})
    row: dict[str, Any] = dict.fromkeys(each.name for each in contract.columns)
    row |= {
        "area_id": "1", "indicatore_id": "x", "anno": 2011, "gruppo": "totale",
        "stato": "soppresso", "anno_struttura": 2011, "valore_comune": 6.4, "fonte_id": "f",
    }  # fmt: skip
    assert broken(found(connection, alone, [row])) == set()
    traces = {"affidabilita": "A", "indice_100": 90.0, "lettura": "sopra", "numeratore": 4.0}
    for column, trace in traces.items():
        findings = found(connection, alone, [row | {column: trace}])
        assert "soppresso_vuoto" in broken(findings), column
