from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "medweb.audit"
    label = "audit"
