from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"

    def ready(self) -> None:
        from analysis import signals, tasks, topics  # noqa: F401  registers receivers, jobs, live topics
