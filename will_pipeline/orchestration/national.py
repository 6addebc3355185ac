"""Where the official files of the whole country are and where its tables go, as a resource.

What is made of them is the matter of `will_pipeline.national`.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from will_pipeline.errors import SourceFault
from will_pipeline.national.country import PARTITIONS, National, formulas_of, run_country
from will_pipeline.national.official import COUNTS, REGIONS, files_of
from will_pipeline.national.partitions import Partition, make_partition

regions = dg.StaticPartitionsDefinition(list(REGIONS))


class Country(dg.ConfigurableResource):
    """Folders of the national path.

    Attributes:
        folder: official files of every region.
        output: where the published tables go.
        workshop: where counts and partitions go.
    """

    folder: str
    output: str
    workshop: str

    def region(self, code: str) -> Partition:
        """Make the tables of one region, or find them where they are up to date.

        Raises:
            SourceFault: the files of the region are missing or broken.
        """
        found = {each.code: each for each in files_of(Path(self.folder))}
        if code not in found:
            raise SourceFault(COUNTS, Path(self.folder).name, f"regione {code}", "manca il file")
        return make_partition(found[code], formulas_of().codes, Path(self.workshop) / PARTITIONS)

    def whole(self) -> National:
        """Make the tables of the country from its regions.

        Raises:
            SourceFault: the files of a region are missing or broken.
        """
        return run_country(Path(self.folder), Path(self.output), Path(self.workshop))
