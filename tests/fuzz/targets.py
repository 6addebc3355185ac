"""Every reader as a function of bytes, with good bytes to spoil, and the ways to spoil them.

A target may refuse with the faults of the pipeline and with nothing else.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.faults.archives import declared
from tests.faults.test_containers import GOOD as CONTAINERS
from tests.unit.deliveries.conftest import example_areas
from tests.unit.deliveries.examples import GOOD as DELIVERIES
from tests.unit.deliveries.examples import as_csv, as_workbook, examined
from tests.unit.readers import (
    test_anncsu,
    test_eligendo,
    test_idise,
    test_istat_posas,
    test_istat_sdmx_flows,
    test_parma_anagrafe,
    test_salute_farmacie,
)
from tests.unit.readers import test_istat_sections_2021 as test_sections_2021
from tests.unit.readers import test_istat_territorial_tables as test_territorial
from tests.unit.readers.census_tables import KEYS, zipped
from tests.unit.readers.census_tables import as_csv as as_csv_sections
from tests.unit.readers.census_tables import section as section_row
from tests.unit.readers.test_agid_census import collection, feature
from tests.unit.readers.test_mef_irpef import of_year
from will_pipeline.definitions import PROJECT
from will_pipeline.deliveries.areas import Areas
from will_pipeline.errors import SourceFault
from will_pipeline.readers import portal_ckan, portal_socrata, portal_wfs
from will_pipeline.readers.catalogue import read as read_product
from will_pipeline.readers.census_layouts import codes
from will_pipeline.readers.idise import read_idise
from will_pipeline.readers.istat_sections_2021 import sections as read_2021
from will_pipeline.readers.polygon_files import area_polygons, section_polygons
from will_pipeline.readers.tabular import Origin
from will_pipeline.sources.corrections import Corrections
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.documents import load_document
from will_pipeline.sources.embedding import collect, find_reader
from will_pipeline.sources.intake import inspect
from will_pipeline.sources.safe_xml import XmlFault, tree

OFFICIAL = PROJECT.parent / "shared" / "figures"
REGRESSIONS = Path(__file__).with_name("regressions")
LARGEST = 400_000
REFUSALS = (SourceFault, XmlFault)
TOKENS = (
    b"\0", b'"', b";", b",", b"\t", b"\r", b"\n", b"NaN", b"inf", b"-1", b"1e309", b"9" * 40,
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xef\xbf\xbd", b"<", b"<!DOCTYPE x>", b"{", b"[[[[", b"null",
    b"'; DROP TABLE a; --", b"=1+1", b"../", b"\xd9\xa3", b"1.234,5", b" ", b"--", b"0x10",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A reader of bytes.

    Attributes:
        name: its name.
        read: the reader; what it gives back does not matter.
        samples: good bytes.
    """

    name: str
    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]


def accepts(target: Target, content: bytes) -> bool:
    """Whether a target reads some bytes; anything but a refusal of ours goes through."""
    try:
        target.read(content)
    except REFUSALS:
        return False
    return True


def spoilt(sample: bytes, chance: random.Random) -> bytes:
    """Some bytes with one to four things wrong."""
    content = bytearray(sample)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        end = min(len(content), at + chance.choice((1, 2, 8, 64, 1024)))
        match chance.randrange(6):
            case 0 if at < len(content):
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                del content[at:end]
            case 2:
                content[at:at] = content[at:end]
            case 3:
                content[at:at] = chance.choice(TOKENS)
            case 4:
                content[at:end] = chance.choice(TOKENS)
            case _:
                lines = bytes(content).split(b"\n")
                chance.shuffle(lines) if chance.random() < 0.3 else lines.pop(at % len(lines))
                content = bytearray(b"\n".join(lines))
    return bytes(content)


@cache
def targets() -> dict[str, Target]:
    found = [*_official(), *_products(), *_containers(), *_portals(), *_deliveries(), *_others()]
    return {each.name: each for each in found}


