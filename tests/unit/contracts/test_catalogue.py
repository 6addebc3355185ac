"""Contract files: what the catalogue accepts, what it refuses and how it names the fault."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from will_pipeline.contracts.catalogue import (
    ContractFault,
    load_contracts,
    load_views,
    referenced_tables,
)
from will_pipeline.contracts.model import TableContract, ViewContract

Shipped = dict[str, dict[str, TableContract]]
WORDS = {"it": "Parole.", "en": "Words."}
Write = Callable[..., Path]


def column(name: str = "code", **given: Any) -> dict[str, Any]:
    return {"name": name, "english": name, "type": "VARCHAR", "required": True, **WORDS, **given}


def contract(table: str, *columns: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "table": table,
        "english": table,
        "grain": WORDS,
        "description": WORDS,
        "key": ["code"],
        "columns": list(columns or (column(),)),
        **given,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    folder = tmp_path / "mart"
    folder.mkdir()

    def _write(*contracts: dict[str, Any], stem: str | None = None) -> Path:
        for content in contracts:
            file = folder / f"{stem or content['table']}.yaml"
            file.write_text(yaml.safe_dump(content), "utf-8")
        return tmp_path

    return _write


def refused(folder: Path, *named: str) -> None:
    with pytest.raises(ContractFault) as fault:
        load_contracts("mart", folder)
    for word in named:
        assert word in str(fault.value)


def test_referenced_tables_come_first_whatever_their_names(write: Write) -> None:
    folder = write(
        contract("aaa", column(), column("to", references="zzz.code")),
        contract("mmm", column(), column("to", references="aaa.code")),
        contract("zzz", column(), column("self", references="zzz.code")),
    )
    read = load_contracts("mart", folder)
    assert list(read) == ["zzz", "aaa", "mmm"]
    assert referenced_tables(read["zzz"]) == ()
    assert referenced_tables(read["aaa"]) == ("zzz",)


def test_an_unknown_field_is_named(write: Write) -> None:
    refused(write(contract("town", column(colour="red"))), "town.yaml", "colour")


def test_an_unknown_type_is_named(write: Write) -> None:
    refused(write(contract("town", column(type="MONEY"))), "town.yaml", "type")


@pytest.mark.parametrize("language", ["it", "en"])
def test_a_column_without_words_is_refused(write: Write, language: str) -> None:
    silent = column()
    del silent[language]
    refused(write(contract("town", silent)), "town.yaml", f"columns.0.{language}")
    refused(write(contract("town", column(**{language: ""}))), "town.yaml", language)


def test_a_key_that_may_be_empty_is_refused(write: Write) -> None:
    refused(write(contract("town", column(required=False))), "town.yaml", "key columns ['code']")


def test_a_key_that_is_no_column_is_refused(write: Write) -> None:
    refused(write(contract("town", key=["other"])), "key columns ['other']")


def test_repeated_names_are_refused_in_both_languages(write: Write) -> None:
    refused(write(contract("town", column(), column())), "repeated name ['code']")
    refused(
        write(contract("town", column(), column("other", english="code"))),
        "repeated english name ['code']",
    )


@pytest.mark.parametrize("target", ["nowhere.code", "town.missing"])
def test_a_reference_that_leads_nowhere_is_refused(write: Write, target: str) -> None:
    folder = write(contract("town", column(), column("to", references=target)))
    refused(folder, "town.yaml", f"to refers to {target}")


def test_a_circle_is_refused(write: Write) -> None:
    folder = write(
        contract("aaa", column(), column("to", references="bbb.code")),
        contract("bbb", column(), column("to", references="aaa.code")),
    )
    refused(folder, "aaa", "bbb", "circle")


def test_a_file_named_after_another_table_is_refused(write: Write) -> None:
    refused(write(contract("town"), stem="village"), "village.yaml", "describes table town")


def test_malformed_yaml_is_refused_with_the_name_of_its_file(write: Write) -> None:
    folder = write(contract("town"))
    (folder / "mart" / "broken.yaml").write_text("table: [", "utf-8")
    refused(folder, "broken.yaml")


def test_a_view_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "v_x.yaml").write_text("view: v_x\ncolour: red\n", "utf-8")
    with pytest.raises(ContractFault, match=r"v_x\.yaml"):
        load_views(tmp_path)


@pytest.mark.parametrize("layer", ["core", "mart"])
def test_every_shipped_contract_loads_with_words_in_two_languages(
    shipped: Shipped, layer: str
) -> None:
    contracts = shipped[layer]
    assert len(contracts) >= 6
    for table in contracts.values():
        assert table.description.it != table.description.en
        for each in table.columns:
            assert len(each.it.split()) > 0
            assert len(each.en.split()) > 0
        for invariant in table.invariants:
            assert invariant.it != invariant.en


def test_the_published_tables_and_views_are_those_of_the_contract(
    shipped: Shipped, views: dict[str, ViewContract]
) -> None:
    assert set(shipped["mart"]) >= {
        "mart_info", "dim_comune", "dim_area", "area_geometria", "dim_dimensione",
        "dim_indicatore", "fatto_indicatore", "fatto_indice", "dim_profilo", "fatto_profilo",
        "dim_fonte", "controllo", "dizionario",
    }  # fmt: skip
    assert set(views) >= {
        "v_scheda_area", "v_aree_larga", "v_quintili", "v_stato_dati", "v_bisogni_cumulati",
    }  # fmt: skip


def test_published_sentences_end_with_a_full_stop(shipped: Shipped) -> None:
    loose = [
        f"{table.table}.{each.name}"
        for table in shipped["mart"].values()
        for each in table.columns
        if not re.search(r"[.?]$", each.it) or not re.search(r"[.?]$", each.en)
    ]
    assert loose == []


def test_the_contract_knows_its_columns_by_name(shipped: Shipped) -> None:
    area = shipped["mart"]["dim_area"]
    assert area.column("pro_com").references == "dim_comune.pro_com"
    with pytest.raises(KeyError, match=r"dim_area\.colour"):
        area.column("colour")
