from django.urls import path

from apps.registry import views

app_name = "registry"
urlpatterns = [
    path("models/<uuid:pk>/", views.model, name="model"),
    path("models/<uuid:pk>/retirement/", views.retirement, name="retirement"),
]
