from django.urls import path

from apps.identity import views

app_name = "identity"
urlpatterns = [
    path("invitations/", views.site_invitations, name="site_invitations"),
    path("invitations/<uuid:pk>/revoke/", views.revoke, name="revoke"),
    path("invitations/<str:secret>/", views.accept, name="accept"),
    path("projects/<slug:slug>/invitations/", views.invitations, name="invitations"),
    path("groups/", views.groups, name="groups"),
    path("groups/<uuid:pk>/remove/", views.remove_rule, name="remove_rule"),
]
