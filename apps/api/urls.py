"""The addresses of the interface for pipelines."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.api import (
    costs,
    evaluations,
    experiments,
    gates,
    jobs,
    judgement,
    openapi,
    problems,
    projects,
    reference,
    registry,
    site,
)

#: Importing it registers how OpenAPI names the ways to sign in.
assert openapi

urlpatterns = [
    path("docs/", reference.reference, name="api-docs"),
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("v1/me", site.Me.as_view()),
    path("v1/policies/<slug:slug>", site.PolicyOne.as_view()),
    path("v1/projects", projects.Projects.as_view()),
    path("v1/projects/<uuid:pk>", projects.ProjectOne.as_view()),
    path("v1/projects/<uuid:pk>/brief", projects.BriefOne.as_view()),
    path("v1/projects/<uuid:pk>/members", projects.Members.as_view()),
    path("v1/projects/<uuid:pk>/data-sources", projects.DataSources.as_view()),
    path("v1/projects/<uuid:pk>/datasets", projects.Datasets.as_view()),
    path("v1/projects/<uuid:pk>/experiments", experiments.Experiments.as_view()),
    path("v1/projects/<uuid:pk>/models", registry.Models.as_view()),
    path("v1/projects/<uuid:pk>/costs", costs.Costs.as_view()),
    path("v1/projects/<uuid:pk>/budget", costs.BudgetOne.as_view()),
    path("v1/projects/<uuid:pk>/audit", site.ProjectAudit.as_view()),
    path("v1/experiments/<uuid:pk>", experiments.ExperimentOne.as_view()),
    path("v1/experiments/<uuid:pk>/runs", experiments.Runs.as_view()),
    path("v1/runs/<uuid:pk>", experiments.RunOne.as_view()),
    path("v1/runs/<uuid:pk>/metrics", experiments.Metrics.as_view()),
    path("v1/runs/<uuid:pk>/artifacts", experiments.Artifacts.as_view()),
    path("v1/runs/<uuid:pk>/end", experiments.RunEnd.as_view()),
    path("v1/models/<uuid:pk>", registry.ModelOne.as_view()),
    path("v1/models/<uuid:pk>/versions", registry.Versions.as_view()),
    path("v1/versions/<uuid:pk>", registry.VersionOne.as_view()),
    path("v1/versions/<uuid:pk>/artifacts", registry.Artifacts.as_view()),
    path("v1/versions/<uuid:pk>/checks", registry.Checks.as_view()),
    path("v1/versions/<uuid:pk>/checks/reports", registry.CheckReports.as_view()),
    path("v1/versions/<uuid:pk>/predictions", evaluations.Predictions.as_view()),
    path("v1/versions/<uuid:pk>/evaluations", evaluations.Evaluations.as_view()),
    path("v1/versions/<uuid:pk>/evidence", gates.EvidenceOne.as_view()),
    path("v1/versions/<uuid:pk>/gate", gates.GateOne.as_view()),
    path("v1/versions/<uuid:pk>/promotions", gates.Promotions.as_view()),
    path("v1/versions/<uuid:pk>/checklists/<slug:key>", judgement.ChecklistOne.as_view()),
    path("v1/versions/<uuid:pk>/rubric", judgement.RubricOne.as_view()),
    path("v1/versions/<uuid:pk>/rubric/suggestion", judgement.RubricSuggest.as_view()),
    path("v1/versions/<uuid:pk>/card", judgement.CardOne.as_view()),
    path("v1/versions/<uuid:pk>/card/pdf", judgement.CardPdf.as_view()),
    path("v1/predictions/<uuid:pk>/evaluations", evaluations.EvaluationStart.as_view()),
    path("v1/evaluations/<uuid:pk>", evaluations.EvaluationOne.as_view()),
    path("v1/promotions/<uuid:pk>", gates.PromotionOne.as_view()),
    path("v1/promotions/<uuid:pk>/withdraw", gates.PromotionWithdraw.as_view()),
    path("v1/jobs/<uuid:pk>", jobs.JobOne.as_view()),
    path("v1/jobs/<uuid:pk>/cancel", jobs.JobCancel.as_view()),
    re_path(r"^v1/", problems.not_found),
]
