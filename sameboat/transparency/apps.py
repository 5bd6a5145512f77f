from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TransparencyConfig(AppConfig):
    name = "sameboat.transparency"
    label = "transparency"

    def ready(self) -> None:
        """Read every room's `events.py`, so that any entry on the log can be told."""
        autodiscover_modules("events")
