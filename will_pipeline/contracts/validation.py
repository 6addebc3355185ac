"""The checks a contract implies, as queries that count the rows breaking a rule.

A check returns a number of offending rows and an Italian sentence; what to do about it is
decided by whoever runs it (a blocking asset check, the release, a test).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from will_pipeline.contracts.conform import ContractBreach, column_types
from will_pipeline.contracts.model import Column, TableContract


@dataclass(frozen=True)
class Rule:
    """One rule of a table: its name, the rows that break it and what it says in Italian."""

    name: str
    offending: str
    says: str


@dataclass(frozen=True)
class Finding:
    """Outcome of one rule on one table: `rows` offending rows (0 when the rule holds)."""

    table: str
    rule: str
    says: str
    rows: int
    example: str

    @property
    def passed(self) -> bool:
        """Whether no row breaks the rule."""
        return self.rows == 0

    @property
    def message(self) -> str:
        """One Italian sentence for people."""
        if self.passed:
            return self.says
        return f"{self.says} Righe che violano la regola: {self.rows}; per esempio {self.example}"


COLUMNS_RULE = "colonne"


def rule_names(contract: TableContract) -> tuple[str, ...]:
    """Names of the rules of `contract`, in the order in which they are checked."""
    return (COLUMNS_RULE, *(rule.name for rule in rules(contract, schema="main")))


def rules(contract: TableContract, *, schema: str) -> tuple[Rule, ...]:
    """Rules that `contract` implies for its table in `schema`.

    Args:
        contract: contract of the table.
        schema: schema that holds this table and the tables it refers to.

    Returns:
        Key, required values, domains, references and invariants, as SQL over one table.
    """
    table = f'"{schema}"."{contract.table}"'
    return (
        Rule(
            "chiave_unica",
            _duplicates(contract, table),
            f"Chiave unica: {', '.join(contract.key)}.",
        ),
        *_presence_rules(contract, table),
        *_domain_rules(contract, table),
        *_reference_rules(contract, schema),
        *(
            Rule(
                invariant.name,
                f"SELECT * FROM {table} WHERE NOT coalesce(({invariant.sql}), false)",
                invariant.it,
            )
            for invariant in contract.invariants
        ),
    )


def check_table(
    connection: duckdb.DuckDBPyConnection, contract: TableContract, *, schema: str
) -> list[Finding]:
    """Check the table of `contract` in `schema`, every rule in turn.

    Returns:
        One finding per rule of `rule_names`; rules that could not be asked because columns are
        wrong count as broken by one row.
    """
    columns = _check_columns(connection, contract, schema)
    if not columns.passed:
        unasked = f"Non verificabile: {columns.example}."
        return [
            columns,
            *(
                Finding(contract.table, rule.name, rule.says, 1, unasked)
                for rule in rules(contract, schema=schema)
            ),
        ]
    return [
        columns,
        *(_ask(connection, contract.table, rule) for rule in rules(contract, schema=schema)),
    ]


def _ask(connection: duckdb.DuckDBPyConnection, table: str, rule: Rule) -> Finding:
    try:
        counted = connection.execute(f"SELECT count(*) FROM ({rule.offending})").fetchall()
    except (duckdb.BinderException, duckdb.CatalogException) as problem:
        # A variable column or a table that the rule speaks of is not there.
        return Finding(table, rule.name, rule.says, 1, f"non verificabile, {problem}")
    rows = int(counted[0][0])
    example = ""
    if rows:
        first = connection.sql(f"SELECT * FROM ({rule.offending}) LIMIT 1").pl()
        example = ", ".join(
            f"{name}={value}" for name, value in list(first.row(0, named=True).items())[:6]
        )
    return Finding(table, rule.name, rule.says, rows, example)


def _check_columns(
    connection: duckdb.DuckDBPyConnection, contract: TableContract, schema: str
) -> Finding:
    found = dict(
        connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            [schema, contract.table],
        ).fetchall()
    )
    says = "Le colonne hanno nome e tipo del contratto."
    if not found:
        return Finding(
            contract.table,
            COLUMNS_RULE,
            says,
            1,
            f"la tabella {schema}.{contract.table} non esiste",
        )
    try:
        expected = column_types(list(found), contract)
    except ContractBreach as breach:
        return Finding(contract.table, COLUMNS_RULE, says, 1, str(breach))
    wrong = [
        f"{name} è {found[name]}, non {kind}"
        for name, kind in expected.items()
        if found[name] != kind
    ]
    return Finding(contract.table, COLUMNS_RULE, says, len(wrong), "; ".join(wrong))


def _duplicates(contract: TableContract, table: str) -> str:
    key = ", ".join(f'"{name}"' for name in contract.key)
    return f"SELECT {key}, count(*) AS righe FROM {table} GROUP BY ALL HAVING count(*) > 1"


def _presence_rules(contract: TableContract, table: str) -> Iterator[Rule]:
    if not contract.from_deliveries:
        empty = f"SELECT 'nessuna riga' AS tabella WHERE NOT EXISTS (SELECT * FROM {table})"
        yield Rule("non_vuota", empty, "La tabella ha righe.")


def _domain_rules(contract: TableContract, table: str) -> Iterator[Rule]:
    for name, says, condition in (
        ("valori_obbligatori", "Le colonne obbligatorie sono piene.", _required),
        ("valori_ammessi", "I valori sono fra quelli ammessi.", _allowed),
        ("limiti", "I numeri stanno nei limiti del contratto.", _bounds),
    ):
        conditions = [sql for column in contract.columns if (sql := condition(column)) is not None]
        if conditions:
            holds = " AND ".join(f"({sql})" for sql in conditions)
            yield Rule(name, f"SELECT * FROM {table} WHERE NOT ({holds})", says)
    family = contract.variable_columns
    if family is not None and family.required:
        full = f"SELECT * FROM {table} WHERE COLUMNS('^({family.pattern})$') IS NOT NULL"
        yield Rule(
            "variabili_obbligatorie",
            f"SELECT * FROM {table} EXCEPT ALL {full}",
            "Le colonne variabili sono piene.",
        )


def _reference_rules(contract: TableContract, schema: str) -> Iterator[Rule]:
    for column in contract.columns:
        if column.references is None:
            continue
        target, target_column = column.references.split(".")
        exists = (
            f'SELECT 1 FROM "{schema}"."{target}" AS r '
            f'WHERE r."{target_column}" = t."{column.name}"'
        )
        shown = ", ".join(f't."{name}"' for name in dict.fromkeys((*contract.key, column.name)))
        yield Rule(
            f"riferimento_{column.name}",
            f'SELECT {shown} FROM "{schema}"."{contract.table}" AS t '
            f'WHERE t."{column.name}" IS NOT NULL AND NOT EXISTS ({exists})',
            f"Ogni {column.name} esiste in {target}.",
        )


def _required(column: Column) -> str | None:
    if not column.required:
        return None
    if column.type == "VARCHAR":
        return f'"{column.name}" IS NOT NULL AND trim("{column.name}") <> \'\''
    return f'"{column.name}" IS NOT NULL'


def _allowed(column: Column) -> str | None:
    conditions = []
    if column.allowed is not None:
        listed = ", ".join(f"'{value}'" for value in column.allowed)
        conditions.append(f'CAST("{column.name}" AS VARCHAR) IN ({listed})')
    if column.pattern is not None:
        conditions.append(f"regexp_full_match(\"{column.name}\", '{column.pattern}')")
    return f'"{column.name}" IS NULL OR ({" AND ".join(conditions)})' if conditions else None


def _bounds(column: Column) -> str | None:
    conditions = []
    if column.type == "DOUBLE":
        conditions.append(f'isfinite("{column.name}")')
    if column.min is not None:
        conditions.append(f'"{column.name}" >= {column.min!r}')
    if column.max is not None:
        conditions.append(f'"{column.name}" <= {column.max!r}')
    return f'"{column.name}" IS NULL OR ({" AND ".join(conditions)})' if conditions else None


def column_conditions(column: Column) -> tuple[str, ...]:
    """SQL conditions that every value of `column` meets, for CHECK constraints."""
    return tuple(sql for sql in (_allowed(column), _bounds(column)) if sql is not None)
