from django.urls import path

from apps.registry import views

app_name = "registry"
urlpatterns = [
    path("models/<uuid:pk>/", views.model, name="model"),
    path("checks/<uuid:pk>/", views.check, name="check"),
    path("checks/<uuid:pk>/report/", views.report, name="check_report"),
    path("models/<uuid:pk>/retirement/", views.retirement, name="retirement"),
]
