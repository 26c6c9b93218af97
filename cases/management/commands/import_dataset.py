"""``manage.py import_dataset DIR --collection NAME``: a labelled set, with labels, splits and regions."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from cases.enums import BodyRegion, Modality, Visibility
from cases.management import reporting
from cases.models import Collection
from cases.services import collections, datasets
from cases.services.cleaning import DiskFull


class Command(BaseCommand):
    help = "Import a folder with manifest.csv (filename,label,split[,patient_group,mask,polygons,box])."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--collection", required=True, help="Title; found or made")
        parser.add_argument("--modality", choices=Modality.values, default=Modality.OT)
        parser.add_argument("--body-region", choices=BodyRegion.values, default=BodyRegion.OTHER)
        parser.add_argument("--source", default="", help="Source and licence, shown on every case")
        parser.add_argument("--members-only", action="store_true", help="Only invited members see the cases")
        reporting.add_arguments(parser)
        reporting.add_pixels_checked(parser)

    def handle(self, **options: Any) -> None:
        by = reporting.person(options["by"])
        folder: Path = options["folder"]
        title = options["collection"].strip()
        try:
            datasets.read_manifest(folder)
            collection = Collection.objects.filter(title=title, owner=by).first() or collections.create(
                title=title,
                visibility=Visibility.MEMBERS if options["members_only"] else Visibility.EVERYONE,
                by=by,
            )
            fields = {
                "modality": options["modality"],
                "body_region": options["body_region"],
                "source": options["source"],
            }
            report = datasets.import_dataset(
                folder=folder,
                collection=collection,
                fields=fields,
                progress=reporting.Bar(self.stderr, quiet=options["json"]),
                pixels_checked=options["pixels_checked"],
                by=by,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except DiskFull:
            raise CommandError("The disk is full. Make room, then run the command again.") from None
        reporting.write(self.stdout, report, as_json=options["json"])
