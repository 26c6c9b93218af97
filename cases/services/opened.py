"""An upload in the hands of the job that judges it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cases.imaging.discs import CleanIndex
from cases.imaging.errors import Refused
from cases.imaging.prepare import Prepared
from cases.imaging.regions import CleanRegions
from cases.models import Upload
from cases.services.cleaning import ARCHIVES, Cleaned
from cases.services.tallies import Tally


@dataclass(eq=False)
class Opened:
    """An upload that is being judged; of an archive, its members.

    Attributes
    ----------
    waiting : deque of int
        Members that are not handed out yet.
    unread : set of int
        Members without an answer, as far as they may be images.
    found : dict of int to Cleaned
        Images and refusals that are to be written.
    aside : dict of int to Cleaned
        Regions and indexes: what is said of them depends on the images.
    tally : Tally
        What is written.
    stepped : bool
        A step of it was written in this run of the job.
    """

    upload: Upload
    path: Path
    kind: str = ""
    members: tuple[Path, ...] = ()
    waiting: deque[int] = field(default_factory=deque)
    unread: set[int] = field(default_factory=lambda: {0})
    found: dict[int, Cleaned] = field(default_factory=dict)
    aside: dict[int, Cleaned] = field(default_factory=dict)
    refused: Refused | None = None
    tally: Tally = field(init=False)
    stepped: bool = False

    def __post_init__(self) -> None:
        self.tally = Tally.from_json(self.upload.so_far)

    @property
    def pk(self) -> int:
        return self.upload.pk

    @property
    def is_archive(self) -> bool:
        return self.kind in ARCHIVES

    @property
    def sent(self) -> datetime:
        """When it was sent, or the first file of its batch."""
        return self.upload.sent

    def unpacked(self, paths: tuple[Path, ...]) -> None:
        """Its members lie there; those that are written already need not be cleaned again."""
        self.members = paths
        left = set(range(len(paths))) - self.tally.members
        self.unread = left - self.tally.late
        # Regions come last: they are laid onto images.
        self.waiting.extend([*sorted(self.unread), *sorted(left & self.tally.late)])

    def answered(self, cleaned: Cleaned) -> None:
        """One member is cleaned."""
        self.unread.discard(cleaned.member)
        self.tally.late.discard(cleaned.member)
        if isinstance(cleaned.found, (CleanRegions, CleanIndex)):
            self.aside[cleaned.member] = cleaned
            self.tally.late.add(cleaned.member)
        else:
            self.found[cleaned.member] = cleaned

    @property
    def images_are_written(self) -> bool:
        """Whether what lies aside may be laid onto the images."""
        return not self.unread and not self.found

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to be written."""
        if self.refused is not None:
            return True
        # How many members an archive has is known when it is unpacked, also when some were written before.
        count = len(self.members) if self.is_archive else 1
        return len(self.tally.members) == count > 0

    def good(self) -> list[tuple[Cleaned, Prepared]]:
        """What can be taken, in the order of the members."""
        return [(one, one.found) for one in self._in_order() if isinstance(one.found, Prepared)]

    def bad(self) -> list[tuple[int, Refused]]:
        """Number of the member, from 1 (0 is the whole), and why it is refused."""
        whole = [(0, self.refused)] if self.refused is not None else []
        members = [
            (self.number(one), one.found) for one in self._in_order() if isinstance(one.found, Refused)
        ]
        return whole + members

    def _in_order(self) -> list[Cleaned]:
        return [self.found[member] for member in sorted(self.found)]

    def number(self, cleaned: Cleaned) -> int:
        """Number of a member for people, from 1; 0 when there is but one."""
        return cleaned.member + 1 if self.is_archive else 0

    def written(self, members: Iterable[int]) -> None:
        """These are in rows now."""
        done = set(members)
        self.tally.members |= done
        self.tally.late -= done

    def drafts(self) -> list[int]:
        """Numbers of the drafts that are not written."""
        return [one.number for one in self.found.values()]
