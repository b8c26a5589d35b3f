from django.urls import path

from apps.identity import views, views_trusts

app_name = "identity"
urlpatterns = [
    path("invitations/", views.site_invitations, name="site_invitations"),
    path("invitations/<uuid:pk>/revoke/", views.revoke, name="revoke"),
    path("invitations/<str:secret>/", views.accept, name="accept"),
    path("projects/<slug:slug>/invitations/", views.invitations, name="invitations"),
    path("projects/<slug:slug>/trusts/", views_trusts.trusts, name="trusts"),
    path("projects/<slug:slug>/trusts/new/<slug:kind>/", views_trusts.new, name="new_trust"),
    path("trusts/<uuid:pk>/", views_trusts.trust, name="trust"),
    path("trusts/<uuid:pk>/withdraw/", views_trusts.withdraw, name="withdraw_trust"),
    path("groups/", views.groups, name="groups"),
    path("groups/<uuid:pk>/remove/", views.remove_rule, name="remove_rule"),
]
