"""What a series learns from the headers of its images, once for all of them."""

from collections.abc import Iterable
from datetime import date

from cases.imaging.instance import CleanInstance
from cases.models import Series


def learn(series: Series, instances: Iterable[CleanInstance]) -> None:
    """Keep speed, day and what hinders uptake on ``series``; what it knows already stays.

    Parameters
    ----------
    series : Series
        Its case is locked.
    instances : iterable of CleanInstance
        What was just added to it.
    """
    changed: set[str] = set()
    for one in instances:
        if series.frame_rate is None and one.frame_rate is not None:
            series.frame_rate = one.frame_rate
            changed.add("frame_rate")
        if series.study_date is None and one.study_date:
            series.study_date = date.fromisoformat(one.study_date)
            changed.add("study_date")
        if one.uptake_problem and not series.uptake_problem:
            series.uptake_problem = one.uptake_problem
            changed.add("uptake_problem")
    if changed:
        series.save(update_fields=sorted(changed))