def _official() -> Iterator[Target]:
    """Readers of the embedded sources, each over its own official files."""
    if not OFFICIAL.is_dir():
        return
    for key, source in load_sources(PROJECT / "assets" / "raw").items():
        if source.embedding is None or not source.embedding.files:
            continue
        files = dict(collect(source, OFFICIAL))
        name = min(files, key=lambda each: len(files[each]))
        if sum(map(len, files.values())) <= LARGEST:
            yield Target(f"fonte-{key}", _reading(source, files, name), (files[name],))


def _reading(source: Any, files: Mapping[str, bytes], name: str) -> Callable[[bytes], object]:
    reader, options = find_reader(source), source.embedding.options
    return lambda content: reader({**files, name: content}, **options)


def _products() -> Iterator[Target]:
    """Readers of live products, over the smallest good files that their own tests have."""
    anncsu = test_anncsu.table(*test_anncsu.ROWS)
    posas = test_istat_posas.sheet(*test_istat_posas.rows_of("34027"))
    flow = test_istat_sdmx_flows.answer(*test_istat_sdmx_flows.ROWS)
    areas = "\n".join([test_territorial.HEADER, test_territorial.FIRST, ""])
    section = as_csv_sections([section_row(2011, 1, P1=3)], [*KEYS[2011], *codes(2011)])
    salute = test_salute_farmacie.register(test_salute_farmacie.row(), test_salute_farmacie.BERGAMO)
    parma = test_parma_anagrafe.registry(test_parma_anagrafe.ALONE, test_parma_anagrafe.FAMILY)
    [pharmacies], [persons] = salute.values(), parma.values()
    given: tuple[tuple[str, str, str, bytes, dict[str, Any]], ...] = (
        ("mef_irpef_comuni", "csv", "Redditi_2010.csv", of_year(2010), {}),
        ("agid_censimento_citta", "geojson", "003106.geojson", collection(feature(1)), {}),
        ("anncsu_civici", "csv", test_anncsu.NAME, anncsu, {}),
        ("istat_posas", "csv", test_istat_posas.NAME, posas, {}),
        ("istat_sdmx", "sdmx_csv", "flusso.csv", flow, {"flow": test_istat_sdmx_flows.FLOW}),
        ("istat_asc_2021", "csv_zip", "a.zip",
         zipped({test_territorial.NAME: areas.encode("utf-16")}), {}),
        ("istat_sezioni_2011", "csv_zip", "dati.zip",
         zipped({"R08_indicatori_2011_sezioni.csv": section}), {"cities": ["034027"]}),
        ("salute_farmacie", "json", next(iter(salute)), pharmacies,
         {"municipalities": test_salute_farmacie.TOWNS}),
        ("parma_anagrafe", "csv", next(iter(parma)), persons,
         {"year": 2025, "italian": ["Italia"]}),
        ("eligendo_affluenza", "csv", test_eligendo.EUROPEAN_NAME,
         test_eligendo.EUROPEAN.encode(), {}),
    )  # fmt: skip
    for product, kind, name, sample, options in given:
        yield Target(f"prodotto-{product}", _product(product, kind, name, options), (sample,))


def _product(
    product: str, kind: str, name: str, options: Mapping[str, Any]
) -> Callable[[bytes], object]:
    return lambda content: read_product(
        product, {name: content}, source=product, live_format=kind, **options
    )


def _containers() -> Iterator[Target]:
    for kind, (content, _) in CONTAINERS.items():
        yield Target(f"file-{kind}", _inspecting(kind), (content,))


