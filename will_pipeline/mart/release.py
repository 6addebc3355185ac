"""Making a release: its identity card, its files, and the decision whether it is news.

Same content, same release: when nothing changed, readers keep what they have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from will_pipeline.contracts.catalogue import CONTRACT_VERSION
from will_pipeline.contracts.compatibility import (
    PROMISES_FILE,
    check_compatible,
    promises,
    rendered,
)
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.disclosure_audit import BLOCKING, audit_mart
from will_pipeline.mart.disclosure_page import PAGE, confidentiality_page, names_of
from will_pipeline.mart.exports import altered_files, write_checksums, write_exports, write_files
from will_pipeline.mart.jumps import confirmed, find_jumps, load_bands
from will_pipeline.mart.news import RELEASE, news_rows
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.overrides import Overrides
from will_pipeline.mart.published_counts import read_needed
from will_pipeline.mart.retention import KEPT, prune
from will_pipeline.mart.shelf import Shelf, Statement, write_statement
from will_pipeline.mart.status import release_state, write_shelf_state

ATLAS_FOLDER = "atlante"
INFO_TABLE, NEWS_TABLE = "mart_info", "novita"
CITATION = (
    "will-pipeline, Atlante dei bisogni collettivi, rilascio {release}. "
    "Elaborazioni su dati ISTAT e delle altre fonti elencate in dim_fonte. CC BY 4.0."
)

ROOM = 3
"""Free space a publication wants, in times the size of the release before."""
FINDINGS_NAMED = 3
_MEGABYTE = 1024 * 1024


class NoRoom(RuntimeError):
    """The disk has too little room for a release; the text says in Italian what to do."""

    def __init__(self, *, free: int, wanted: int) -> None:
        super().__init__(
            f"spazio su disco insufficiente: {free // _MEGABYTE} MB liberi, ne servono "
            f"{wanted // _MEGABYTE}. Libera spazio, poi ripeti"
        )


class ReleaseAltered(RuntimeError):
    """A release read back from the disk is not what was written."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(
            f"il rilascio appena scritto non si rilegge uguale: {', '.join(files)}. "
            "Il disco potrebbe essere guasto: niente è stato pubblicato"
        )


