from django.urls import path

from apps.experiments.views import data, experiments, runs

app_name = "experiments"
urlpatterns = [
    path("projects/<slug:slug>/experiments/", experiments.of_project, name="of_project"),
    path("projects/<slug:slug>/experiments/new/", experiments.create, name="create"),
    path("projects/<slug:slug>/runs/", runs.of_project, name="runs"),
    path("projects/<slug:slug>/runs/compare/", runs.compare, name="compare"),
    path("experiments/<uuid:pk>/", experiments.experiment, name="experiment"),
    path("experiments/<uuid:pk>/edit/", experiments.edit, name="edit"),
    path("experiments/<uuid:pk>/verdict/", experiments.verdict, name="verdict"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("projects/<slug:slug>/datasets/", data.datasets, name="datasets"),
    path("projects/<slug:slug>/features/use/", data.feature_use, name="feature_use"),
]
