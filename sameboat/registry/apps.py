from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "sameboat.registry"
    label = "registry"
