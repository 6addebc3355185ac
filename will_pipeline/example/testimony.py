"""Places and voices of the invented town: texts that somebody made up, and no person said.

What belongs here is words; where a place stands is told as a distance from the centre of its
neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Place:
    """One invented place.

    Attributes:
        neighbourhood: number of the neighbourhood it is near.
        kind: kind, as in the template.
        name: name.
        owner: body that runs it.
        east_km: kilometres east of the centre of the neighbourhood.
        north_km: kilometres north of it.
        surveyed: whether coordinates are known; otherwise only the neighbourhood is.
        verified: day of the last check.
    """

    neighbourhood: int
    kind: str
    name: str
    owner: str
    east_km: float = 0.0
    north_km: float = 0.0
    surveyed: bool = True
    verified: date | None = date(2026, 5, 12)


@dataclass(frozen=True)
class Voice:
    """One invented statement of a table."""

    neighbourhood: int
    theme: str | None
    day: date
    actor: str
    outcome: str
    summary: str
    resource: str | None = None


PLACES = (
    Place(1, "biblioteca", "Biblioteca della piazza vecchia", "Comune", 0.10, 0.05),
    Place(1, "centro_anziani", "Circolo anziani del borgo", "Associazione di zona", -0.15, 0.1),
    Place(1, "scuola", "Scuola primaria del borgo", "Istituto comprensivo uno", 0.2, -0.1),
    Place(2, "centro_giovani", "Spazio giovani degli studi", "Comune", 0.05, 0.12),
    Place(2, "biblioteca", "Sala lettura degli studi", "Ateneo inventato", -0.1, -0.1),
    Place(3, "doposcuola", "Doposcuola delle torri", "Cooperativa sociale", 0.15, 0.05),
    Place(3, "centro_famiglie", "Centro famiglie delle torri", "Comune", -0.12, -0.1),
    Place(3, "scuola", "Scuola media delle torri", "Istituto comprensivo due", 0.05, 0.2),
    Place(4, "sportello_sociale", "Sportello sociale del mercato", "Comune", 0.0, 0.08),
    Place(4, "mensa_emporio", "Emporio solidale del mercato", "Rete di associazioni", 0.12, -0.08),
    Place(5, "scuola", "Scuola primaria del prato", "Istituto comprensivo tre", 0.1, 0.1),
    Place(5, "sport", "Campo sportivo del prato", "Polisportiva", -0.3, 0.1),
    Place(6, "centro_anziani", "Centro diurno dei tigli", "Comune", 0.05, -0.05),
    Place(6, "centro_anziani", "Circolo dei tigli", "Associazione di quartiere", -0.1, 0.15),
    Place(6, "casa_della_comunita", "Casa della comunità dei tigli", "Sanità locale", 0.15, 0.0),
    Place(7, "oratorio", "Oratorio oltre i binari", "Parrocchia", 0.1, 0.1),
    Place(8, "scuola", "Scuola primaria del mulino", "Istituto comprensivo due", -0.1, 0.05),
    Place(8, "centro_famiglie", "Spazio famiglie del mulino", "Comune", 0.1, -0.1),
    Place(9, "cultura", "Sala prove della casa rossa", "Associazione culturale", surveyed=False),
    Place(10, "associazione", "Banca del tempo delle officine", "Associazione", 0.05, 0.05,
          verified=None),
    Place(11, "sport", "Palestra di campagna", "Comune", 0.2, -0.1),
    Place(11, "altro", "Colonia estiva fuori comune", "Comune", 6.0, 5.0),
)  # fmt: skip

VOICES = (
    Voice(3, "giovani", date(2026, 3, 12), "scuola", "conferma",
          "Molti ragazzi smettono di studiare fra i sedici e i diciotto anni.",
          "Doposcuola delle torri"),
    Voice(3, "solitudine", date(2026, 3, 12), "abitanti", "contraddice",
          "Nei palazzi gli anziani si aiutano: chi vive solo ha quasi sempre una vicina."),
    Voice(4, "nuove_generazioni", date(2026, 3, 19), "terzo_settore", "integra",
          "Le famiglie arrivate da poco chiedono corsi di italiano la sera.",
          "Emporio solidale del mercato"),
    Voice(6, "solitudine", date(2026, 4, 2), "sanita", "integra",
          "Il centro diurno segue anche persone che vengono da altri quartieri.",
          "Centro diurno dei tigli"),
    Voice(10, "solitudine", date(2026, 4, 9), "parrocchie", "conferma",
          "In inverno molti anziani non escono: la sera non passa l'autobus."),
    Voice(10, "mobilita", date(2026, 4, 9), "imprese", "propone",
          "Le botteghe possono ospitare tirocini brevi per chi cerca il primo lavoro.",
          "Banca del tempo delle officine"),
    Voice(2, "giovani", date(2026, 4, 16), "comune", "contraddice",
          "Tanti giovani risultano fuori dai servizi perché sono studenti di passaggio."),
    Voice(11, None, date(2026, 4, 23), "abitanti", "propone",
          "Serve un luogo dove trovarsi: la palestra è libera tre pomeriggi.",
          "Palestra di campagna"),
)  # fmt: skip