def _inspecting(kind: str) -> Callable[[bytes], object]:
    live = declared(kind)

    def read(content: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "arrivato"
            path.write_bytes(content)
            return inspect(path, live, source="prova", name="dati")

    return read


def _portals() -> Iterator[Target]:
    origin = Origin("portale", "risposta")
    show = {"success": True, "result": {"name": "a", "resources": [
        {"id": "1", "name": "a", "format": "CSV", "url": "https://a.it/x",
         "last_modified": "2026-01-01"}
    ]}}  # fmt: skip
    catalogue = {"results": [{"resource": {"id": "abcd-1234", "name": "Titolo"},
        "metadata": {"domain": "a.it"}}], "resultSetSize": 1}  # fmt: skip
    capabilities = (
        b'<?xml version="1.0"?><WFS_Capabilities xmlns="http://www.opengis.net/wfs/2.0">'
        b"<FeatureTypeList><FeatureType><Name>a:b</Name><Title>T</Title></FeatureType>"
        b"</FeatureTypeList></WFS_Capabilities>"
    )
    features = {"type": "FeatureCollection", "numberMatched": 1, "numberReturned": 1,
        "features": [{"type": "Feature", "geometry": None, "properties": {"a": 1}}]}  # fmt: skip
    names = {"success": True, "result": ["a", "b"]}
    for name, read, sample in (
        ("portale-ckan-elenco", portal_ckan.datasets, names),
        ("portale-ckan-risorse", portal_ckan.resources, show),
        ("portale-socrata", portal_socrata.catalogue, catalogue),
        ("portale-wfs-pagina", portal_wfs.page, features),
    ):
        yield Target(name, _answered(read, origin), (json.dumps(sample).encode(),))
    yield Target("portale-wfs-strati", _answered(portal_wfs.layers, origin), (capabilities,))


def _answered(read: Callable[[bytes, Origin], object], origin: Origin) -> Callable[..., object]:
    return lambda content: read(content, origin)


def _deliveries() -> Iterator[Target]:
    areas = example_areas()
    for kind, rows in DELIVERIES.items():
        for written in (as_csv, as_workbook):
            files = written(kind, rows)
            name = next(iter(files))
            target = f"consegna-{kind}-{name.rpartition('.')[2]}"
            yield Target(target, _examining(kind, files, name, areas), (files[name],))


def _examining(
    kind: str, files: Mapping[str, bytes], name: str, areas: Areas
) -> Callable[[bytes], object]:
    def read(content: bytes) -> object:
        found = examined({**files, name: content}, kind, areas)
        assert bool(found.problems) != bool(found.tables), "neither rows nor a refusal"
        return found

    return read


def _others() -> Iterator[Target]:
    ring = [[10.0, 44.0], [10.1, 44.0], [10.1, 44.1], [10.0, 44.0]]
    section = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"SEZ21_ID": 340270000001, "PRO_COM": 34027}}  # fmt: skip
    area = {**section, "properties": {"area": "Q01", "nome": "Centro"}}
    for name, read, shown in (
        ("mappa-sezioni", section_polygons, section),
        ("mappa-aree", area_polygons, area),
    ):
        sample = json.dumps({"type": "FeatureCollection", "features": [shown]}).encode()
        yield Target(name, lambda content, read=read: read("a.geojson", content), (sample,))
    table = test_idise.CSV.encode()
    yield Target("idise", lambda content: read_idise({"parma.csv": content}), (table,))
    sections = test_sections_2021.text(
        test_sections_2021.HEADER, test_sections_2021.ROW, test_sections_2021.OTHER
    )
    yield Target("sezioni-2021", lambda content: read_2021({"a.csv": content}), (sections,))
    xml = b'<?xml version="1.0"?><a xmlns="urn:x"><b c="1">t</b></a>'
    yield Target("xml", lambda content: tree(BytesIO(content)), (xml,))
    corrections = (
        b"source: prova\ncorrections:\n  - {key: {a: 1}, column: b, expect: 1, becomes: 2, "
        b"reason: r, reference: x, author: A, expires: 2026-12-31}\n"
    )
    yield Target("correzioni", _loading, (corrections,))


def _loading(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prova.corrections.yaml"
        path.write_bytes(content)
        return load_document(path, "prova", Corrections)
