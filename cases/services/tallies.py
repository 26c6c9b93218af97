"""What became of the members of an upload that were written by now, kept in its row from step to step.

An archive of thousands is written while it is being cleaned. Stopped in the middle, by a turn that is given
up or a worker that is killed, it goes on where the last step ended, and its verdict tells of all steps.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cases.imaging.errors import Refused
from cases.imaging.instance import CleanInstance
from cases.imaging.regions import CleanRegions
from cases.imaging.report import Report, merge
from cases.services import fates
from cases.services.intake import Fate
from cases.services.regions import Laid


@dataclass
class Tally:
    """The members of an upload that are written; a file that is no archive is its own member 0.

    Attributes
    ----------
    members : set of int
        Those that are written, refused ones included.
    late : set of int
        Those that wait for the images, because they speak of them: regions and indexes.
    fates : Counter of Fate
        Of the images that were taken or were here.
    refusals : list of (int, Refused)
        Number for people, and why; conflicts included.
    laid : list of Laid
        Of the regions.
    learnt : list of str
        What the case learnt.
    removed, report
        What was removed from all members, see :mod:`cases.imaging.report`.
    """

    members: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    fates: Counter[Fate] = field(default_factory=Counter)
    refusals: list[tuple[int, Refused]] = field(default_factory=list)
    laid: list[Laid] = field(default_factory=list)
    learnt: list[str] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    report: Report = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether anything of it is in the case."""
        return bool(self.fates or self.laid)

    def clean(self, items: Iterable[CleanInstance | CleanRegions]) -> None:
        """Count what was removed from ``items``."""
        some = list(items)
        self.removed.update(fates.removed(some))
        self.report = merge([self.report, fates.report(some)])

    def sentence(self, *, sent: datetime) -> str:
        """What a person reads about the upload."""
        return fates.sentence_of(
            list(self.fates.elements()),
            self.refusals,
            self.removed.total() if self.accepted else 0,
            sent=sent,
            laid=self.laid,
            adopted=tuple(dict.fromkeys(self.learnt)),
        )

    def code(self, *, sent: datetime) -> str:
        """Stable code of the upload."""
        return fates.code_of(list(self.fates), self.laid, self.refusals, sent=sent)

    def columns(self) -> dict[str, Any]:
        """What the row of the upload says in numbers."""
        series = {fate.series for fate in self.fates if fate.series} | {
            pk for one in self.laid for pk in one.series
        }
        return {
            "taken": sum(count for fate, count in self.fates.items() if fate.code == "taken"),
            "doubled": sum(count for fate, count in self.fates.items() if fate.code == "here"),
            "refused": len(self.refusals),
            "removed": dict(self.removed) if self.accepted else {},
            "report": self.report if self.accepted else {},
            "inside": fates.told(self.refusals),
            "series_id": min(series, default=None),
        }

    # --- from and to the row ------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """As the row keeps it: numbers, codes and sentences written in code."""
        return {
            "members": sorted(self.members),
            "late": sorted(self.late),
            "fates": [
                [fate.code, fate.series, fate.remarks, fate.since and fate.since.isoformat(), count]
                for fate, count in self.fates.items()
            ],
            "refusals": [[number, one.code, one.sentence] for number, one in self.refusals],
            "laid": [[one.added, one.known, one.elsewhere, sorted(one.series)] for one in self.laid],
            "learnt": self.learnt,
            "removed": dict(self.removed),
            "report": self.report,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Tally":
        """What :meth:`to_json` gave; empty for a row that no step has written."""
        if not value:
            return cls()
        counted: Counter[Fate] = Counter()
        for code, series, remarks, since, count in value["fates"]:
            moment = datetime.fromisoformat(since) if since else None
            counted[Fate(code, series, tuple(remarks), moment)] = count
        return cls(
            members=set(value["members"]),
            late=set(value["late"]),
            fates=counted,
            refusals=[(number, Refused(code, sentence)) for number, code, sentence in value["refusals"]],
            laid=[
                Laid(added, known, elsewhere, set(series))
                for added, known, elsewhere, series in value["laid"]
            ],
            learnt=list(value["learnt"]),
            removed=Counter(value["removed"]),
            report=value["report"],
        )
