"""How much room is taken, by what and by whom. Reads only."""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, Sum

from cases.enums import UploadState
from cases.models import Case, Instance, Upload
from cases.services.allowance import ARRIVING
from medweb.accounts.models import User

MOST_ROWS = 20


@dataclass(frozen=True)
class Short:
    """Bytes of the disk that holds the data, of clean images, and of files that wait to be cleaned."""

    free: int
    total: int
    images: int
    quarantine: int

    @property
    def used_share(self) -> float:
        """Used part of the disk, from 0 to 1."""
        return 1 - self.free / self.total if self.total else 1.0


@dataclass(frozen=True)
class Holder:
    """What one case or one person holds."""

    name: str
    url_pk: int
    files: int
    byte_count: int
    share: float = 0.0


def in_short() -> Short:
    """The numbers of the start page."""
    disk = shutil.disk_usage(settings.DATA_DIR)
    images = Instance.objects.aggregate(sum=Sum("byte_count"))["sum"] or 0
    waiting = Upload.objects.filter(state__in=ARRIVING).aggregate(sum=Sum("byte_count"))["sum"] or 0
    return Short(disk.free, disk.total, images, waiting)


def by_modality() -> list[tuple[str, int, int]]:
    """Modality, number of files and bytes of clean images, the largest first."""
    rows = Instance.objects.order_by().values_list("series__modality")
    found = rows.annotate(n=Count("pk"), sum=Sum("byte_count")).order_by("-sum")
    return [(modality, n, total) for modality, n, total in found]


def largest_cases(user: User) -> list[tuple[Case, int, int]]:
    """Cases that ``user`` may see with their files and bytes, the largest first."""
    rows = Case.objects.visible_to(user).annotate(
        files=Count("series__instances"), byte_count=Sum("series__instances__byte_count")
    )
    found = rows.filter(files__gt=0).order_by("-byte_count", "id")[:MOST_ROWS]
    return [(one, one.files, one.byte_count) for one in found]


def by_person() -> list[Holder]:
    """Who stores how much of what each person may store, the most first."""
    held = Q(state__in=ARRIVING) | Q(state=UploadState.ACCEPTED, series__isnull=False)
    rows = Upload.objects.filter(held).order_by().values("created_by")
    found = list(rows.annotate(n=Count("pk"), sum=Sum("byte_count")).order_by("-sum")[:MOST_ROWS])
    names = User.objects.in_bulk([row["created_by"] for row in found])
    return [
        Holder(
            str(names[row["created_by"]]),
            row["created_by"],
            row["n"],
            row["sum"],
            min(row["sum"] / settings.USER_MAX_BYTES, 1.0),
        )
        for row in found
        if row["created_by"] in names
    ]
