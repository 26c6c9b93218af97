from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "medweb.accounts"
    label = "accounts"
