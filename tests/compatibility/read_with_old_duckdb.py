"""Reads a published mart with whatever DuckDB is installed, as an old client would.

It is a script and not a test, because it runs in an environment that holds DuckDB 1.1.3 alone.
"""

import re
import sys
from pathlib import Path

import duckdb

EXPECTED_AREAS = [("A", 69), ("C", 8), ("Q", 28)]
WITHOUT_DELIVERIES: set[str] = {
    "voce_territorio",
    "territory_statement",
    "valutazione",
    "evaluation",
    "valutazione_area",
    "evaluation_area",
    "valutazione_anno",
    "evaluation_year",
    "ripartizione",
    "allocation",
    "ripartizione_area",
    "allocation_area",
    "area_edizione",
    "area_edition",
    "fatto_annata",
    "vintage_fact",
    "ponte_aree",
    "area_bridge",
    "serie_storica",
    "area_series",
}
"""Tables and views that stay empty until a municipality hands files in, or until later censuses
are downloaded, in both languages."""


QUESTIONS = Path(__file__).parents[2] / "will_pipeline" / "domande"
PARAMETER = re.compile(r"([a-z_]+) \((testo|numero)\) = ([^;\n]+)")


def ask_everything(connection: duckdb.DuckDBPyConnection) -> int:
    """Ask every named question with the examples of its head; return how many there are."""
    files = sorted(QUESTIONS.glob("*.sql"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        head = next((line for line in text.splitlines() if line.startswith("-- parametri:")), "")
        values = {
            name: float(example) if kind == "numero" else example.strip()
            for name, kind, example in PARAMETER.findall(head)
        }
        connection.execute(text, values or None).fetchall()
    return len(files)


def main(path: str) -> None:
    """Open the mart read-only, count its areas and ask every table and view for its rows."""
    connection = duckdb.connect(path, read_only=True)
    areas = connection.execute(
        "SELECT livello, count(*) FROM dim_area GROUP BY livello ORDER BY livello"
    ).fetchall()
    if areas != EXPECTED_AREAS:
        sys.exit(f"areas by level are {areas}, not {EXPECTED_AREAS}")
    objects = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
    ).fetchall()
    for schema, name in objects:
        rows = connection.execute(f'SELECT count(*) FROM "{schema}"."{name}"').fetchall()[0][0]
        if rows == 0 and name not in WITHOUT_DELIVERIES:
            sys.exit(f"{schema}.{name} has no rows")
    silent = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    if silent:
        sys.exit(f"columns without a comment: {silent}")
    asked = ask_everything(connection)
    print(
        f"DuckDB {duckdb.__version__}: {len(objects)} tables and views with rows and comments, "
        f"{asked} questions answered"
    )


if __name__ == "__main__":
    main(sys.argv[1])
