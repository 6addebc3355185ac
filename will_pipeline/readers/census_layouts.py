"""Codes of the variables that ISTAT publishes by census section, one list a vintage.

What belongs here is which codes a file of each census must have; what they count in words comes
with the record layouts.
"""

import re

_WRITTEN = {
    2011: ("P1-P62 P64-P66 P128-P132 P135-P140 ST1-ST15 A2-A3 A5-A7 A44 A46-A48 PF1-PF9 E1-E31"),
    2021: ("P1-P3 P14-P45 P67-P103 IT1-IT12 ST1-ST2 ST2_B ST3-ST5 ST16-ST33 PF1 PF3-PF8 A2"),
    2023: (
        "P1-P3 P14-P45 P67-P103 IT1-IT12 ST1-ST2 ST2_B ST3-ST5 ST16-ST33 PF1 PF3-PF9 "
        "A2-A3 A5 A8 EM1-EM6 NA1"
    ),
}
_RUN = re.compile(r"([A-Z]+)(\d+)-\1(\d+)")
VINTAGES = tuple(_WRITTEN)


def codes(vintage: int) -> tuple[str, ...]:
    """List the variables that a file by section of a vintage has.

    Args:
        vintage: One of `VINTAGES`.

    Returns:
        The codes, in the order of the official layout (2023: that of 2021, then the new ones).

    Raises:
        KeyError: No layout of that vintage is known.

    Source:
        ISTAT, tracciati record of the census sections, 2011 and 2021; AgID, list of the variables
        of 2023.
    """
    found: list[str] = []
    for part in _WRITTEN[vintage].split():
        run = _RUN.fullmatch(part)
        if run:
            found += [f"{run[1]}{number}" for number in range(int(run[2]), int(run[3]) + 1)]
        else:
            found.append(part)
    return tuple(found)
