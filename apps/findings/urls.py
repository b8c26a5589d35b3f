from django.urls import path

from apps.findings import views

app_name = "findings"
urlpatterns = [
    path("projects/<slug:slug>/findings/", views.project, name="project"),
    path("findings/<uuid:pk>/", views.finding, name="finding"),
]
