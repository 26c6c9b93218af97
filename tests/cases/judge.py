"""Do the job that judges uploads here and now, and an archive to give it."""

import tarfile
from io import BytesIO

from medweb.jobs.models import Job
from medweb.jobs.run import work


def judge(*sent):
    """Do the job; its end. The rows of ``sent`` are read again."""
    ended = work(Job.objects.latest("pk").pk)
    for upload in sent:
        upload.refresh_from_db()
    return ended


def tar(*members):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for number, data in enumerate(members):
            entry = tarfile.TarInfo(f"{number}.dcm")
            entry.size = len(data)
            file.addfile(entry, BytesIO(data))
    return out.getvalue()
