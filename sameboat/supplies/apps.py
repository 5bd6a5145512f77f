from django.apps import AppConfig


class SuppliesConfig(AppConfig):
    name = "sameboat.supplies"
    label = "supplies"
