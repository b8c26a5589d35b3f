from django.urls import path

from apps.policies.views import drafts, guides, revisions

app_name = "policies"
urlpatterns = [
    path("guides/", guides.guides, name="guides"),
    path("policies/", drafts.policies, name="policies"),
    path("policies/drafts/new/", drafts.start, name="start"),
    path("policies/drafts/check/", drafts.check, name="check"),
    path("policies/drafts/sync/", drafts.sync, name="sync"),
    path("policies/drafts/<uuid:pk>/", drafts.draft, name="draft"),
    path("policies/drafts/<uuid:pk>/edit/", drafts.edit, name="edit"),
    path("policies/drafts/<uuid:pk>/act/", drafts.act, name="act"),
    path("policies/drafts/<uuid:pk>/withdraw/", drafts.withdraw, name="withdraw"),
    path("policies/drafts/<uuid:pk>/publish/", drafts.publish, name="publish"),
    path("policies/<slug:slug>/<int:number>/", revisions.revision, name="revision"),
]
