"""Writing and sending e-mails. An e-mail is written when it is sent, and holds what its reader may see then."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from apps.notifications.models import Mail, Notice
from apps.notifications.queries import notices_for

#: A digest lists so many; the rest stands in the portal.
LISTED = 100


class CannotSend(Exception):
    """The mail server did not take it; the text says why."""


def written(mail: Mail) -> EmailMessage | None:
    """Return the e-mail, or None when there is nothing in it that its reader may still see."""
    if not mail.person.is_active:
        return None
    notices = list(notices_for(mail.person).filter(mail=mail).order_by("id"))
    if not notices:
        return None
    parts = [_paragraph(notice) for notice in notices[:LISTED]]
    if len(notices) > LISTED:
        parts.append(f"And {len(notices) - LISTED} more in the portal.")
    parts.append(
        "-- \nYou get this because of your choices at "
        f"{settings.BASE_URL}{reverse('notifications:preferences')}"
    )
    return EmailMessage(
        subject=one_line(_subject(mail, notices)),
        body="\n\n".join(parts),
        to=[mail.person.email],
        # RFC 3834: machines must not answer machines.
        headers={"Auto-Submitted": "auto-generated", "Message-ID": f"<{mail.pk}@{_domain()}>"},
    )


def one_line(text: str) -> str:
    """Return ``text`` fit for a header: without line breaks and controls, which could begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]


def _subject(mail: Mail, notices: list[Notice]) -> str:
    if mail.day:
        return f"[mlgov] {len(notices)} new {'notice' if len(notices) == 1 else 'notices'}, {mail.day.isoformat()}"
    return f"[mlgov] {notices[0].title}: {notices[0].subject_label}"


def _paragraph(notice: Notice) -> str:
    lines = [f"{notice.project.name}: {notice.title}" if notice.project else notice.title, notice.sentence]
    if notice.link:
        lines.append(settings.BASE_URL + notice.link)
    return "\n".join(lines)


def _domain() -> str:
    return one_line(settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >")) or "localhost"


def send(message: EmailMessage) -> None:
    """Hand an e-mail to the mail server; raises CannotSend."""
    try:
        message.send()
    except (SMTPException, OSError) as error:
        raise CannotSend(f"{type(error).__name__}: {str(error)[:300]}") from error
