"""The same place under the codes of ISTAT, of Eurostat and of years gone by.

What belongs here is which place a code means; the names of the places are with the codes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from will_pipeline.readers.tabular import Origin
from will_pipeline.readers.territory_codes import DIVISIONS, PROVINCES, REGIONS

OTHER = "altro"
_AUTONOMOUS = ("ITD1", "ITD2")
_MUNICIPALITY = re.compile(r"\d{6}", re.ASCII)
# Labour districts, types of municipality, classes of size: territories, but none of ours.
_OTHERS = re.compile(
    r"\d{1,2}|\d{4}_[PF]|T\d+(?:[CN]\d+)?|ATO\d+|SLL_[\d_]+|FILTER__\w+|[NCM]_\w+"
    r"|(?:MET_AR_)?INH[\w-]+|N?PROVCAPM"
    r"|IT\w*_(?:C|NC|C_M|C_P|OTH_TERR)|IT[A-I]\d{4}|IT(?:NI|Z|S|TOT|CDE)\w*",
    re.ASCII,
)
# Eurostat renamed the North-East and the Centre; ISTAT's service never did.
_EUROSTAT_PREFIXES = {"ITH": "ITD", "ITI": "ITE"}
_EUROSTAT_PROVINCES = {"ITC4D": "IT108", "ITI35": "IT109", "ITE35": "IT109", "ITF48": "IT110"}
_PROVINCE_NUMBERS = {"108": "IT108"}
_MUNICIPALITIES = {"015149": "108033"}


@dataclass(frozen=True)
class Place:
    """A territory.

    Attributes:
        code: Six digits of a municipality, ISTAT's SDMX code of anything larger.
        level: `comune`, `provincia`, `regione`, `ripartizione`, or `altro` for a territory that is
            none of these.
    """

    code: str
    level: str


def place(code: str) -> Place | None:
    """Find the place a code means.

    Monza answers to each of its codes: 108033 and 015149 are the municipality, before and after it
    had a province; IT108 (ISTAT), ITC4D (Eurostat) and 108 are the province.

    Args:
        code: Code of a municipality, province, region or larger territory.

    Returns:
        The place under the code ISTAT uses today, or None where no system has that code.

    Source:
        ISTAT, codelist CL_ITTER107; Eurostat, NUTS 2021.
    """
    written = code.strip()
    if _MUNICIPALITY.fullmatch(written):
        return Place(_MUNICIPALITIES.get(written, written), "comune")
    wanted = _EUROSTAT_PROVINCES.get(written) or _PROVINCE_NUMBERS.get(written) or written
    wanted = _EUROSTAT_PREFIXES.get(wanted[:3], wanted[:3]) + wanted[3:]
    if wanted in PROVINCES:
        return Place(wanted, "provincia")
    if wanted in REGIONS or wanted in _AUTONOMOUS:
        return Place(wanted, "regione")
    if wanted in DIVISIONS:
        return Place(wanted, "ripartizione")
    return Place(written, OTHER) if _OTHERS.fullmatch(written) else None


def places(codes: Iterable[str], origin: Origin, *, column: str) -> dict[str, Place]:
    """Find the places of a file's codes, which must be of one system.

    Args:
        codes: Codes of the column, repeated or not.
        origin: Source and file, for the faults.
        column: Name of the column, for the faults.

    Returns:
        The place of each code.

    Raises:
        SourceFault: A code is of no system, or codes of Eurostat stand beside those of ISTAT.
    """
    written = sorted(set(codes))
    found = {code: place(code) for code in written}
    unknown = [code for code, known in found.items() if known is None]
    if unknown:
        raise origin.fault(f"colonna {column}", f"codice di territorio sconosciuto: {unknown[0]}")
    ours = [code for code, known in found.items() if known is not None and known.level != OTHER]
    eurostat = [code for code in ours if code[:3] in _EUROSTAT_PREFIXES]
    istat = [code for code in ours if code[:3] in _EUROSTAT_PREFIXES.values()]
    if eurostat and istat:
        rule = f"due sistemi di codici insieme: {eurostat[0]} e {istat[0]}"
        raise origin.fault(f"colonna {column}", rule)
    return {code: known for code, known in found.items() if known is not None}
