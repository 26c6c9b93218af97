"""Archives open without trust: real bytes are counted, names never leave."""

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from cases.imaging.archive import ArchiveLimits, members
from cases.imaging.errors import Refused
from cases.imaging.kinds import Kind, sniff

from .build import image, to_file
from .volume_files import nifti1, ramp


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tar(entries: dict[str, bytes], mode: str = "w", links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


GOOD = {"a/one.dcm": b"one", "a/two": b"two", "b/": b""}


def _code(data: bytes, limits: ArchiveLimits | None = None) -> str:
    with pytest.raises(Refused) as refused:
        list(members(data, limits=limits) if limits else members(data))
    return refused.value.code


def test_all_kinds_open(tmp_path: Path) -> None:
    files = {k: v for k, v in GOOD.items() if v}
    for data in (_zip(GOOD), _tar(files), _tar(files, "w:gz")):
        assert list(members(data)) == [b"one", b"two"]
        path = tmp_path / "any.name"
        path.write_bytes(data)
        assert list(members(path)) == [b"one", b"two"]
        with path.open("rb") as stream:
            assert list(members(stream)) == [b"one", b"two"]
    assert list(members(gzip.compress(b"alone"))) == [b"alone"]


def test_one_level_of_nesting_is_opened_and_two_are_not() -> None:
    once = _zip({"inner.zip": _zip(GOOD)})
    assert list(members(once)) == [b"one", b"two"]
    assert _code(_zip({"outer.zip": once})) == "nested-archive"


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../evil", "C:\\evil", "..\\evil", "__MACOSX/x"]
)
def test_names_that_lead_outside_are_skipped(name: str) -> None:
    assert list(members(_zip({name: b"evil", "good": b"good"}))) == [b"good"]
    assert list(members(_tar({name: b"evil", "good": b"good"}))) == [b"good"]


def test_links_and_what_lies_behind_them_are_skipped() -> None:
    data = _tar({"link/evil": b"evil", "good": b"good"}, links={"link": "/tmp"})
    assert list(members(data)) == [b"good"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good", b"good")
    assert list(members(buffer.getvalue())) == [b"good"]


def test_bombs_are_stopped_by_real_bytes() -> None:
    limits = ArchiveLimits(ratio=10, ratio_from=1 << 20)
    bomb = b"\0" * (4 << 20)
    assert _code(_zip({"a": bomb}), limits) == "archive-bomb"
    assert _code(_tar({"a": bomb}, "w:gz"), limits) == "archive-bomb"
    assert _code(gzip.compress(bomb), limits) == "archive-bomb"
    assert _code(_zip({"a": bomb}), ArchiveLimits(member_bytes=1 << 20)) == "archive-bomb"
    assert _code(_zip({str(n): bomb for n in range(3)}), ArchiveLimits(total_bytes=9 << 20)) == "archive-bomb"


def test_too_many_files() -> None:
    many = {str(n): b"x" for n in range(12)}
    for data in (_zip(many), _tar(many)):
        assert _code(data, ArchiveLimits(members=10)) == "too-many-files"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-an-archive"),
        (b"\x89PNG\r\n\x1a\n", "not-an-archive"),
        (_zip(GOOD)[:60], "broken-archive"),
        (_tar({"a": b"x" * 5000}, "w:gz")[:-30], "broken-archive"),
        (_zip({}), "empty-archive"),
        (gzip.compress(b"alone" * 100)[:-9], "broken-archive"),
    ],
    # Archives hold the time of their making; a name made of it differs between test processes.
    ids=["empty", "picture", "cut zip", "cut tar", "empty zip", "cut gzip"],
)
def test_damage_is_said_in_words(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_no_name_in_any_sentence() -> None:
    with pytest.raises(Refused) as refused:
        list(members(_zip({"DOE_JOHN.zip": _zip({"x.zip": _zip(GOOD)})})))
    assert "DOE" not in str(refused.value)


def test_packed_files_of_every_kind_come_out_one_level_deep() -> None:
    slice_, volume = to_file(image()), nifti1(ramp())
    inside = {
        "a.dcm.gz": gzip.compress(slice_), "IMG00001": slice_, "scan.img": slice_,
        "v.nii.gz": gzip.compress(volume),
    }  # fmt: skip
    for packed in (_zip(inside), gzip.compress(_tar(inside)), _tar(inside)):
        found = list(members(packed))
        assert found == [slice_, slice_, slice_, volume]
        assert [sniff(one[:1024]) for one in found] == [Kind.DICOM] * 3 + [Kind.NIFTI]
    assert list(members(gzip.compress(slice_))) == [slice_]
