"""An upload in the hands of the job that judges it."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cases.imaging.discs import CleanIndex
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared
from cases.imaging.regions import CleanRegions
from cases.models import Upload
from cases.services.cleaning import ARCHIVES, Cleaned


@dataclass
class Opened:
    """An upload that is being judged; of an archive, its members."""

    upload: Upload
    path: Path
    kind: str = ""
    members: tuple[Path, ...] = ()
    waiting: deque[int] = field(default_factory=deque)
    found: dict[int, Cleaned] = field(default_factory=dict)
    refused: Refused | None = None

    @property
    def pk(self) -> int:
        return self.upload.pk

    @property
    def is_archive(self) -> bool:
        return self.kind in ARCHIVES

    @property
    def done(self) -> bool:
        return self.refused is not None or 0 < len(self.found) == max(len(self.members), 1)

    @property
    def sent(self) -> datetime:
        """When it was sent, or the first file of its batch."""
        return self.upload.batch.created_at if self.upload.batch is not None else self.upload.created_at

    def good(self) -> list[tuple[Cleaned, Prepared]]:
        """What can be taken, in the order of the members; nothing of an archive that is at fault itself."""
        if self.refused is not None:
            return []
        cleaned = [self.found[member] for member in sorted(self.found)]
        return [(one, one.found) for one in cleaned if isinstance(one.found, Prepared)]

    def regions(self) -> list[tuple[Cleaned, CleanRegions]]:
        """Regions to be laid onto images, in the order of the members."""
        if self.refused is not None:
            return []
        cleaned = [self.found[member] for member in sorted(self.found)]
        return [(one, one.found) for one in cleaned if isinstance(one.found, CleanRegions)]

    def indexes(self) -> list[tuple[Cleaned, CleanIndex]]:
        """Indexes of discs, in the order of the members."""
        if self.refused is not None:
            return []
        cleaned = [self.found[member] for member in sorted(self.found)]
        return [(one, one.found) for one in cleaned if isinstance(one.found, CleanIndex)]

    @property
    def waits_for_images(self) -> bool:
        """Whether what is said of it depends on what else was sent."""
        return bool(self.regions() or self.indexes()) and not self.is_archive

    def bad(self) -> list[tuple[int, Refused]]:
        """Number of the member, from 1 (0 is the whole), and why it is refused."""
        if self.refused is not None:
            return [(0, self.refused)]
        cleaned = [self.found[member] for member in sorted(self.found)]
        return [(self.number(one), one.found) for one in cleaned if isinstance(one.found, Refused)]

    def number(self, cleaned: Cleaned) -> int:
        """Number of a member for people, from 1; 0 when there is but one."""
        return cleaned.member + 1 if self.is_archive else 0

    def drafts(self) -> list[int]:
        return [one.number for one in self.found.values()]
