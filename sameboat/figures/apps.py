from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "sameboat.figures"
    label = "figures"
