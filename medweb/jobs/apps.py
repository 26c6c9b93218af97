from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "medweb.jobs"
    label = "jobs"

    def ready(self) -> None:
        from medweb.jobs import topics  # noqa: F401  registers the live topic
