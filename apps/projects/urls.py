from django.urls import path

from apps.projects import views

app_name = "projects"
urlpatterns = [
    path("projects/new/", views.create, name="create"),
    path("projects/<slug:slug>/brief/", views.brief, name="brief"),
    path("projects/<slug:slug>/members/", views.members, name="members"),
    path("projects/<slug:slug>/members/<uuid:pk>/remove/", views.remove_member, name="remove_member"),
]
