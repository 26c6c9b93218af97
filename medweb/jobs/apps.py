from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "medweb.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Without the application, Celery sends to a broker of its own invention: every request that queues
        # a job would fail, because only workers load it by name.
        import medweb.celery  # noqa: F401
        from medweb.jobs import topics  # noqa: F401  registers the live topics
