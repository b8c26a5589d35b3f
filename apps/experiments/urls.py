from django.urls import path

from apps.experiments import views

app_name = "experiments"
urlpatterns = [
    path("experiments/<uuid:pk>/", views.experiment, name="experiment"),
    path("runs/<uuid:pk>/", views.run, name="run"),
]
