from django.urls import path

from apps.rubrics import views

app_name = "rubrics"
urlpatterns = [
    path("rubrics/", views.comparison, name="comparison"),
    path("versions/<uuid:pk>/rubric/", views.rubric, name="rubric"),
    path("versions/<uuid:pk>/rubric/suggestion/", views.suggest, name="suggest"),
    path("versions/<uuid:pk>/rubric/consensus/", views.consensus, name="consensus"),
    path("versions/<uuid:pk>/rubric/round/", views.new_round, name="round"),
]
