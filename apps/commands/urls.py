from django.urls import path

from apps.commands import views

app_name = "commands"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("commands/<slug:name>/", views.command, name="command"),
]
