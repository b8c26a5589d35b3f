"""A sealer for the pages that show seals, and a version that was promoted with a signature."""

import pytest

from apps.accounts.proofs import Proof
from apps.gates import services as gates
from tests.audit.conftest import seal, sealing
from tests.cast import PASSWORD

__all__ = ["seal", "sealing"]


@pytest.fixture
def promoted(ready, dev, ben, rita, seal):
    """A version that went to staging and production, signed for by whom the policy asks."""
    for stage, signers in (("staging", [ben]), ("production", [ben, rita])):
        promotion = gates.request_promotion(ready, to_stage=stage, by=dev)
        for signer in signers:
            gates.approve(
                promotion,
                by=signer,
                proof=Proof(password=PASSWORD),
                digest=promotion.evidence_digest,
                meaning=_meaning(promotion),
                comment="I read it all.",
            )
        ready.refresh_from_db()
    assert ready.stage == "production"
    seal()
    return ready


def _meaning(promotion):
    from apps.policies.queries import pack_of

    pack = pack_of(promotion.policy_revision)
    return pack.gate(pack.transition(promotion.from_stage, promotion.to_stage).gate).meanings[0]
