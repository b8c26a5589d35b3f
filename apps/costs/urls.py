from django.urls import path

from apps.costs import views

app_name = "costs"
urlpatterns = [path("projects/<slug:slug>/costs/", views.project, name="project")]
