from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "sameboat.site"
    label = "site"
