from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "apps.policies"

    def ready(self) -> None:
        from apps.policies import checks  # noqa: F401, PLC0415 - registers the system check
