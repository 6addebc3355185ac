"""The catalogue record of a release: DCAT-AP_IT, for national and European data portals.

One dataset for each table that has a file of its own, one distribution for each file; every title
and licence comes from contracts and tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, OWL, RDF, XSD

from will_pipeline.yaml_text import parse_yaml

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DCATAPIT = Namespace("http://dati.gov.it/onto/dcatapit#")
EU = "http://publications.europa.eu/resource/authority/"
ITALIAN = URIRef(f"{EU}language/ITA")
ENGLISH = URIRef(f"{EU}language/ENG")
ITALY = URIRef(f"{EU}country/ITA")
IRREGULAR = URIRef(f"{EU}frequency/IRREG")
"""A release appears when its content changed, and not on a date."""
POPULATION_AND_SOCIETY = URIRef(f"{EU}data-theme/SOCI")
THEMES = URIRef(f"{EU}data-theme")
ATTRIBUTION = URIRef("http://purl.org/adms/licencetype/Attribution")
FORMATS: Mapping[str, str] = {
    ".csv": "CSV",
    ".xlsx": "XLSX",
    ".ods": "ODS",
    ".parquet": "PARQUET",
    ".gpkg": "GPKG",
    ".duckdb": "BIN",
    ".pmtiles": "BIN",
}
"""Code of the EU file-type list for every ending; a DuckDB file has none of its own there."""
TURTLE_FILE, XML_FILE = "dcat.ttl", "dcat.rdf"
KEYWORDS = ("welfare", "bisogni sociali", "quartieri", "statistica")
PROVISIONAL = "example.org"
IDENTITY = Path(__file__).parent / "identity.yaml"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RightsHolder(_Closed):
    """Who holds the rights: IPA code (administrations) or VAT number, and official name."""

    identifier: str = Field(min_length=1)
    name: str = Field(min_length=1)


class Contact(_Closed):
    """Whom to write to."""

    name: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class Identity(_Closed):
    """Who publishes, and where."""

    rights_holder: RightsHolder
    contact: Contact
    address: str = Field(pattern=r"^https?://.+/$")

    @property
    def is_provisional(self) -> bool:
        """Whether nobody has put the true values yet."""
        return PROVISIONAL in self.address or self.contact.email.endswith(PROVISIONAL)


@dataclass(frozen=True)
class Entry:
    """One dataset of the catalogue: its name, what it is, and its files."""

    name: str
    title: str
    description: str
    files: Sequence[Path]


def load_identity(path: Path = IDENTITY) -> Identity:
    """Read who publishes.

    Raises:
        ValidationError: a field is missing or malformed.
    """
    return Identity.model_validate(parse_yaml(path.read_text("utf-8")))


def catalogue_graph(entries: Sequence[Entry], info: Mapping[str, str], identity: Identity) -> Graph:
    """The catalogue as RDF, without anonymous nodes.

    Args:
        entries: the datasets of the release.
        info: values of `mart_info` by key.
        identity: who publishes, and where.

    Source:
        AgID, Linee guida per i cataloghi dati, profile DCAT-AP_IT (2020): classes, properties and
        their obligation; Publications Office of the EU, authority tables.
    """
    graph = Graph()
    for prefix, space in (
        ("dcat", DCAT), ("dcatapit", DCATAPIT), ("dct", DCTERMS), ("foaf", FOAF), ("vcard", VCARD),
        ("owl", OWL),
    ):  # fmt: skip
        graph.bind(prefix, space)
    base = Namespace(identity.address)
    made = Literal(datetime.fromisoformat(info["fatto_il"]).date())
    holder, contact, licence = base["titolare"], base["contatto"], URIRef(info["licenza_uri"])
    _agent(graph, holder, identity.rights_holder)
    _contact(graph, contact, identity.contact)
    _licence(graph, licence, info["licenza"])
    catalogue = base["catalogo"]
    _state(
        graph,
        catalogue,
        (RDF.type, DCATAPIT.Catalog),
        (RDF.type, DCAT.Catalog),
        (DCTERMS.title, _italian("Atlante dei bisogni collettivi: catalogo dei dati")),
        (
            DCTERMS.description,
            _italian("I dati pubblicati da will-pipeline sui bisogni che non arrivano allo "
                     "sportello, per area di alcune città italiane."),
        ),
        (DCTERMS.publisher, holder),
        (DCTERMS.modified, made),
        (DCTERMS.language, ITALIAN),
        (DCAT.themeTaxonomy, THEMES),
        (FOAF.homepage, URIRef(identity.address)),
    )  # fmt: skip
    for entry in entries:
        dataset = base[f"dataset/{entry.name}"]
        graph.add((catalogue, DCAT.dataset, dataset))
        _dataset(graph, dataset, entry, info, made=made)
        _state(
            graph,
            dataset,
            (DCTERMS.rightsHolder, holder),
            (DCTERMS.publisher, holder),
            (DCAT.contactPoint, contact),
            (DCAT.landingPage, URIRef(f"{identity.address}latest/atlante/index.html")),
        )
        for file in entry.files:
            distribution = base[f"distribuzione/{file.name}"]
            graph.add((dataset, DCAT.distribution, distribution))
            address = URIRef(f"{identity.address}latest/{file.name}")
            _distribution(graph, distribution, file, address, licence, made=made)
    return graph


def turtle(graph: Graph) -> bytes:
    """The graph as Turtle, the same bytes for the same graph."""
    return graph.serialize(format="turtle", encoding="utf-8")


def rdf_xml(graph: Graph) -> bytes:
    """The graph as RDF/XML, which catalogues harvest: the same bytes for the same graph."""
    # This store gives triples back in the order in which they came; the usual one does not.
    ordered = Graph(store="SimpleMemory")
    for prefix, space in graph.namespaces():
        ordered.bind(prefix, space)
    for triple in sorted(graph):
        ordered.add(triple)
    return ordered.serialize(format="xml", encoding="utf-8")


def _agent(graph: Graph, node: URIRef, holder: RightsHolder) -> None:
    _state(
        graph,
        node,
        (RDF.type, DCATAPIT.Agent),
        (RDF.type, FOAF.Agent),
        (DCTERMS.identifier, Literal(holder.identifier)),
        (FOAF.name, _italian(holder.name)),
    )


def _contact(graph: Graph, node: URIRef, contact: Contact) -> None:
    _state(
        graph,
        node,
        (RDF.type, DCATAPIT.Organization),
        (RDF.type, VCARD.Kind),
        (RDF.type, VCARD.Organization),
        (VCARD.fn, _italian(contact.name)),
        (VCARD.hasEmail, URIRef(f"mailto:{contact.email}")),
    )


def _licence(graph: Graph, node: URIRef, name: str) -> None:
    _state(
        graph,
        node,
        (RDF.type, DCATAPIT.LicenseDocument),
        (RDF.type, DCTERMS.LicenseDocument),
        (DCTERMS.type, ATTRIBUTION),
        (FOAF.name, Literal(name)),
    )


def _dataset(
    graph: Graph, node: URIRef, entry: Entry, info: Mapping[str, str], *, made: Literal
) -> None:
    _state(
        graph,
        node,
        (RDF.type, DCATAPIT.Dataset),
        (RDF.type, DCAT.Dataset),
        (DCTERMS.identifier, Literal(f"will-{entry.name}")),
        (DCTERMS.title, _italian(entry.title)),
        (DCTERMS.description, _italian(entry.description)),
        (DCTERMS.modified, made),
        (DCTERMS.issued, made),
        (DCTERMS.accrualPeriodicity, IRREGULAR),
        (DCTERMS.language, ITALIAN),
        (DCTERMS.spatial, ITALY),
        (DCAT.theme, POPULATION_AND_SOCIETY),
        (OWL.versionInfo, Literal(info["rilascio"])),
        *((DCAT.keyword, _italian(word)) for word in KEYWORDS),
    )


def _distribution(
    graph: Graph, node: URIRef, file: Path, address: URIRef, licence: URIRef, *, made: Literal
) -> None:
    code = URIRef(f"{EU}file-type/{FORMATS[file.suffix]}")
    _state(
        graph,
        node,
        (RDF.type, DCATAPIT.Distribution),
        (RDF.type, DCAT.Distribution),
        (DCTERMS.title, _italian(file.name)),
        (DCTERMS.format, code),
        (DCTERMS.license, licence),
        (DCTERMS.modified, made),
        (DCAT.accessURL, address),
        (DCAT.downloadURL, address),
        (DCAT.byteSize, Literal(f"{file.stat().st_size}.0", datatype=XSD.decimal)),
    )


def _state(graph: Graph, node: URIRef, *said: tuple[URIRef, URIRef | Literal]) -> None:
    for verb, thing in said:
        graph.add((node, verb, thing))


def _italian(text: str) -> Literal:
    return Literal(text, lang="it")
