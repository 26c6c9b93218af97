"""The job that judges what waits in quarantine: one for each case, file by file, written in small steps.

Decoders work in processes of their own; this one hands out files, collects what came of them, writes rows.
"""

import time
from collections import deque
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases import blobs
from cases.enums import UploadState
from cases.imaging.errors import Refused
from cases.imaging.instance import CleanInstance
from cases.imaging.regions import CleanRegions
from cases.models import Case, Upload
from cases.services import cleaning, discs, fates, intake, quarantine, regions, uploads
from cases.services.cleaning import Cleaned, DiskFull, Unpacked, Work
from cases.services.opened import Opened
from cases.services.regions import Laid
from cases.services.workspaces import Workspace
from medweb.audit.services import record
from medweb.jobs.models import Job, State
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

# Every step renumbers the frames of its series and wakes the open pages.
STEP_SECONDS = 0.5
# A step numbers all frames of its series anew: in a long one, or on a busy machine, steps come less often, so
# that at most a sixth of the time goes into them.
STEP_SHARE = 5.0
LONGEST_STEP_SECONDS = 5.0
STEP_FILES = 256
# Marked as being cleaned at once. When this process is killed, these are the suspects.
MARKED = 8
LOOK_SECONDS = 0.1
SHOW_SECONDS = 0.25
# How long a case may keep the others waiting.
TURN_SECONDS = 15.0
LONGEST_SECONDS = 45 * 60.0


class _MoreWaiting(Exception):
    """Something arrived while the job was about to end."""


def judge(run: Run, *, case_id: int) -> None:
    """Judge the uploads of a case until none waits.

    Raises
    ------
    JobFailed
        When the case is gone, or the server's disk is full.
    """
    with cleaning.children() as children, Workspace.of_job(run.job.pk, run.attempt) as space:
        _Judgement(run, case_id, Work(children, space)).go()


