"""The job that judges what waits in quarantine: one for each case, file by file, written in small steps.

Decoders work in processes of their own; this one hands out files, collects what came of them, writes rows.
"""

import time
from collections import deque

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases.enums import UploadState
from cases.imaging.errors import Refused
from cases.models import Case, Upload
from cases.services import cleaning, quarantine, uploads
from cases.services.cleaning import Cleaned, Unpacked, Work
from cases.services.opened import Opened
from cases.services.steps import Steps
from cases.services.workspaces import Workspace
from medweb.audit.services import record
from medweb.jobs.models import Job, State
from medweb.jobs.run import JobFailed, Run
from medweb.live.publish import publish

STEP_FILES = 256
# Marked as being cleaned at once. When this process is killed, these are the suspects.
MARKED = 8
LOOK_SECONDS = 0.1
SHOW_SECONDS = 0.25
# How long a case may keep the others waiting, and that only while none waits.
TURN_SECONDS = 15.0
LONGEST_SECONDS = 5 * 60.0
# What the process that cleans does besides; none of it may wait for the last file of a long case.
QUEUES = ("import", "analysis")


class _MoreWaiting(Exception):
    """Something arrived while the job was about to end."""


def judge(run: Run, *, case_id: int) -> None:
    """Judge the uploads of a case until none waits.

    Raises
    ------
    JobFailed
        When the case is gone, or the server's disk is full.
    """
    try:
        # The decoders end first: one at work would write into a folder that is being deleted.
        with Workspace.of_job(run.job.pk, run.attempt) as space, cleaning.children() as children:
            _Judgement(run, case_id, Work(children, space)).go()
    except Exception as error:
        if not cleaning.is_full(error):
            raise
        # What was unpacked and drafted is gone by now, so that there is room to say so.
        _put_back(run, case_id)
        raise JobFailed(_no_room()) from error


def _put_back(run: Run, case_id: int) -> None:
    """The disk is full: what was in hand waits for room, and keeps its raw bytes."""
    with run.step():
        list(Case.objects.select_for_update().filter(pk=case_id).order_by().values_list("pk", flat=True))
        Upload.objects.filter(case=case_id, state=UploadState.CLEANING).update(
            state=UploadState.QUARANTINED, code=uploads.NO_ROOM, sentence=_no_room()
        )
        publish(f"case:{case_id}", "uploads-changed", case=case_id)


