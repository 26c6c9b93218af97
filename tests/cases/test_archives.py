"""Archives with many members: written in steps, resumed where a step ended, and stopped in the middle."""

from pathlib import Path

import pytest
from django.db import connection

from cases.enums import UploadState
from cases.imaging.reader import Kind
from cases.models import Annotation, Instance, Upload
from cases.services import cases, cleaning, judging, regions, steps, uploads
from cases.services.opened import Opened
from cases.services.tallies import Tally
from medweb.jobs.models import Job, State
from medweb.jobs.run import work
from tests.builders import pictures, rows, traces
from tests.cases.judge import judge, tar
from tests.pure.imaging.region_files import contour, structures

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 14


@pytest.fixture
def small_steps(monkeypatch):
    """A step after every answer, and a look at the others as often; no answer that is not waited for."""
    monkeypatch.setattr(cleaning, "AHEAD", 0)
    for name in ("STEP_SECONDS", "STEP_SHARE", "LONGEST_STEP_SECONDS"):
        monkeypatch.setattr(steps, name, 0.0)
    monkeypatch.setattr(judging, "SHOW_SECONDS", 0.0)


@pytest.fixture
def short_turns(small_steps, monkeypatch):
    """A turn is one step while something else waits; ``short_turns(60.0)`` makes it longer."""
    monkeypatch.setattr(judging, "TURN_SECONDS", 0.0)
    return lambda seconds: monkeypatch.setattr(judging, "TURN_SECONDS", seconds)


@pytest.fixture
def archive(case, send):
    (upload,) = send(tar(*(pictures.ct(n) for n in range(1, MANY + 1))))
    return upload


def killed(answered, upload, *, after):
    """Do the job until its process dies after so many answers, and let the sweep find it."""

    def die(number):
        if number == after:
            raise SystemExit

    answered(die)
    with pytest.raises(SystemExit):
        judge()
    upload.refresh_from_db()
    Job.objects.filter(state=State.RUNNING).update(state=State.QUEUED, lease_until=None)


