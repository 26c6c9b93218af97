"""Analysing a case: pictures of the steps, numbers of the picture and its regions, predictions."""

import time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from analysis.enums import RegionSource
from analysis.loading import DrawnRegion, PixelsMissing, drawn_regions, picture, representative_frame
from analysis.models import Analysis, AnalysisRegion, FeatureVector, Prediction
from analysis.permissions import check_user_can_analyse_case
from analysis.policies import check_case_is_analysable
from analysis.services import features, pictures, predictions
from cases.geometry.schema import GeometryError
from cases.models import Case, Frame
from medweb.accounts.models import User
from medweb.jobs.models import Job
from medweb.jobs.run import JobFailed, Run
from medweb.jobs.services import enqueue
from medweb.live.publish import publish

KIND = "analysis.analyse-case"


def key(case: Case) -> str:
    """Job key: at most one active analysis of a case."""
    return f"analyse:{case.pk}"


@transaction.atomic
def request(*, case: Case, by: User) -> Job:
    """Queue an analysis; asking twice while one waits or runs gives the first job back.

    Raises
    ------
    PermissionDenied, ValidationError
    """
    check_user_can_analyse_case(by, case)
    check_case_is_analysable(case)
    return enqueue(KIND, params={"case_id": case.pk}, key=key(case), topics=[f"case:{case.pk}"], by=by)


def compute(run: Run, *, case_id: int) -> None:
    """Do the work of one attempt; nothing but shared feature rows is written before ``finish``."""
    started = time.monotonic()
    case = Case.objects.filter(pk=case_id).first()
    frame = representative_frame(case) if case is not None else None
    if case is None:
        raise _case_deleted()
    if frame is None:
        raise JobFailed(_("The pictures of the case were deleted meanwhile; there is nothing to analyse."))
    try:
        made, measured = _measure(run, case, frame)
        answers = predictions.answers(case, frame, run)
    except PixelsMissing:
        raise JobFailed(
            _("The pixels of a picture are missing from the store. Upload the picture again, then try again.")
        ) from None
    except GeometryError:
        raise JobFailed(
            _("A drawing no longer fits its picture. Open it in the viewer, submit it again, then try again.")
        ) from None
    with run.finish() as result:
        # Locked, as when it is deleted: that waits for this, or this finds it gone.
        if Case.objects.select_for_update().filter(pk=case_id).first() is None:
            raise _case_deleted()
        if not Frame.objects.filter(pk=frame.pk, digest=frame.digest, series__clearance="cleared").exists():
            raise JobFailed(_("The pictures changed while they were analysed. Start the analysis again."))
        analysis = Analysis.objects.create(
            case=case,
            job_id=run.job.pk,
            requested_by_id=run.job.asked_by_id,
            settings_digest=features.settings_of(features.MEASURED).digest(),
            pictures=made,
            seconds=round(time.monotonic() - started, 3),
        )
        AnalysisRegion.objects.bulk_create(
            AnalysisRegion(analysis=analysis, position=place, **values)
            for place, values in enumerate(measured)
        )
        predictions.store(answers)
        result["analysis"] = analysis.pk
        result["predictions"] = Prediction.objects.filter(case=case).count()
        publish(f"case:{case.pk}", "analysis-changed", case=case.pk)


def _case_deleted() -> JobFailed:
    return JobFailed(_("The case was deleted."))


def _measure(run: Run, case: Case, frame: Frame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Pictures of the steps, and one set of row values for the whole picture and each region."""
    settings = features.settings_of(features.MEASURED)
    run.progress(0.05, _("Preparing the picture"))
    subject = picture(frame)
    made = pictures.steps(subject, frame)
    run.progress(0.25, _("Measuring the picture"))
    whole = features.measure(subject, settings)
    measured = [_row(whole, frame, None)]
    drawn = drawn_regions(case)
    loaded = frame
    for number, region in enumerate(drawn):
        run.progress(
            0.35 + 0.5 * number / len(drawn),
            _("Measuring region %(n)d of %(all)d") % {"n": number + 1, "all": len(drawn)},
        )
        if region.frame.pk != loaded.pk:
            subject, loaded = picture(region.frame), region.frame
        measured.append(_row(features.measure(subject, settings, mask=region.mask), region.frame, region))
    return made, measured


def _row(vector: FeatureVector, frame: Frame, region: DrawnRegion | None) -> dict[str, Any]:
    if region is None:
        return {"features": vector, "frame": frame, "source": RegionSource.IMAGE}
    return {
        "features": vector,
        "frame": frame,
        "source": RegionSource.REGION,
        "shape_id": region.shape_id,
        "kind": region.kind,
        "label": region.label[:64],
    }
