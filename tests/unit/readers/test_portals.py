"""Answers of portals: identifiers found by name, pages put together without losing a row."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.errors import SourceFault
from will_pipeline.readers import paging, portal_ckan, portal_socrata, portal_wfs
from will_pipeline.readers.tabular import Origin

ORIGIN = Origin("portale", "risposta.json")
DOMAIN = "www.dati.lombardia.it"
RESOURCE = {"id": "r1", "name": "Popolazione", "format": "csv", "url": "/dataset/p/p.csv"}
CAPABILITIES = (
    '<wfs:WFS_Capabilities xmlns:wfs="http://www.opengis.net/wfs/2.0"><FeatureTypeList>'
    "<FeatureType><Name>geo_re:AMBITI</Name><Title>Ambiti</Title></FeatureType>"
    "<FeatureType><Name>geo_re:STRADE</Name></FeatureType></FeatureTypeList>"
    "</wfs:WFS_Capabilities>"
)


def answer(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_ckan_and_dkan_answers_give_the_same_resources() -> None:
    package = {"name": "p", "license_id": "cc-by", "resources": [RESOURCE]}
    ckan = portal_ckan.resources(answer({"success": True, "result": package}), ORIGIN)
    dkan = portal_ckan.resources(answer({"success": True, "result": [package]}), ORIGIN)
    assert ckan.rows() == [("p", "r1", "Popolazione", "CSV", "/dataset/p/p.csv", "cc-by", None)]
    assert dkan.equals(ckan)


def test_the_newest_dataset_of_a_yearly_series_is_found_by_name() -> None:
    names = portal_ckan.datasets(
        answer({"success": True, "result": ["popolazione-2025", "civici", "popolazione-2024"]}),
        ORIGIN,
    )
    assert portal_ckan.named(names, "^popolazione", ORIGIN) == "popolazione-2025"
    with pytest.raises(SourceFault, match="più nomi rispondono a 'i': civici, popolazione-2024"):
        portal_ckan.named(names, "i", ORIGIN)
    with pytest.raises(SourceFault, match="niente che si chiami 'scuole'"):
        portal_ckan.named(names, "scuole", ORIGIN)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>Login</html>", "pagina web"),
        (b'{"success": true, "result": ', "non è JSON o è troncata"),
        (answer([1]), "non è un oggetto JSON"),
        (answer({"success": False, "error": {"message": "Not found"}}), "rifiuta .*: Not found"),
        (answer({"success": True, "result": {"name": "p"}}), "campo result.resources"),
        (answer({"success": True, "result": {"resources": []}}), "il dataset non ha risorse"),
        (answer({"success": True, "result": {"resources": [{"id": "1"}]}}), "risorsa 1: .*"),
    ],
)
def test_refuses_broken_answers_of_ckan(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        portal_ckan.resources(content, ORIGIN)


def results(*titles: str, identifier: str = "ab12-cd34", domain: str = DOMAIN) -> bytes:
    found = [
        {"resource": {"id": identifier, "name": title, "type": "dataset"},
         "metadata": {"domain": domain, "license": "CC0"}}
        for title in titles
    ]  # fmt: skip
    return answer({"results": found, "resultSetSize": len(found)})


def test_socrata_identifiers_are_found_by_title_on_their_portal() -> None:
    table, total = portal_socrata.catalogue(results("COMUNE BERGAMO popolazione 2023"), ORIGIN)
    assert total == 1
    found = portal_socrata.identifier(table, ORIGIN, title="bergamo pop", domain=DOMAIN)
    assert portal_socrata.resource_path(found) == "/resource/ab12-cd34.json"
    with pytest.raises(SourceFault, match="niente che si chiami"):
        portal_socrata.identifier(table, ORIGIN, title="bergamo", domain="altro.it")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (results("A", identifier="../x"), "non è un codice"),
        (answer({"results": [{"resource": 1}], "resultSetSize": 1}), "risorsa o metadati"),
        (answer({"results": []}), "campo resultSetSize"),
        (answer({}), "campo results"),
    ],
)
def test_refuses_broken_catalogues_of_socrata(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        portal_socrata.catalogue(content, ORIGIN)


def test_refuses_two_datasets_of_one_title_and_an_expired_identifier() -> None:
    table, _ = portal_socrata.catalogue(results("A", "A"), ORIGIN)
    with pytest.raises(SourceFault, match="due dataset si chiamano 'A'"):
        portal_socrata.identifier(table, ORIGIN, title="A", domain=DOMAIN)
    with pytest.raises(SourceFault, match="rifiuta la richiesta: Cannot find view"):
        portal_socrata.rows(answer({"error": True, "message": "Cannot find view"}), ORIGIN)
    with pytest.raises(SourceFault, match="non è un elenco di righe"):
        portal_socrata.rows(answer({"rows": []}), ORIGIN)


def test_wfs_layers_come_with_their_titles() -> None:
    table = portal_wfs.layers(CAPABILITIES.encode(), ORIGIN)
    assert table.rows() == [("geo_re:AMBITI", "Ambiti"), ("geo_re:STRADE", None)]
    assert portal_wfs.query_of("geo_re:AMBITI", first=4, size=2)["startIndex"] == "4"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<!DOCTYPE html><html></html>", "tipo di documento"),
        (b"<a/>", "non è un elenco di strati WFS: a"),
        (b"<ExceptionReport><x>No such layer</x></ExceptionReport>", "rifiuta .*: No such layer"),
        (CAPABILITIES.replace("Name>", "N>").encode(), "uno è senza nome"),
        (b"<WFS_Capabilities/>", "non ha strati"),
    ],
)
def test_refuses_broken_capabilities(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        portal_wfs.layers(content, ORIGIN)


@given(count=st.integers(1, 40), size=st.integers(1, 15))
def test_pages_give_every_row_once(count: int, size: int) -> None:
    features = [{"id": number} for number in range(count)]

    def ask(first: int, most: int) -> bytes:
        return answer({"features": features[first : first + most], "numberMatched": count})

    def plain(first: int, most: int) -> bytes:
        return answer(features[first : first + most])

    assert paging.all_rows(ask, portal_wfs.page, ORIGIN, size=size) == features
    assert paging.until_short(plain, portal_socrata.rows, ORIGIN, size=size) == features


@pytest.mark.parametrize(
    ("pages", "rule"),
    [
        ([([], 0)], "nessuna riga"),
        ([([1, 2], 5), ([], 5)], "pagina 2: 2 righe invece di 5"),
        ([([1, 2], 5), ([3, 4], 6)], "pagina 2: il totale è passato da 5 a 6 righe"),
        ([([1, 2], 5), ([1, 2], 5)], "pagina 2: la pagina è uguale a quella di prima"),
        ([([1, 2], 3), ([3, 4], 3)], "pagina 2: 4 righe, più delle 3 dichiarate"),
    ],
)
def test_refuses_pages_that_do_not_add_up(pages: list[tuple[list[int], int]], rule: str) -> None:
    given_pages = iter(pages)

    def ask(first: int, most: int) -> bytes:
        rows, total = next(given_pages)
        return answer({"success": True, "result": {"records": rows, "total": total}})

    with pytest.raises(SourceFault, match=rule):
        paging.all_rows(ask, portal_ckan.page, ORIGIN, size=2)


@pytest.mark.parametrize(
    ("pages", "rule"),
    [
        ([[]], "nessuna riga"),
        ([[1, 2, 3]], "pagina 1: 3 righe, chieste 2"),
        ([[1, 2], [1, 2]], "pagina 2: la pagina è uguale"),
    ],
)
def test_refuses_pages_without_a_total_that_repeat(pages: list[list[int]], rule: str) -> None:
    given_pages = iter(pages)

    def ask(first: int, most: int) -> bytes:
        return answer(next(given_pages))

    with pytest.raises(SourceFault, match=rule):
        paging.until_short(ask, portal_socrata.rows, ORIGIN, size=2)


def test_refuses_pages_that_do_not_say_how_many_rows_there_are() -> None:
    with pytest.raises(SourceFault, match="campo numberMatched"):
        portal_wfs.page(answer({"features": []}), ORIGIN)
    with pytest.raises(SourceFault, match=r"campo result\.total"):
        portal_ckan.page(answer({"success": True, "result": {"records": []}}), ORIGIN)
