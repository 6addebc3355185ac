"""The time that sources live by: wall clock, elapsed time and waiting.

What belongs here is what tests replace so that a night passes in a moment.
"""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC: what is written on disk and shared by processes."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds that never go back: what limits are measured with."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Args:
            seconds: How long; nothing happens for zero or less.
        """
        if seconds > 0:
            time.sleep(seconds)

    def moment(self) -> datetime:
        """The instant of `now`, in UTC and to the second."""
        return datetime.fromtimestamp(int(self.now()), tz=UTC)
