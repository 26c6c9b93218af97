"""What the judging job writes: what is ready, in steps of a transaction each, and the verdicts."""

import time
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from cases import blobs
from cases.enums import UploadState
from cases.imaging.errors import Refused
from cases.imaging.instance import CleanInstance
from cases.imaging.regions import CleanRegions
from cases.models import Case, Upload
from cases.services import discs, fates, intake, regions, uploads
from cases.services.cleaning import Cleaned
from cases.services.opened import Opened
from cases.services.regions import Laid
from cases.services.workspaces import Workspace
from medweb.audit.services import record
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

# Every step renumbers the frames of its series and wakes the open pages.
STEP_SECONDS = 0.5
# A step numbers all frames of its series anew: in a long one, or on a busy machine, steps come less often, so
# that at most a sixth of the time goes into them.
STEP_SHARE = 5.0
LONGEST_STEP_SECONDS = 5.0


class Steps:
    """The writing half of one run of the job."""

    def __init__(self, run: Run, case_id: int, space: Workspace) -> None:
        self.run, self.case_id, self.space = run, case_id, space
        self.series: set[int] = set()
        self.written = 0.0
        self.pause = STEP_SECONDS

    @property
    def due(self) -> bool:
        """Whether the pause after the last step is over. The first picture at once: somebody waits for it."""
        return time.monotonic() - self.written >= self.pause

    def locked_case(self) -> Case:
        """The case, behind its lock, in the caller's transaction. Raises JobFailed when it is gone."""
        # The case before the upload, as when it is deleted: that waits for this, or this finds it gone.
        case = Case.objects.select_for_update().filter(pk=self.case_id).first()
        if case is None:
            raise JobFailed(_("The case was deleted."))
        return case

    def write(self, some: list[Opened]) -> None:
        """Write what is ready, in one transaction; drafts become blobs, or go."""
        adopted: dict[str, int] = {}
        began = time.monotonic()
        try:
            with self.run.step():
                case = self.locked_case()
                rows = Upload.objects.select_for_update().filter(
                    pk__in=[one.pk for one in some], state=UploadState.CLEANING
                )
                mine = {upload.pk for upload in rows.order_by("pk")}
                # What was called off is left out, with its drafts.
                self._write_rows(case, [one for one in some if one.pk in mine], adopted)
        except BaseException:
            blobs.take_back(adopted)
            raise
        finally:
            self.space.drop(number for one in some for number in one.drafts())
        self.written = time.monotonic()
        self.pause = min(max(STEP_SECONDS, STEP_SHARE * (self.written - began)), LONGEST_STEP_SECONDS)

    def _write_rows(self, case: Case, some: list[Opened], adopted: dict[str, int]) -> None:
        good = [(one, cleaned, prepared) for one in some for cleaned, prepared in one.good()]
        outcome = intake.attach(case, [prepared for _one, _cleaned, prepared in good])
        fates_of: dict[int, list[tuple[Cleaned, intake.Fate]]] = {one.pk: [] for one in some}
        for (one, cleaned, _prepared), fate in zip(good, outcome.fates, strict=True):
            fates_of[one.pk].append((cleaned, fate))
            if fate.code == "taken":
                adopted.update(self.space.adopt(cleaned.number))
        learnt = outcome.adopted
        for one in some:
            found = fates_of[one.pk]
            laid, refusals = self._lay(case, one)
            self._verdict(one, found, laid, refusals, learnt if found else ())
            learnt = () if found else learnt
        self.series |= outcome.series
        publish(f"case:{case.pk}", "uploads-changed", case=case.pk)
        if outcome.taken:
            publish(f"case:{case.pk}", "case-changed", case=case.pk)

    def _lay(self, case: Case, one: Opened) -> tuple[list[Laid], list[tuple[int, Refused]]]:
        """Draw the regions of an upload onto the images of its case, which are written by now."""
        laid, refusals = [], [(one.number(disc), discs.told(case, index)) for disc, index in one.indexes()]
        for cleaned, drawn in one.regions():
            try:
                laid.append(regions.attach(case=case, regions=drawn, by=one.upload.created_by))
            except Refused as refusal:
                refusals.append((one.number(cleaned), refusal))
            except PermissionDenied as error:
                refusals.append((one.number(cleaned), Refused("not-allowed", str(error))))
        return laid, refusals

    def _verdict(
        self,
        one: Opened,
        found: list[tuple[Cleaned, intake.Fate]],
        laid: list[Laid],
        refusals: list[tuple[int, Refused]],
        learnt: Iterable[str],
    ) -> None:
        conflicts = [member for member, fate in found if fate.code == "conflict"]
        refusals = one.bad() + refusals + [(one.number(member), fates.conflict()) for member in conflicts]
        told = [fate for _cleaned, fate in found if fate.code != "conflict"]
        cleaned: list[CleanInstance | CleanRegions] = [item.clean for _cleaned, item in one.good()]
        cleaned += [drawn for _cleaned, drawn in one.regions()]
        accepted = bool(told or laid)
        removed = fates.removed(cleaned) if accepted else {}
        code = fates.code_of(told, laid, refusals, sent=one.sent)
        series = {fate.series for fate in told if fate.series} | {pk for each in laid for pk in each.series}
        sentence = fates.sentence_of(
            told, refusals, sum(removed.values()), sent=one.sent, laid=laid, adopted=tuple(learnt)
        )
        uploads.close(
            one.upload,
            UploadState.ACCEPTED if accepted else UploadState.REFUSED,
            code,
            sentence,
            kind=one.kind[:12],
            taken=sum(fate.code == "taken" for fate in told),
            doubled=sum(fate.code == "here" for fate in told),
            refused=len(refusals),
            removed=removed,
            report=fates.report(cleaned) if accepted else {},
            inside=fates.told(refusals),
            series_id=min(series, default=None),
        )
        verb = "upload.accept" if accepted else "upload.refuse"
        record(verb, one.upload, by=None, removed=removed, code=code)
