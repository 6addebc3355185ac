"""The invented towns: which neighbourhoods they have and what life is like there.

Every number here was made up for the example; what follows from it is made in the other modules.
"""

from __future__ import annotations

from dataclasses import dataclass

SEED = 20_261_125
"""Seed of everything that is drawn for the example."""


@dataclass(frozen=True)
class Neighbourhood:
    """One invented neighbourhood.

    Attributes:
        code: number within the town.
        name: invented name.
        ace: census area it lies in; 0 is the ring around the town.
        residents: persons at the census.
        x: kilometres east of the centre of the town.
        y: kilometres north of the centre.
        young: how many times the usual share of persons aged 19-29.
        old: how many times the usual share of persons aged 65 and over.
        foreign: share of foreign residents.
        hardship: how hard it is to study and find work; 0 is usual, 1 is hard.
        alone: how many times the usual chance of living alone.
        rent: share of households that rent.
        storeys: how tall the houses are: 0 mostly cottages, 1 mostly blocks of flats.
    """

    code: int
    name: str
    ace: int
    residents: int
    x: float
    y: float
    young: float = 1.0
    old: float = 1.0
    foreign: float = 0.08
    hardship: float = 0.0
    alone: float = 1.0
    rent: float = 0.2
    storeys: float = 0.5


@dataclass(frozen=True)
class Town:
    """One invented town.

    Attributes:
        slug: name of its file and folder.
        pro_com: invented code, outside those that ISTAT gives.
        name: invented name.
        neighbourhoods: its neighbourhoods, by code.
        drawn: whether it has boundaries; without them the atlas draws tiles.
    """

    slug: str
    pro_com: str
    name: str
    neighbourhoods: tuple[Neighbourhood, ...]
    drawn: bool = False

    def area_id(self, neighbourhood: Neighbourhood) -> str:
        """Identifier of a neighbourhood in every table."""
        return f"{self.pro_com}.Q{neighbourhood.code:02d}"


BORGO = Town(
    slug="borgo_inventato",
    pro_com="999001",
    name="Borgo Inventato",
    drawn=True,
    neighbourhoods=(
        Neighbourhood(
            1, "Borgo Vecchio", 1, 6_200, 0.0, 0.0, old=1.5, alone=1.5, rent=0.34, storeys=0.7
        ),
        Neighbourhood(
            2, "Rione degli Studi", 1, 7_400, 0.7, 0.9, young=2.6, old=0.7, foreign=0.11,
            hardship=-0.6, alone=1.3, rent=0.5, storeys=0.8,
        ),
        Neighbourhood(
            3, "Le Torri", 2, 8_300, 2.3, -0.9, young=1.1, foreign=0.13, hardship=1.3, rent=0.58,
            storeys=1.0,
        ),
        Neighbourhood(
            4, "Porta Mercato", 2, 9_100, 1.2, -0.6, young=1.25, old=0.7, foreign=0.31,
            hardship=0.7, rent=0.45, storeys=0.9,
        ),
        Neighbourhood(
            5, "Prato Lungo", 3, 7_800, -1.6, 1.2, old=0.9, foreign=0.04, hardship=-0.7, alone=0.8,
            rent=0.1, storeys=0.2,
        ),
        Neighbourhood(
            6, "Viale dei Tigli", 3, 6_400, -1.0, 0.2, old=1.7, foreign=0.05, hardship=-0.2,
            alone=1.2, rent=0.15, storeys=0.5,
        ),
        Neighbourhood(
            7, "Oltre i Binari", 4, 7_200, 0.4, -1.5, young=1.1, foreign=0.17, hardship=0.4,
            alone=1.2, rent=0.33, storeys=0.8,
        ),
        Neighbourhood(
            8, "Mulino Nuovo", 4, 8_600, -0.7, -1.2, young=0.9, old=0.5, foreign=0.09,
            hardship=-0.3, alone=0.8, rent=0.17, storeys=0.4,
        ),
        Neighbourhood(
            9, "Casa Rossa", 5, 5_200, 1.9, 0.8, old=1.1, foreign=0.07, hardship=0.1, storeys=0.3
        ),
        Neighbourhood(
            10, "Le Officine", 5, 6_900, 2.9, 0.4, old=1.2, foreign=0.14, hardship=0.9, rent=0.3,
            storeys=0.6,
        ),
        Neighbourhood(
            11, "Campagna di Sopra", 0, 2_900, -0.3, 2.4, young=0.8, old=1.3, foreign=0.05,
            rent=0.08, storeys=0.0,
        ),
        Neighbourhood(
            12, "Punta Minuta", 0, 180, 1.6, 2.2, young=0.7, old=1.4, foreign=0.03, rent=0.1,
            storeys=0.0,
        ),
    ),
)  # fmt: skip

PORTO = Town(
    slug="porto_inventato",
    pro_com="999002",
    name="Porto Inventato",
    neighbourhoods=(
        Neighbourhood(1, "Molo", 1, 4_800, 0.0, 0.0, old=1.3, alone=1.4, rent=0.3, storeys=0.7),
        Neighbourhood(
            2, "Arsenale", 1, 6_100, 0.6, 0.5, young=1.2, foreign=0.19, hardship=0.8, rent=0.4,
            storeys=0.8,
        ),
        Neighbourhood(
            3, "Scoglio Lungo", 2, 5_700, -0.8, 0.4, foreign=0.05, hardship=-0.5, storeys=0.3
        ),
        Neighbourhood(
            4, "Case Popolari del Faro", 2, 4_300, 0.9, -0.7, foreign=0.12, hardship=1.2,
            rent=0.55, storeys=1.0,
        ),
        Neighbourhood(
            5, "Collina", 3, 7_200, -0.6, 1.3, old=1.5, foreign=0.06, alone=1.1, rent=0.12,
            storeys=0.2,
        ),
    ),
)  # fmt: skip

TOWNS = (BORGO, PORTO)
