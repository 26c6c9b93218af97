from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from cases import tasks, topics  # noqa: F401  registers jobs and live topics
        from cases.services import searching  # noqa: F401  keeps the search index when rows are saved
