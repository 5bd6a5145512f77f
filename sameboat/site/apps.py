from pathlib import Path

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "sameboat.site"
    label = "site"

    def ready(self) -> None:
        """Compile the translations that changed since they were last compiled: they are kept as text only."""
        from sameboat.site.catalogue import compile_stale

        compile_stale(Path(self.path) / "locale")
