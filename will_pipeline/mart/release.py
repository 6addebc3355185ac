"""Making a release: its identity card, its files, and the decision whether it is news.

Same content, same release: when nothing changed, readers keep what they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import polars as pl

from will_pipeline.contracts.catalogue import CONTRACT_VERSION
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.exports import altered_files, write_checksums, write_exports, write_files
from will_pipeline.mart.news import news_rows
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.shelf import Shelf, Statement, write_statement

ATLAS_FOLDER = "atlante"
INFO_TABLE, NEWS_TABLE = "mart_info", "novita"
CITATION = (
    "will-pipeline, Atlante dei bisogni collettivi, rilascio {release}. "
    "Elaborazioni su dati ISTAT e delle altre fonti elencate in dim_fonte. CC BY 4.0."
)


@dataclass(frozen=True)
class Publication:
    """Outcome of a run: the release that readers see, and whether it is new."""

    release: str
    is_new: bool

    @property
    def message(self) -> str:
        """One Italian sentence for people."""
        if self.is_new:
            return f"Pubblicato il rilascio {self.release}."
        return f"Nessuna novità: resta il rilascio {self.release}."


def state_release(shelf: Shelf, fingerprint: str, now: datetime) -> Statement:
    """Statement of the release that this content belongs to.

    Args:
        shelf: the shelf of releases.
        fingerprint: fingerprint of the content.
        now: time of the run, with its time zone.

    Returns:
        The statement of the current release where the content is the same, else a new one.
    """
    current = _intact(shelf)
    if current is not None and current.fingerprint == fingerprint:
        return current
    return Statement(
        release=shelf.next_number(now.date()),
        fingerprint=fingerprint,
        made_at=now.isoformat(timespec="seconds"),
        contract=CONTRACT_VERSION,
    )


def info_rows(
    statement: Statement, *, seed: int, draws: int, notice: tuple[str, str] | None = None
) -> pl.DataFrame:
    """Rows of `mart_info`.

    Args:
        statement: statement of the release.
        seed: seed of the simulations.
        draws: number of simulations.
        notice: what every reader must see first, in Italian and in English; it takes the place of
            the citation.
    """
    warning = {} if notice is None else _noticed(*notice)
    rows = {
        "rilascio": (statement.release, "Numero del rilascio: anno, mese, progressivo"),
        "contratto": (statement.contract, "Versione del contratto delle tabelle"),
        "fatto_il": (statement.made_at, "Quando è stato prodotto"),
        "impronta": (statement.fingerprint, "Impronta del contenuto (sha256)"),
        "versione_codice": (version("will-pipeline"), "Versione del programma"),
        "seme": (str(seed), "Seme delle simulazioni"),
        "simulazioni": (str(draws), "Numero di simulazioni per intervallo"),
        "licenza": ("CC BY 4.0", "Licenza dei dati pubblicati, salvo quanto detto in dim_fonte"),
        "licenza_uri": ("https://creativecommons.org/licenses/by/4.0/", "Testo della licenza"),
        "contatto": (
            "registro delle segnalazioni del progetto will-pipeline",
            "Dove segnalare un errore",
        ),
        "citazione": (CITATION.format(release=statement.release), "Come citare"),
        **warning,
    }
    return pl.DataFrame(
        [
            {"chiave": key, "valore": value, "descrizione": says}
            for key, (value, says) in rows.items()
        ]
    )


def _noticed(italian: str, english: str) -> dict[str, tuple[str, str]]:
    return {
        "avviso": (italian, "Che cosa sapere prima di leggere i numeri"),
        "avviso_en": (english, "Lo stesso avviso, in inglese"),
        "citazione": (italian, "Come citare"),
    }


def stated_in(info: pl.DataFrame) -> Statement:
    """Read the statement of a release back from the rows of `mart_info`."""
    said = dict(info.select("chiave", "valore").iter_rows())
    return Statement(
        release=said["rilascio"],
        fingerprint=said["impronta"],
        made_at=said["fatto_il"],
        contract=said["contratto"],
    )


def release_news(
    shelf: Shelf,
    statement: Statement,
    tables: Mapping[str, pl.DataFrame],
    contracts: Mapping[str, TableContract],
) -> pl.DataFrame:
    """Rows of `novita`: the difference from the release that readers have now.

    Args:
        shelf: the shelf of releases.
        statement: result of `state_release`; where it is the current release, its own news stay.
        tables: published tables of the new release by name.
        contracts: contracts of the tables.
    """
    intact, current = _intact(shelf), shelf.current()
    previous = None if intact is None else _published(shelf, contracts)
    if previous is not None and intact == statement and NEWS_TABLE in previous:
        return previous[NEWS_TABLE]
    return news_rows(
        tables,
        previous,
        contracts,
        release=statement.release,
        before=None if current is None else current.release,
    )


def _published(shelf: Shelf, contracts: Mapping[str, TableContract]) -> dict[str, pl.DataFrame]:
    with open_mart(shelf.latest) as mart:
        there = set(mart.sql("SELECT table_name FROM duckdb_tables()").pl()["table_name"])
        return {
            name: mart.sql(f'SELECT * FROM main."{name}"').pl()
            for name in contracts
            if name in there
        }


def publish(
    shelf: Shelf,
    statement: Statement,
    tables: Mapping[str, pl.DataFrame],
    *,
    contracts: Mapping[str, TableContract],
    views: Mapping[str, ViewContract],
    atlas: Mapping[str, bytes],
) -> Publication:
    """Make a release and switch to it, unless readers already have this content.

    Args:
        shelf: the shelf of releases.
        statement: result of `state_release`.
        tables: rows of every published table.
        contracts: contracts of the tables.
        views: contracts of the views.
        atlas: files of the atlas by relative path.

    Returns:
        What readers see now.

    Raises:
        PublicationRefused: the content breaks a contract; readers keep what they have.
    """
    current = _intact(shelf)
    if current is not None and current.fingerprint == statement.fingerprint:
        return Publication(current.release, is_new=False)
    made = shelf.clear_workshop() / statement.release
    made.mkdir()
    write_database(made / DATABASE_FILE, tables, contracts, views)
    write_exports(made, tables, contracts=contracts, views=views)
    write_files(made / ATLAS_FOLDER, atlas)
    write_statement(made, statement)
    write_checksums(made)
    shelf.publish(made, statement)
    return Publication(statement.release, is_new=True)


def _intact(shelf: Shelf) -> Statement | None:
    """Statement of the current release, none where a file of it was lost or altered."""
    current = shelf.current()
    return None if current is None or altered_files(shelf.latest) else current
