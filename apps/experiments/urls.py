from django.urls import path

from apps.experiments import data_views, views

app_name = "experiments"
urlpatterns = [
    path("experiments/<uuid:pk>/", views.experiment, name="experiment"),
    path("projects/<slug:slug>/datasets/", data_views.datasets, name="datasets"),
    path("projects/<slug:slug>/features/use/", data_views.feature_use, name="feature_use"),
    path("runs/<uuid:pk>/", views.run, name="run"),
]
