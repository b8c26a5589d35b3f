"""A card that is written, in review, published: through the services, as people do it."""

from apps.accounts.proofs import Proof
from apps.evidence.services import collect
from apps.modelcards import life
from apps.modelcards import services as cards
from apps.modelcards.fieldnames import fields_of
from tests.cast import PASSWORD

MEANING = "I compared it with the evidence and stand by it."


def write(version, *, by, **texts):
    """Write every required field, and what is given."""
    fields = {
        key: f"About {field.title.lower()}."
        for key, field in fields_of(version.model.project).items()
        if field.required
    }
    return cards.change_card(version, fields=fields | texts, by=by)


def publish(version, *, by, **more):
    given = {
        "meaning": MEANING,
        "evidence_digest": collect(version).digest,
        "proof": Proof(password=PASSWORD),
    }
    return life.publish(version, by=by, **(given | more))


def published(version, *, writer, publisher, **texts):
    """Write a card and publish it by somebody else."""
    write(version, by=writer, **texts)
    life.submit(version, by=writer)
    return publish(version, by=publisher)