class _Judgement:
    """One run of the job."""

    def __init__(self, run: Run, case_id: int, work: Work) -> None:
        self.run, self.case_id, self.work, self.space = run, case_id, work, work.space
        # Not begun: files, archives, and what was in hand when a process was killed.
        self.files: deque[Opened] = deque()
        self.archives: deque[Opened] = deque()
        self.suspects: deque[Opened] = deque()
        # Begun: marked in their rows, then in work, then ready to be written.
        self.marked: deque[Opened] = deque()
        self.open: dict[int, Opened] = {}
        self.archive: Opened | None = None
        self.ready: list[Opened] = []
        # Regions and indexes wait for the images that they speak of; some of these may still be arriving.
        self.regions: list[Opened] = []
        self.postponed: set[int] = set()
        self.judged = self.total = 0
        self.series: set[int] = set()
        self.began = time.monotonic()
        self.looked = self.shown = self.written = 0.0
        self.pause = STEP_SECONDS
        self.stopping = False

    def go(self) -> None:
        """From the first file to the end of the job."""
        self._recover()
        try:
            while not self._step():
                pass
        except DiskFull:
            self._put_back()
            raise JobFailed(_no_room()) from None

    def _step(self) -> bool:
        self._look()
        self._hand_out()
        for found in self.work.collect(LOOK_SECONDS):
            self._settle(found)
        self._show()
        if self._due():
            self._write()
        if not self._idle():
            return False
        if self.regions:
            self._lay_regions()
            return False
        return self._end()

    def _idle(self) -> bool:
        begun = self.marked or self.open or self.ready
        return not begun and (self.stopping or not (self.files or self.archives or self.suspects))

    def _lay_regions(self) -> None:
        """All images that were here are written. Regions whose batch is still arriving wait for its rest."""
        arriving = Upload.objects.filter(case=self.case_id, state=UploadState.RECEIVING)
        batches = set(arriving.exclude(batch=None).values_list("batch", flat=True))
        late = [one for one in self.regions if one.upload.batch_id in batches]
        self.ready += [one for one in self.regions if one not in late]
        self.regions = []
        self.postponed |= {one.pk for one in late}
        # The last file of the batch queues the case again.
        Upload.objects.filter(pk__in=self.postponed, state=UploadState.CLEANING).update(
            state=UploadState.QUARANTINED
        )

    # --- what waits ---------------------------------------------------------------------------------------

    def _locked_case(self) -> Case:
        # The case before the upload, as when it is deleted: that waits for this, or this finds it gone.
        case = Case.objects.select_for_update().filter(pk=self.case_id).first()
        if case is None:
            raise JobFailed(_("The case was deleted."))
        return case

    def _recover(self) -> None:
        """Files that a killed process had in hand go back; one that it had twice is refused."""
        with self.run.step():
            self._locked_case()
            left = Upload.objects.select_for_update().filter(case=self.case_id, state=UploadState.CLEANING)
            for upload in left.order_by("pk"):
                crashes = upload.crashes + 1
                if crashes > 1:
                    uploads.close(
                        upload, UploadState.REFUSED, "decoder-crash", _killed(), crashes=crashes, refused=1
                    )
                    record("upload.refuse", upload, by=None, code="decoder-crash")
                else:
                    Upload.objects.filter(pk=upload.pk).update(state=UploadState.QUARANTINED, crashes=crashes)

    def _look(self) -> None:
        """Learn what waits, a few files ahead of the work."""
        now = time.monotonic()
        if len(self.files) >= MARKED or self.stopping or now - self.looked < LOOK_SECONDS:
            return
        self.looked = now
        known = [one.pk for one in (*self.files, *self.archives, *self.suspects)]
        rows = self._waiting().exclude(pk__in=known)
        for upload in rows.select_related("batch").order_by("pk")[:STEP_FILES]:
            self._sort(Opened(upload, quarantine.path_of(upload.storage_key)))

    def _waiting(self) -> QuerySet[Upload]:
        rows = Upload.objects.filter(case=self.case_id, state=UploadState.QUARANTINED)
        return rows.exclude(pk__in=self.postponed) if self.postponed else rows

    def _sort(self, one: Opened) -> None:
        try:
            one.kind = str(cleaning.sniff(one.path))
        except FileNotFoundError:
            one.refused = Refused("gone", _("The bytes of this file are gone; send it again."))
            self.ready += self._mark([one])
            return
        if one.upload.crashes:
            self.suspects.append(one)
        elif one.is_archive:
            self.archives.append(one)
        else:
            self.files.append(one)

    def _mark(self, some: list[Opened]) -> list[Opened]:
        """Say in the rows that these are being cleaned; leaves out what was called off meanwhile."""
        keys = {one.pk for one in some}
        waiting = Upload.objects.filter(pk__in=keys, state=UploadState.QUARANTINED)
        if waiting.update(state=UploadState.CLEANING) < len(keys):
            cleaning_now = Upload.objects.filter(pk__in=keys, state=UploadState.CLEANING)
            keys = set(cleaning_now.values_list("pk", flat=True))
        return [one for one in some if one.pk in keys]

    # --- the work -----------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Images first, then members of an archive; what was in hand at a crash comes last, each alone."""
        if self.files and not self.marked and self.work.free and not self.stopping:
            self.marked += self._mark([self.files.popleft() for _n in range(min(MARKED, len(self.files)))])
        while self.marked and self.work.free:
            self._begin(self.marked.popleft())
        if self.archive is not None:
            while self.archive.waiting and self.work.free:
                member = self.archive.waiting.popleft()
                self.work.clean(self.archive.pk, self.archive.members[member], member=member)
        elif not (self.open or self.files or self.stopping):
            source = self.archives or self.suspects
            if source:
                for one in self._mark([source.popleft()]):
                    self._begin(one)

    def _begin(self, one: Opened) -> None:
        self.open[one.pk] = one
        if one.is_archive:
            self.archive = one
            self.work.unpack(one.pk, one.path)
        else:
            self.work.clean(one.pk, one.path)

    def _settle(self, found: Cleaned | Unpacked) -> None:
        one = self.open[found.key]
        if isinstance(found, Cleaned):
            one.found[found.member] = found
            if one.members:
                # Raw members lie on the disk no longer than they are needed.
                one.members[found.member].unlink(missing_ok=True)
        elif found.refused is not None:
            one.refused = found.refused
        else:
            one.members = found.paths
            one.waiting.extend(range(len(found.paths)))
        if one.done:
            self._close(one)
            (self.regions if one.waits_for_images else self.ready).append(one)

    def _close(self, one: Opened) -> None:
        del self.open[one.pk]
        if one is self.archive:
            self.archive = None

    def _show(self) -> None:
        """Say how far it is, and hear of what was called off."""
        now = time.monotonic()
        if now - self.shown < SHOW_SECONDS:
            return
        self.shown = now
        pending = Upload.objects.filter(case=self.case_id, state__in=uploads.PENDING).count()
        done, total = self.judged, self.judged + pending
        if self.archive is not None and self.archive.members:
            done, total = done + len(self.archive.found), total + len(self.archive.members) - 1
        stage = _("Cleaning file %(n)d of %(m)d") % {"n": min(done + 1, total), "m": total}
        self.run.progress(done / max(total, 1), stage if total else "")
        if self.archive is not None and not self._still(self.archive):
            self.work.drop(self.archive.pk)
            self.space.drop(self.archive.drafts())
            self._close(self.archive)
        self._take_turns(now)

    def _still(self, one: Opened) -> bool:
        return Upload.objects.filter(pk=one.pk, state=UploadState.CLEANING).exists()

    def _take_turns(self, now: float) -> None:
        if now - self.began > LONGEST_SECONDS:
            self.stopping = True
        elif now - self.began > TURN_SECONDS:
            waiting = Job.objects.filter(queue=self.run.job.queue, state=State.QUEUED)
            self.stopping = waiting.exclude(pk=self.run.job.pk).exists()

    # --- the rows -----------------------------------------------------------------------------------------

    def _due(self) -> bool:
        if not self.ready:
            return False
        many = sum(max(len(one.found), 1) for one in self.ready) >= STEP_FILES
        # The first picture at once: somebody waits for it.
        return many or time.monotonic() - self.written >= self.pause or not (self.open or self.marked)

    def _write(self) -> None:
        """Write what is ready in one transaction; drafts become blobs, or go."""
        some, self.ready = self.ready, []
        adopted: dict[str, int] = {}
        began = time.monotonic()
        try:
            with self.run.step():
                case = self._locked_case()
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
        self.judged += len(some)
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

    def _put_back(self) -> None:
        """The disk is full: what is ready is written, the rest waits for room and keeps its raw bytes."""
        if self.ready:
            self._write()
        with self.run.step():
            self._locked_case()
            Upload.objects.filter(case=self.case_id, state=UploadState.CLEANING).update(
                state=UploadState.QUARANTINED, code=uploads.NO_ROOM, sentence=_no_room()
            )
            publish(f"case:{self.case_id}", "uploads-changed", case=self.case_id)

    def _end(self) -> bool:
        """End the job unless something has arrived meanwhile; the lock on the case decides."""
        try:
            with self.run.finish() as result:
                self._locked_case()
                if self._waiting().exists():
                    if not self.stopping:
                        raise _MoreWaiting
                    uploads.queue_case(self.case_id, self.run.job.asked_by)
                result.update(series=sorted(self.series))
        except _MoreWaiting:
            self.looked = 0.0
            return False
        return True


def _killed() -> str:
    return _(
        "The program was stopped twice while it read this file, so nothing of it was kept. Export it in "
        "another way and send it again."
    )


def _no_room() -> str:
    return _("The server's disk is full. The file waits here and is tried again; tell an administrator.")
