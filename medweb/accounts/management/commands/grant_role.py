"""``manage.py grant_role NAME ROLE``: how a server without demo accounts gets its first administrator."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from medweb.accounts import services
from medweb.accounts.models import Role, User


class Command(BaseCommand):
    help = "Give a role to an existing account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=Role.values)

    def handle(self, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['username']!r}; make it with createsuperuser.")
        services.grant_role(user=user, role=options["role"], by=None)
        self.stdout.write(f"{user.username} is now {Role(options['role']).label}.")
