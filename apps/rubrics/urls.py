from django.urls import path

from apps.rubrics import views

app_name = "rubrics"
urlpatterns = [
    path("versions/<uuid:pk>/rubric/", views.rubric, name="rubric"),
    path("versions/<uuid:pk>/rubric/suggestion/", views.suggest, name="suggest"),
]
