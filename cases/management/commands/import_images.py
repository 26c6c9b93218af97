"""``manage.py import_images PATH...``: files, folders, archives and DICOM series as draft cases."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from cases.management import reporting
from cases.models import Collection
from cases.services import collections, imports
from cases.services.cleaning import DiskFull


class Command(BaseCommand):
    help = "Import images as draft cases, one case a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--collection", default="", help="Title; found or made")
        reporting.add_arguments(parser)
        reporting.add_pixels_checked(parser)

    def handle(self, **options: Any) -> None:
        by = reporting.person(options["by"])
        title = options["collection"].strip()
        try:
            collection = None
            if title:
                collection = Collection.objects.filter(title=title, owner=by).first() or collections.create(
                    title=title, by=by
                )
            report = imports.import_images(
                paths=options["paths"],
                collection=collection,
                progress=reporting.Bar(self.stderr, quiet=options["json"]),
                pixels_checked=options["pixels_checked"],
                by=by,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except DiskFull:
            raise CommandError("The disk is full. Make room, then run the command again.") from None
        reporting.write(self.stdout, report, as_json=options["json"])
