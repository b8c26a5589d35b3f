from django.apps import AppConfig


class MlflowConfig(AppConfig):
    name = "apps.mlflow"
