from allauth.socialaccount.providers import registry
from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "apps.identity"

    def ready(self) -> None:
        registry.load()
