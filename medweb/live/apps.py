from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "medweb.live"
    label = "live"
