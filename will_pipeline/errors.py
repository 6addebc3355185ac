"""Faults that the data team has to read: bad files, bad figures, bad descriptors.

What belongs here is an exception that crosses rooms of the house and whose text is shown to people.
"""


class SourceFault(Exception):
    """A source does not say what its descriptor promises.

    The text is one Italian line: `<source>, file <file>, <where>: <rule>`.

    Attributes:
        source: Key of the source, or the name of the producer's product.
        file: Name of the file at fault.
        where: Row, column or field at fault; empty when the whole file is.
        rule: The rule that was broken, in Italian.
    """

    def __init__(self, source: str, file: str, where: str, rule: str) -> None:
        """Keep the four parts and compose the Italian line.

        Args:
            source: Key of the source, or the name of the producer's product.
            file: Name of the file at fault.
            where: Row, column or field at fault; empty when the whole file is.
            rule: The rule that was broken, in Italian.
        """
        super().__init__(source, file, where, rule)
        self.source = source
        self.file = file
        self.where = where
        self.rule = rule

    def __str__(self) -> str:
        """Return the Italian line shown to the data team."""
        place = f", {self.where}" if self.where else ""
        return f"{self.source}, file {self.file}{place}: {self.rule}"
