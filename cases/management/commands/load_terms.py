"""``manage.py load_terms FILE``: a terminology from CSV or OWL; ``--starter`` for the small one here."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.enums import TermSystem
from cases.exchange.terms import COLUMNS
from cases.services import term_loading

MOST_TOLD = 20


class Command(BaseCommand):
    help = (
        "Load coded terms. CSV in UTF-8 with a heading line of "
        f"{', '.join(COLUMNS)} (code and display must be there; synonyms are parted by |, one may begin with "
        "its language as de:Lunge; parent is a code of the same system), or OWL as RDF/XML, such as RadLex. "
        "Loading a file again changes only what is different."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--starter", action="store_true", help="The small set that comes with MedWeb")
        parser.add_argument(
            "--system", default="", choices=["", *TermSystem.values], help="Of rows that name none"
        )
        parser.add_argument("--language", default="en", help="Of rows that name none (default: en)")

    def handle(self, **options: Any) -> None:
        path = term_loading.STARTER if options["starter"] else options["file"]
        if path is None:
            raise CommandError("Name a file, or ask for the set that comes along with --starter.")
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        quiet = options["verbosity"] == 0

        def told(loaded: term_loading.Loaded) -> None:
            if not quiet and loaded.total % 10_000 < term_loading.BATCH:
                self.stdout.write(f"{loaded.total:,} terms read")

        try:
            loaded = term_loading.load(
                path, system=options["system"], language=options["language"], told=told, by=None
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        for bad in loaded.wrong[:MOST_TOLD]:
            self.stderr.write(f"Line {bad.line} {bad.sentence}")
        if len(loaded.wrong) > MOST_TOLD:
            self.stderr.write(f"… and {len(loaded.wrong) - MOST_TOLD:,} more lines that cannot be used.")
        if not quiet:
            self.stdout.write(
                f"{loaded.made:,} made, {loaded.changed:,} changed, {loaded.same:,} as they were, "
                f"{len(loaded.wrong):,} left out."
            )