class _Judgement:
    """One run of the job."""

    def __init__(self, run: Run, case_id: int, work: Work) -> None:
        self.run, self.case_id, self.work, self.space = run, case_id, work, work.space
        self.steps = Steps(run, case_id, work.space)
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
        self.judged = 0
        self.began = time.monotonic()
        self.turn_ends = self.began + TURN_SECONDS
        self.looked = self.shown = 0.0
        self.stopping = self.extended = False

    def go(self) -> None:
        """From the first file to the end of the job."""
        self._recover()
        try:
            while not self._step():
                pass
        except Exception as error:
            if cleaning.is_full(error):
                self._save_ready()
            raise

    def _save_ready(self) -> None:
        """Write what is ready, if there is room when the raw members of an archive are gone."""
        if self.archive is not None:
            self.work.drop(self.archive.pk)
        try:
            if self.ready:
                self._write()
        except Exception as error:
            if not cleaning.is_full(error):
                raise

    def _step(self) -> bool:
        self._look()
        self._hand_out()
        for found in self.work.collect(LOOK_SECONDS):
            self._settle(found)
        self._show()
        if self._due():
            self._write()
        self._end_archive()
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
        for one in self.regions:
            if one not in late:
                self.steps.lay(one)
                self.judged += 1
        self.regions = []
        self.postponed |= {one.pk for one in late}
        # The last file of the batch queues the case again.
        Upload.objects.filter(pk__in=self.postponed, state=UploadState.CLEANING).update(
            state=UploadState.QUARANTINED
        )

    # --- what waits ---------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Files that a killed process had in hand go back; one that it had twice is refused."""
        with self.run.step():
            self.steps.locked_case()
            left = Upload.objects.select_for_update().filter(case=self.case_id, state=UploadState.CLEANING)
            why = _("The program was stopped twice while it read this.")
            for upload in left.order_by("pk"):
                crashes = upload.crashes + 1
                if crashes > 1:
                    told = {"crashes": crashes, "refused": 1}
                    uploads.stop(upload, UploadState.REFUSED, "decoder-crash", _killed(), why, **told)
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
            while self._goes_on(self.archive) and self.work.free:
                member = self.archive.waiting.popleft()
                self.work.clean(self.archive.pk, self.archive.members[member], member=member)
        elif not (self.open or self.files or self.stopping):
            source = self.archives or self.suspects
            if source:
                for one in self._mark([source.popleft()]):
                    self._begin(one)

    def _goes_on(self, archive: Opened) -> bool:
        """Whether members are left that may be handed out. However short a turn is, it brings a step."""
        return bool(archive.waiting) and not (self.stopping and archive.stepped)

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
            if one.members:
                # Raw members lie on the disk no longer than they are needed.
                one.members[found.member].unlink(missing_ok=True)
            one.answered(found)
        elif found.refused is not None:
            one.refused = found.refused
        else:
            one.unpacked(found.paths)
            if not self.extended:
                # The next turn unpacks it anew: this one has to be worth it, once.
                self.extended, self.turn_ends = True, max(self.turn_ends, time.monotonic() + TURN_SECONDS)
                self.stopping = False
        if (one.found or one.refused is not None) and one not in self.ready:
            self.ready.append(one)
        if one is not self.archive:
            del self.open[one.pk]
            if one.aside:
                self.regions.append(one)

    def _close_archive(self, archive: Opened) -> None:
        """Nothing more is done for it now; its raw members go at once."""
        self.work.drop(archive.pk)
        del self.open[archive.pk]
        self.archive = None

    def _end_archive(self) -> None:
        """Lay the regions of an archive whose images are written, and close it when it is over.

        Also when the turn is: it goes on where the last step ended. What that costs is to unpack it again,
        and to clean again regions that waited for its images.
        """
        archive = self.archive
        if archive is None or archive in self.ready:
            return
        if archive.aside and archive.images_are_written:
            self.steps.lay(archive)
        if archive.over:
            self._close_archive(archive)
            self.judged += 1
        elif not self._goes_on(archive) and not self.work.busy_with(archive.pk):
            self.steps.put_back(archive)
            self._close_archive(archive)

    def _show(self) -> None:
        """Say how far it is, and hear of what was called off."""
        now = time.monotonic()
        if now - self.shown < SHOW_SECONDS:
            return
        self.shown = now
        pending = Upload.objects.filter(case=self.case_id, state__in=uploads.PENDING).count()
        done, total = self.judged, self.judged + pending
        if self.archive is not None and self.archive.members:
            archive = self.archive
            done += len(archive.tally.members) + len(archive.found) + len(archive.aside)
            total += len(archive.members) - 1
        stage = _("Cleaning file %(n)d of %(m)d") % {"n": min(done + 1, total), "m": total}
        self.run.progress(done / max(total, 1), stage if total else "")
        if self.archive is not None and not self._still(self.archive):
            self.space.drop(self.archive.drafts())
            self.ready = [one for one in self.ready if one is not self.archive]
            self._close_archive(self.archive)
        self._take_turns(now)

    def _still(self, one: Opened) -> bool:
        return Upload.objects.filter(pk=one.pk, state=UploadState.CLEANING).exists()

    def _take_turns(self, now: float) -> None:
        if now - self.began > LONGEST_SECONDS:
            self.stopping = True
        elif now > self.turn_ends:
            waiting = Job.objects.filter(queue__in=QUEUES, state=State.QUEUED)
            self.stopping = waiting.exclude(pk=self.run.job.pk).exists()

    # --- the rows -----------------------------------------------------------------------------------------

    def _due(self) -> bool:
        if not self.ready:
            return False
        many = sum(max(len(one.found), 1) for one in self.ready) >= STEP_FILES
        return many or self.steps.due or not self._working()

    def _working(self) -> bool:
        """Whether decoders have something to do."""
        more = self.archive is not None and self._goes_on(self.archive)
        return more or bool(self.marked) or self.work.busy

    def _write(self) -> None:
        some, self.ready = self.ready, []
        self.steps.write(some)
        self.judged += sum(not one.is_archive for one in some)

    def _end(self) -> bool:
        """End the job unless something has arrived meanwhile; the lock on the case decides."""
        try:
            with self.run.finish() as result:
                self.steps.locked_case()
                if self._waiting().exists():
                    if not self.stopping:
                        raise _MoreWaiting
                    uploads.queue_case(self.case_id, self.run.job.asked_by)
                result.update(series=sorted(self.steps.series))
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
