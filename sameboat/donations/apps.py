from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "sameboat.donations"
    label = "donations"
