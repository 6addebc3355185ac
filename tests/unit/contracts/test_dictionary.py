"""The data dictionary says every column of every published table and view."""

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.dictionary import dictionary_rows
from will_pipeline.contracts.model import TableContract, ViewContract


def test_every_published_column_has_one_row_in_its_own_position(
    shipped: dict[str, dict[str, TableContract]], views: dict[str, ViewContract]
) -> None:
    tables = shipped["mart"]
    rows = dictionary_rows(tables.values(), views.values())
    said = list(rows.select("tabella", "colonna", "posizione").iter_rows())
    names = {table.table: [each.name for each in table.columns] for table in tables.values()}
    names |= {view.view: [each.name for each in view.columns] for view in views.values()}
    owed = [
        (table, column, position)
        for table, columns in names.items()
        for position, column in enumerate(columns, start=1)
    ]
    assert sorted(said) == sorted(owed)
    assert rows["descrizione"].null_count() == 0
    assert rows["descrizione_en"].null_count() == 0
    conform(rows, tables["dizionario"])


def test_a_row_repeats_the_words_of_the_contract(town: TableContract) -> None:
    by_name = {row["colonna"]: row for row in dictionary_rows([town], []).iter_rows(named=True)}
    assert by_name["code"]["chiave"] is True
    assert by_name["name"]["chiave"] is False
    assert by_name["name"]["obbligatoria"] is True
    assert by_name["kind"]["valori_ammessi"] == "borgo, porto"
    assert by_name["share"]["unita"] == "%"
    assert by_name["share"]["tipo"] == "DOUBLE"
    assert by_name["share"]["descrizione"] == "Quota."
    assert by_name["share"]["descrizione_en"] == "Share."
