"""Comments on a card, its public links, and the page of a public link."""

from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.internal.decorators import login_not_required
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.modelcards import commenting, permissions, queries, sharing
from apps.modelcards.fieldnames import titles_of
from apps.modelcards.forms_life import CommentForm, LinkForm
from apps.modelcards.models import Comment
from apps.registry.models import Version
from apps.registry.queries import version_for

#: So many threads stand on a page of comments, each with all its answers.
THREADS = 10
#: So many times a minute and address; the pages of one link, right or wrong, are counted together.
PUBLIC_RATE = {"public_card": "60/m/ip"}
#: What every answer at a public address says, whether there is something or not.
PUBLIC_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


@login_required
@require_http_methods(["GET", "POST"])
def comments(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the comments by field; write one, or answer one."""
    version = version_for(request.user, pk)
    form = CommentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        answers = queries.comment_in(version, said["answers"])
        act = {"field": said["field"], "text": said["text"], "answers": answers, "by": request.user}
        if attempt(form, commenting.comment, version, **act) is not None:
            messages.success(request, "Your comment is there.")
            return redirect(f"{reverse('modelcards:comments', args=[pk])}#{said['field']}")
    return _comments_page(request, version, form)


def _opened(given: str) -> UUID | None:
    """Return which settled thread a reader asks for; what is no id asks for none."""
    try:
        return UUID(given)
    except ValueError:
        return None


def _weight(field: tuple[str, str, str, list[Comment]]) -> int:
    """Sort first what has an open comment, then what has any."""
    threads = field[3]
    return 0 if any(not hasattr(one, "resolution") for one in threads) else 1 if threads else 2


def _comments_page(request: SignedInRequest, version: Version, form: CommentForm) -> HttpResponse:
    card = queries.card_of(version)
    threads = defaultdict(list)
    opened = _opened(request.GET.get("thread", ""))
    shown = page_of(request, queries.threads_of(version, opened), size=THREADS)
    for one in sorted(shown, key=lambda one: one.pk):
        threads[one.field].append(one)
    written = card.fields if card else {}
    fields = [
        (key, title, written.get(key, ""), threads.get(key, []))
        for key, title in titles_of(version.model.project).items()
    ]
    context = {
        "version": version,
        "project": version.model.project,
        "fields": sorted((one for one in fields if one[2] or one[3]), key=_weight),
        "empty": [one for one in fields if not (one[2] or one[3])],
        "page": shown,
        "opened": opened,
        "open": queries.open_comments_of(version),
        "form": form,
        "decision": permissions.can_comment(request.user, version.model.project),
    }
    return page(request, "modelcards/comments.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def resolve(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Settle a comment."""
    found = queries.comment_for(request.user, pk)
    commenting.resolve(found, by=request.user)
    messages.success(request, "The comment is settled.")
    return redirect(f"{reverse('modelcards:comments', args=[found.version_id])}#{found.field}")


@login_required
@require_http_methods(["GET", "POST"])
def links(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the public links of a card; owners make them. The address of a new one is shown this once."""
    version = version_for(request.user, pk)
    card = queries.card_of(version)
    form, made = LinkForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        made = attempt(form, sharing.create_link, version, by=request.user, **form.cleaned_data)
    published = queries.standing_publication(card)
    context: dict[str, Any] = {
        "version": version,
        "project": version.model.project,
        "page": page_of(request, queries.links_of(card)),
        "form": form if made is None else LinkForm(),
        "address": request.build_absolute_uri(reverse("modelcards:public", args=[made[1]])) if made else "",
        "decision": permissions.can_share(request.user, version.model.project, published),
        "may_withdraw": permissions.can_withdraw_link(request.user, version.model.project),
        "now": timezone.now(),
    }
    shown = page(request, "modelcards/links.html", context, status=422 if form.errors else 200)
    if made:
        # The address is a secret: neither a proxy nor the browser's own store keeps it.
        shown["Cache-Control"] = "no-store"
    return shown


@login_required
@require_POST
def withdraw_link(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """End a public link."""
    link = sharing.withdraw_link(queries.link_for(request.user, pk), by=request.user)
    messages.success(request, "The link shows nothing any more.")
    return redirect("modelcards:links", pk=link.card.version_id)


def _kept_nowhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give every answer of a public address its headers, also the one that refuses a verb."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        answer = view(request, *args, **named)
        for name, value in PUBLIC_HEADERS.items():
            answer[name] = value
        return answer

    return told


# Nothing but a page is to be had here, so what is refused needs no token: its absence would be told without the headers.
@csrf_exempt
@login_not_required
@_kept_nowhere
@require_GET
def public(request: HttpRequest, secret: str) -> HttpResponse:
    """Where a public link leads; what is wrong, over, withdrawn or not published is not there."""
    limit = {"app": "modelcards", "action": "public_card", "config": PUBLIC_RATE, "limit_get": True}
    if not ratelimit.consume(request, **limit):
        text, status = "Too many requests from your address. Try again in a minute.", 429
        answer = HttpResponse(text, status=status, content_type="text/plain", headers={"Retry-After": "60"})
    else:
        card = sharing.open_link(secret)
        # Without the request: no frame, no session, no message of somebody who is signed in.
        name = "modelcards/public.html" if card else "modelcards/public_404.html"
        answer = HttpResponse(render_to_string(name, {"card": card}), status=200 if card else 404)
    return answer
