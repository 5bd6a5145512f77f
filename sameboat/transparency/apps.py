from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "sameboat.transparency"
    label = "transparency"
