"""``manage.py load_sample_library``: cases to try the program with, and the demo accounts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from cases.services import sample_library
from medweb.accounts import demo


class Command(BaseCommand):
    help = "Load the sample library; without options, the first cases now and the rest as a job."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--flagship", action="store_true", help="Only the accounts and the first cases")
        parser.add_argument("--queue-rest", action="store_true", help="Only queue the rest")

    def handle(self, **options: Any) -> None:
        both = options["flagship"] == options["queue_rest"]
        if both or options["flagship"]:
            sample_library.load_first()
            accounts = demo.shown()
            if accounts:
                self.stdout.write(f"Demo accounts, password {demo.PASSWORD}")
            for name, roles in accounts:
                self.stdout.write(f"  {name:<12} {roles}")
        if both or options["queue_rest"]:
            job = sample_library.queue_rest()
            if job is not None:
                self.stdout.write("The rest of the sample library is loading in the background.")
