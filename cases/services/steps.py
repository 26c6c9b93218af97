"""What the judging job writes: images in steps of a transaction each, regions one by one, the verdicts."""

import time

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from cases import blobs
from cases.enums import UploadState
from cases.imaging.discs import CleanIndex
from cases.imaging.errors import Refused
from cases.imaging.regions import CleanRegions
from cases.models import Case, Upload
from cases.services import discs, fates, intake, regions, uploads
from cases.services.cleaning import Cleaned
from cases.services.opened import Opened
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
# How often regions are matched with images that other work changes meanwhile, before that has to wait.
MATCHED_FREELY = 3


class Steps:
    """The writing half of one run of the job."""

    def __init__(self, run: Run, case_id: int, space: Workspace) -> None:
        self.run, self.case_id, self.space = run, case_id, space
        self.series: set[int] = set()
        self.last = 0.0
        self.pause = STEP_SECONDS

    @property
    def due(self) -> bool:
        """Whether the pause after the last step is over. The first picture at once: somebody waits for it."""
        return time.monotonic() - self.last >= self.pause

    def locked_case(self) -> Case:
        """The case, behind its lock, in the caller's transaction. Raises JobFailed when it is gone."""
        # The case before the upload, as when it is deleted: that waits for this, or this finds it gone.
        case = Case.objects.select_for_update().filter(pk=self.case_id).first()
        if case is None:
            raise JobFailed(_("The case was deleted."))
        return case

    def _still(self, some: list[Opened]) -> list[Opened]:
        """Those that were not called off; what was is left out."""
        rows = Upload.objects.select_for_update().filter(
            pk__in=[one.pk for one in some], state=UploadState.CLEANING
        )
        mine = {upload.pk for upload in rows.order_by("pk")}
        return [one for one in some if one.pk in mine]

    # --- images -------------------------------------------------------------------------------------------

    def write(self, some: list[Opened]) -> None:
        """Write what was found of ``some``, in one transaction; drafts become blobs, or go."""
        adopted: dict[str, int] = {}
        began = time.monotonic()
        try:
            with self.run.step():
                case = self.locked_case()
                self._write_rows(case, self._still(some), adopted)
        except BaseException:
            blobs.take_back(adopted)
            raise
        finally:
            self.space.drop(number for one in some for number in one.drafts())
            for one in some:
                one.found = {}
        self.last = time.monotonic()
        self.pause = min(max(STEP_SECONDS, STEP_SHARE * (self.last - began)), LONGEST_STEP_SECONDS)

    def _write_rows(self, case: Case, some: list[Opened], adopted: dict[str, int]) -> None:
        good = [(one, cleaned, prepared) for one in some for cleaned, prepared in one.good()]
        outcome = intake.attach(case, [prepared for _one, _cleaned, prepared in good], stored=False)
        fates_of: dict[int, list[tuple[Cleaned, intake.Fate]]] = {one.pk: [] for one in some}
        for (one, cleaned, _prepared), fate in zip(good, outcome.fates, strict=True):
            fates_of[one.pk].append((cleaned, fate))
            if fate.code == "taken":
                adopted.update(self.space.adopt(cleaned.number))
        learnt = outcome.adopted
        for one in some:
            self._count(one, fates_of[one.pk])
            if fates_of[one.pk]:
                one.tally.learnt += learnt
                learnt = ()
            self._tell(one)
        self.series |= outcome.series
        publish(f"case:{case.pk}", "uploads-changed", case=case.pk)
        if outcome.taken:
            publish(f"case:{case.pk}", "case-changed", case=case.pk)

    def _count(self, one: Opened, found: list[tuple[Cleaned, intake.Fate]]) -> None:
        tally = one.tally
        tally.fates.update(fate for _cleaned, fate in found if fate.code != "conflict")
        tally.refusals += one.bad()
        tally.refusals += [
            (one.number(cleaned), fates.conflict()) for cleaned, fate in found if fate.code == "conflict"
        ]
        tally.clean(prepared.clean for _cleaned, prepared in one.good())
        one.written(one.found)
        one.stepped = True

    # --- regions ------------------------------------------------------------------------------------------

    def lay(self, one: Opened) -> None:
        """Write what lies aside: regions are drawn onto the images, indexes held against them.

        Outlines are matched with images before the transaction: thousands of them take seconds, and SQLite
        has one lock for all who write.
        """
        for cleaned in [one.aside[member] for member in sorted(one.aside)]:
            for free in (*[True] * MATCHED_FREELY, False):
                plan = self._plan(cleaned) if free else None
                try:
                    with self.run.step():
                        case = self.locked_case()
                        if not self._still([one]):
                            return
                        self._draw(case, one, cleaned, plan or self._plan(cleaned))
                        self._tell(one)
                        publish(f"case:{case.pk}", "uploads-changed", case=case.pk)
                except regions.ImagesChanged:
                    if not free:
                        raise
                    continue
                break
            del one.aside[cleaned.member]

    def _plan(self, cleaned: Cleaned) -> regions.Plan | Refused | None:
        if not isinstance(cleaned.found, CleanRegions):
            return None
        try:
            return regions.matched(case_id=self.case_id, regions=cleaned.found)
        except Refused as refusal:
            return refusal

    def _draw(self, case: Case, one: Opened, cleaned: Cleaned, plan: regions.Plan | Refused | None) -> None:
        number, tally = one.number(cleaned), one.tally
        try:
            if isinstance(cleaned.found, CleanIndex):
                raise discs.told(case, cleaned.found)
            if isinstance(plan, Refused):
                raise plan
            if isinstance(plan, regions.Plan):
                laid = regions.draw(case=case, plan=plan, by=one.upload.created_by)
                tally.laid.append(laid)
        except Refused as refusal:
            tally.refusals.append((number, refusal))
        except PermissionDenied as error:
            tally.refusals.append((number, Refused("not-allowed", str(error))))
        if isinstance(cleaned.found, CleanRegions):
            tally.clean([cleaned.found])
        one.written([cleaned.member])
        one.stepped = True

    # --- uploads ------------------------------------------------------------------------------------------

    def _tell(self, one: Opened) -> None:
        """The verdict on an upload that is over; of another, how far it is."""
        tally = one.tally
        if not one.over:
            # What was in hand when a process is killed is suspected; what was written since is not.
            Upload.objects.filter(pk=one.pk).update(so_far=tally.to_json(), crashes=0)
            return
        # Members come in the order in which decoders were done with them.
        tally.refusals.sort(key=lambda told: told[0])
        code = tally.code(sent=one.sent)
        state = UploadState.ACCEPTED if tally.accepted else UploadState.REFUSED
        columns = tally.columns()
        uploads.close(one.upload, state, code, tally.sentence(sent=one.sent), kind=one.kind[:12], **columns)
        verb = "upload.accept" if tally.accepted else "upload.refuse"
        record(verb, one.upload, by=None, removed=columns["removed"], code=code)

    def put_back(self, one: Opened) -> None:
        """Leave the rest of an archive for the next turn."""
        with self.run.step():
            self.locked_case()
            Upload.objects.filter(pk=one.pk, state=UploadState.CLEANING).update(state=UploadState.QUARANTINED)