class Disclosed(RuntimeError):
    """What a release keeps to itself can be worked out from it; the text names what, in Italian."""

    def __init__(self, told: str) -> None:
        super().__init__(
            f"numeri riservati che si ricaverebbero: {told}. Niente è stato pubblicato"
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
    with shelf.locked():
        shelf.tidy()
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
    *,
    overrides: Overrides | None = None,
    today: date | None = None,
) -> pl.DataFrame:
    """Rows of `novita`: the difference from the release that readers have now.

    Args:
        shelf: the shelf of releases.
        statement: result of `state_release`; where it is the current release, its own news stay.
        tables: published tables of the new release by name.
        contracts: contracts of the tables.
        overrides: what somebody confirmed; jumps are not looked for where none is given.
        today: the day of the run; that of the statement where none is given.

    Raises:
        JumpRefused: a number went beyond its band and nobody confirmed it.
    """
    intact, current = _intact(shelf), shelf.current()
    previous = None if intact is None else _published(shelf, contracts)
    if previous is not None and intact == statement and NEWS_TABLE in previous:
        return previous[NEWS_TABLE]
    told = ""
    if previous is not None and overrides is not None:
        found = find_jumps(tables, previous, contracts, load_bands())
        day = today or datetime.fromisoformat(statement.made_at).date()
        told = confirmed(found, overrides, today=day)
    rows = news_rows(
        tables,
        previous,
        contracts,
        release=statement.release,
        before=None if current is None else current.release,
    )
    about = pl.col("oggetto") == RELEASE
    reason = pl.col("motivo") + pl.lit(f" {told}" if told else "")
    return rows.with_columns(motivo=pl.when(about).then(reason).otherwise("motivo"))


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
    atlas: Callable[[], Mapping[str, bytes]],
    sections: pl.DataFrame | None = None,
    exact: pl.DataFrame | None = None,
    osm_places: pl.DataFrame | None = None,
    now: datetime | None = None,
    keep: int = KEPT,
) -> Publication:
    """Make a release and switch to it, unless readers already have this content.

    What a dead run left is cleared first; old releases that nobody reads leave last.

    Args:
        shelf: the shelf of releases.
        statement: result of `state_release`.
        tables: rows of every published table.
        contracts: contracts of the tables.
        views: contracts of the views.
        atlas: makes the files of the atlas, by relative path; called where the content is new.
        sections: rows of `core.section`, for maps; no number of theirs is published.
        exact: rows of `core.census_2011`, for the attack alone; see `audit_mart`.
        osm_places: rows of `raw.osm_presidi`, for files of their own.
        now: time of the run, with its time zone; that of the statement where none is given.
        keep: how many of the newest releases stay.

    Returns:
        What readers see now.

    Raises:
        ContractBroken: the contract takes back what that of the current release promised, without
            a new MAJOR version.
        PublicationRefused: the content breaks a contract; readers keep what they have.
        ReleaseAltered: the finished files do not read back as they were written.
        Disclosed: numbers that the release withholds could be worked out from it.
        NoRoom: the disk is nearly full.
        ShelfBusy: another publication is at work.
    """
    told = promises(contracts.values(), views.values(), statement.contract)
    keeps_promises(shelf, told)
    with shelf.locked():
        shelf.tidy()
        current = _intact(shelf)
        same = current is not None and current.fingerprint == statement.fingerprint
        if not same:
            _has_room(shelf)
            page = _confidential(shelf, statement, tables, current, exact)
            made = shelf.workshop / statement.release
            made.mkdir()
            write_database(made / DATABASE_FILE, tables, contracts, views)
            write_exports(
                made,
                tables,
                contracts=contracts,
                views=views,
                sections=sections,
                osm_places=osm_places,
            )
            write_files(made / ATLAS_FOLDER, atlas())
            write_files(made, {PROMISES_FILE: rendered(told), PAGE: page})
            write_statement(made, statement, release_state(tables))
            write_checksums(made)
            _reads_back(made)
            shelf.publish(made, statement)
        prune(shelf, keep=keep)
        write_shelf_state(
            shelf, is_new=not same, now=now or datetime.fromisoformat(statement.made_at)
        )
    published = current if same and current is not None else statement
    return Publication(published.release, is_new=not same)


def keeps_promises(shelf: Shelf, told: Mapping[str, object]) -> None:
    """Check a contract against that of the release that readers have.

    Args:
        shelf: the shelf of releases.
        told: promises of the contract to publish under.

    Raises:
        ContractBroken: a promise is taken back without a new MAJOR version.
    """
    # A damaged release is published again whatever it said.
    if _intact(shelf) is None or not (shelf.latest / PROMISES_FILE).is_file():
        return
    check_compatible(json.loads((shelf.latest / PROMISES_FILE).read_text("utf-8")), told)


def _confidential(
    shelf: Shelf,
    statement: Statement,
    tables: Mapping[str, pl.DataFrame],
    current: Statement | None,
    exact: pl.DataFrame | None,
) -> bytes:
    """The page on confidentiality, after an attack on the tables and on what readers have now."""
    earlier = None
    # A release of another MAJOR contract names its columns otherwise.
    if current is not None and _major(current) == _major(statement):
        with open_mart(shelf.latest) as mart:
            earlier = read_needed(mart)
    audit = audit_mart(tables, earlier, exact=exact)
    given_back = [each for each in audit.findings if each.kind in BLOCKING]
    if given_back:
        raise Disclosed(names_of(given_back, FINDINGS_NAMED))
    return confidentiality_page(tables, audit)


def _major(statement: Statement) -> str:
    return statement.contract.partition(".")[0]


def _has_room(shelf: Shelf) -> None:
    files = shelf.latest.resolve().rglob("*")
    wanted = ROOM * sum(file.stat().st_size for file in files if file.is_file())
    free = shutil.disk_usage(shelf.folder).free
    if free < wanted:
        raise NoRoom(free=free, wanted=wanted)


def _reads_back(made: Path) -> None:
    altered = altered_files(made)
    if altered:
        raise ReleaseAltered(altered)
    open_mart(made).close()


def _intact(shelf: Shelf) -> Statement | None:
    """Statement of the current release, none where a file of it was lost or altered."""
    current = shelf.current()
    return None if current is None or altered_files(shelf.latest) else current
