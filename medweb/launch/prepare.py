"""Run once before the web server: bring the database up to date and load the sample library's first case.

One process for all of it, because starting Django costs more than each of these steps. What the sample
library prints (the accounts one can sign in with) goes to standard output, which the launcher shows.
"""

import os
import sys

import django
from django.core.management import call_command, get_commands
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from medweb import env

SAMPLES = "load_sample_library"
TERMS = "load_terms"


def behind() -> bool:
    """Whether some migration has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def main() -> int:
    """Prepare; returns the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
    django.setup()
    if behind():
        call_command("migrate", interactive=False, verbosity=1, stdout=sys.stderr)
    if TERMS in get_commands():
        call_command(TERMS, "--starter", verbosity=0)
    if env.flag("MEDWEB_SAMPLE_LIBRARY") and SAMPLES in get_commands():
        call_command(SAMPLES, "--flagship")
        # The rest is a job of the workers; queued once the first case stands, so that it comes after it.
        call_command(SAMPLES, "--queue-rest", stdout=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