def test_members_are_written_while_others_are_cleaned(stores, archive, answered, small_steps):
    seen = []
    answered(lambda number: seen.append(Instance.objects.count()))
    assert judge(archive) == "done"
    assert any(0 < count < MANY for count in seen)
    assert (archive.state, archive.taken, archive.so_far) == ("accepted", MANY, {})
    assert f"{MANY} images taken" in archive.sentence
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_it_gives_up_its_turn_and_cleans_no_member_twice(
    stores, case, author, archive, answered, short_turns
):
    job, counts = Job.objects.latest("pk"), []
    rows.upload(rows.draft(author, images=0), pictures.png(50), by=author)
    answered(counts.append)
    assert work(job.pk) == "done"
    archive.refresh_from_db()
    assert archive.state == UploadState.QUARANTINED
    assert 0 < len(archive.so_far["members"]) == Instance.objects.count() < MANY
    assert not list((stores / "quarantine").glob("work-*"))
    short_turns(60.0)
    assert work(rows.job_of(archive).pk) == "done"
    archive.refresh_from_db()
    assert (archive.state, archive.taken, archive.doubled) == ("accepted", MANY, 0)
    # The archive itself is unpacked once in each turn.
    assert len(counts) == MANY + 2
    assert archive.removed["uid"] == MANY * (archive.removed["uid"] // MANY)


def test_with_one_member_written_it_is_not_over_before_it_is_unpacked():
    one = Opened(Upload(so_far=Tally(members={0}).to_json()), Path("archive"), kind=Kind.TAR)
    assert not one.over
    one.unpacked((Path("0"), Path("1")))
    assert not one.over
    one.written([1])
    assert one.over


def test_regions_inside_wait_for_the_images_of_all_turns(
    stores, case, author, send, monkeypatch, short_turns
):
    square = contour([(2, 3, 10), (4, 3, 10), (4, 6, 10), (2, 6, 10)], image=None)
    parts = [structures({"Node": [square]}), *(pictures.ct(n, z=5 * n) for n in range(1, 7))]
    (upload,) = send(tar(*parts))
    rows.upload(rows.draft(author, images=0), pictures.png(50), by=author)
    turns = 0
    while upload.state != "accepted":
        assert work(rows.job_of(upload).pk) == "done"
        upload.refresh_from_db()
        turns += 1
        assert turns < 12
    assert turns > 1
    assert (upload.taken, upload.refused) == (6, 0)
    assert "1 outline drawn" in upload.sentence
    assert [shape["frame"] for shape in Annotation.objects.get().shapes] == [1]


def test_after_a_killed_worker_it_goes_on_where_it_was(stores, archive, answered, small_steps):
    killed(answered, archive, after=6)
    assert archive.state == UploadState.CLEANING
    before = Instance.objects.count()
    assert 0 < before < MANY
    assert judge(archive) == "done"
    assert (archive.state, archive.taken, archive.doubled) == ("accepted", MANY, 0)
    assert Instance.objects.count() == MANY
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_killed_again_and_again_it_ends_and_tells_what_stays(stores, archive, answered, small_steps):
    killed(answered, archive, after=6)
    before = Instance.objects.count()
    Upload.objects.filter(pk=archive.pk).update(crashes=1)
    assert judge(archive) == "done"
    assert (archive.state, archive.code) == (UploadState.REFUSED, "decoder-crash")
    assert archive.taken == Instance.objects.count() == before
    assert f"stays: {before} images taken" in archive.sentence
    assert archive.series is not None
    assert archive.report
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_called_off_in_the_middle_it_tells_what_stays(stores, author, archive, send, answered, small_steps):
    (image,) = send(pictures.png(1))

    def stop(number):
        if number == 8:
            uploads.cancel(upload=Upload.objects.get(pk=archive.pk), by=author)

    answered(stop)
    judge(archive, image)
    assert (archive.state, image.state) == ("cancelled", "accepted")
    assert 0 < archive.taken == Instance.objects.count() - 1 < MANY
    assert archive.sentence.startswith(
        f"Cancelled. What was taken of it by then stays: {archive.taken} images"
    )
    assert archive.so_far == {}
    assert {path.name for path in traces.files(stores)} == set(cases.named_digests())


def test_raw_members_go_with_their_archive_not_with_the_job(
    stores, case, author, archive, send, answered, small_steps
):
    second, third = send(*(tar(*(pictures.png(10 * n + m) for m in range(4))) for n in (1, 2)))
    folders = []

    def look(number):
        if number == 4:
            uploads.cancel(upload=Upload.objects.get(pk=archive.pk), by=author)
        folders.append(len([path for path in (stores / "quarantine").glob("work-*/*") if path.is_dir()]))

    answered(look)
    judge(archive, second, third)
    assert (archive.state, second.state, third.state) == ("cancelled", "accepted", "accepted")
    assert max(folders) == 1


def test_a_case_also_makes_way_for_what_its_process_does_besides(
    stores, case, archive, short_turns, answered
):
    Job.objects.create(kind="analysis.analyse", queue="analysis")
    assert work(rows.job_of(archive).pk) == "done"
    assert 0 < Instance.objects.count() < MANY


def test_outlines_are_matched_outside_of_any_transaction(stores, case, send, monkeypatch):
    matched, where = regions.matched, []

    def look(**options):
        where.append(connection.in_atomic_block)
        return matched(**options)

    monkeypatch.setattr(regions, "matched", look)
    square = contour([(2, 3, 10), (4, 3, 10), (4, 6, 10), (2, 6, 10)], image=None)
    sent = send(pictures.ct(1, z=10), structures({"Node": [square]}))
    judge(*sent)
    assert [upload.state for upload in sent] == ["accepted", "accepted"]
    assert where == [False]
