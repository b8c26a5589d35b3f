"""The promises of a request's life, kept by the database: duties from lineage, delegation, time, re-review."""

from apps.gates import sql


def function_of(statements: str) -> str:
    """Return the first function of some SQL, so that it replaces the one there is."""
    return statements.split("CREATE TRIGGER", 1)[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


#: Who made a version or its evidence, by what the rows say (docs/adr/0010). Services read it from here as well, so
#: that it is written once. A service account stands for its owner.
LINEAGE = """
CREATE FUNCTION gates_contributors(subject uuid) RETURNS TABLE (person_id uuid, because text)
LANGUAGE sql STABLE AS $$
    WITH hands(place, account, because) AS (
        SELECT 1, r.started_by_id, 'You started the training run'
            FROM registry_version v JOIN experiments_run r ON r.id = v.run_id WHERE v.id = subject
        UNION ALL
        SELECT 2, v.created_by_id, 'You registered this version' FROM registry_version v WHERE v.id = subject
        UNION ALL
        SELECT 3, a.created_by_id, 'You uploaded a file of the training run'
            FROM registry_version v JOIN experiments_artifact a ON a.run_id = v.run_id WHERE v.id = subject
        UNION ALL
        SELECT 4, p.uploaded_by_id, 'You uploaded the evidence'
            FROM evaluations_predictionset p WHERE p.version_id = subject
        UNION ALL
        SELECT 5, e.requested_by_id, 'You started the evaluation'
            FROM evaluations_evaluation e WHERE e.version_id = subject
        UNION ALL
        SELECT 6, c.reported_by_id, 'You reported a check' FROM registry_check c WHERE c.version_id = subject
        UNION ALL
        SELECT 7, a.answered_by_id, 'You answered the checklist'
            FROM checklists_answer a JOIN checklists_checklist c ON c.id = a.checklist_id
            WHERE c.version_id = subject
        UNION ALL
        SELECT 8, e.actor_id, 'You wrote the model card'
            FROM modelcards_card c JOIN audit_event e ON e.object_type = 'modelcards.card' AND e.object_id = c.id
            WHERE c.version_id = subject AND e.kind = 'modelcards.card_changed' AND e.actor_id IS NOT NULL
    )
    SELECT DISTINCT ON (coalesce(u.owner_id, u.id)) coalesce(u.owner_id, u.id), h.because
        FROM hands h JOIN accounts_user u ON u.id = h.account
        ORDER BY coalesce(u.owner_id, u.id), h.place
$$;
"""
LINEAGE_BACK = "DROP FUNCTION gates_contributors;"

#: A role is held by whose seat it is; the signer of a delegated seat needs none.
ROLE = function_of(sql.APPROVAL).replace(
    "s.user_id = NEW.person_id AND", "s.user_id = COALESCE(NEW.on_behalf_of_id, NEW.person_id) AND"
)
ROLE_BACK = function_of(sql.APPROVAL)

#: Signing: duties by the lineage of now, the time of the request, a delegation that runs; both people used up.
SIGNING = """
ALTER TABLE gates_approval ADD CONSTRAINT gates_approval_delegator
    FOREIGN KEY (promotion_id, on_behalf_of_id, kind) REFERENCES gates_participant (promotion_id, person_id, kind);
CREATE FUNCTION gates_guard_signer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked record;
BEGIN
    SELECT p.version_id, p.expires_at, m.project_id INTO asked FROM gates_promotion p
        JOIN registry_version v ON v.id = p.version_id JOIN registry_model m ON m.id = v.model_id
        WHERE p.id = NEW.promotion_id;
    IF asked.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'promotion % expired', NEW.promotion_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_in_time';
    END IF;
    IF EXISTS (SELECT 1 FROM gates_contributors(asked.version_id) c
               WHERE c.person_id IN (NEW.person_id, NEW.on_behalf_of_id)) THEN
        RAISE EXCEPTION 'who made a version or its evidence does not sign for it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_own_work';
    END IF;
    IF NEW.delegation_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gates_delegation d
            WHERE d.id = NEW.delegation_id AND d.delegate_id = NEW.person_id
              AND d.delegator_id = NEW.on_behalf_of_id AND d.role = NEW.role
              AND d.project_id = asked.project_id AND d.revoked_at IS NULL
              AND clock_timestamp() BETWEEN d.starts_at AND d.ends_at) THEN
        RAISE EXCEPTION 'no delegation runs by which this person signs for the other'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_delegated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_approval_signer BEFORE INSERT ON gates_approval
    FOR EACH ROW EXECUTE FUNCTION gates_guard_signer();
CREATE FUNCTION gates_use_up_signers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO gates_signer (approval_id, promotion_id, person_id, live)
            SELECT NEW.id, NEW.promotion_id, one, NEW.withdrawn_at IS NULL
            FROM unnest(ARRAY[NEW.person_id, NEW.on_behalf_of_id]) one WHERE one IS NOT NULL;
    ELSIF NEW.withdrawn_at IS NOT NULL THEN
        UPDATE gates_signer SET live = false WHERE approval_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER gates_approval_signers AFTER INSERT OR UPDATE ON gates_approval
    FOR EACH ROW EXECUTE FUNCTION gates_use_up_signers();
INSERT INTO gates_signer (approval_id, promotion_id, person_id, live)
    SELECT id, promotion_id, person_id, withdrawn_at IS NULL FROM gates_approval;
CREATE FUNCTION gates_guard_signer_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given record;
BEGIN
    SELECT * INTO given FROM gates_approval WHERE id = NEW.approval_id;
    IF NEW.live IS DISTINCT FROM (given.withdrawn_at IS NULL) OR NEW.promotion_id <> given.promotion_id
       OR NOT (NEW.person_id = given.person_id OR NEW.person_id IS NOT DISTINCT FROM given.on_behalf_of_id) THEN
        RAISE EXCEPTION 'signers follow from their signature'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_signer_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_signer_guard BEFORE INSERT OR UPDATE ON gates_signer
    FOR EACH ROW EXECUTE FUNCTION gates_guard_signer_row();
CREATE TRIGGER gates_signer_no_delete BEFORE DELETE ON gates_signer
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
SIGNING_BACK = """
DROP TRIGGER gates_signer_no_delete ON gates_signer;
DROP TRIGGER gates_signer_guard ON gates_signer;
DROP FUNCTION gates_guard_signer_row;
DROP TRIGGER gates_approval_signers ON gates_approval;
DROP FUNCTION gates_use_up_signers;
DROP TRIGGER gates_approval_signer ON gates_approval;
DROP FUNCTION gates_guard_signer;
ALTER TABLE gates_approval DROP CONSTRAINT gates_approval_delegator;
"""

#: A request expires when its time is over and not before; what expired, or was signed by a maker, moves nothing.
TIME = """
CREATE FUNCTION gates_guard_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'expired' AND (NEW.expires_at IS NULL OR NEW.expires_at > clock_timestamp()) THEN
        RAISE EXCEPTION 'promotion % has not expired', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_expires_in_time';
    END IF;
    IF NEW.state = 'promoted' AND NEW.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'promotion % expired', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_in_time';
    END IF;
    IF NEW.state = 'promoted' AND EXISTS (SELECT 1 FROM gates_signer s
            JOIN gates_contributors(NEW.version_id) c ON c.person_id = s.person_id
            WHERE s.promotion_id = NEW.id AND s.live) THEN
        RAISE EXCEPTION 'who made a version or its evidence signed for it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_own_work';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_life BEFORE UPDATE ON gates_promotion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_life();
"""
TIME_BACK = """
DROP TRIGGER gates_promotion_life ON gates_promotion;
DROP FUNCTION gates_guard_life;
"""

#: No circles, and one delegate at a time for a role; looked at under one lock per project. Revoked once, else fixed.
DELEGATION = """
CREATE FUNCTION gates_guard_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
           OR (to_jsonb(NEW) - 'revoked_at' - 'lock_version' - 'updated_at')
              IS DISTINCT FROM (to_jsonb(OLD) - 'revoked_at' - 'lock_version' - 'updated_at') THEN
            RAISE EXCEPTION 'a delegation can only be ended, once'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_delegation_fixed';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('gates_delegation:' || NEW.project_id, 20819));
    IF EXISTS (SELECT 1 FROM gates_delegation d WHERE d.project_id = NEW.project_id AND d.revoked_at IS NULL
               AND d.delegator_id = NEW.delegator_id AND d.role = NEW.role
               AND tstzrange(d.starts_at, d.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at)) THEN
        RAISE EXCEPTION 'somebody signs for this person in that time already'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_delegation_overlap';
    END IF;
    IF EXISTS (
        WITH RECURSIVE onward(person_id) AS (
            SELECT NEW.delegate_id
            UNION
            SELECT d.delegate_id FROM gates_delegation d JOIN onward o ON d.delegator_id = o.person_id
                WHERE d.project_id = NEW.project_id AND d.revoked_at IS NULL
                  AND tstzrange(d.starts_at, d.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at))
        SELECT 1 FROM onward WHERE person_id = NEW.delegator_id) THEN
        RAISE EXCEPTION 'delegation goes in a circle'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_delegation_circle';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_delegation_guard BEFORE INSERT OR UPDATE ON gates_delegation
    FOR EACH ROW EXECUTE FUNCTION gates_guard_delegation();
CREATE TRIGGER gates_delegation_no_delete BEFORE DELETE ON gates_delegation
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
DELEGATION_BACK = """
DROP TRIGGER gates_delegation_no_delete ON gates_delegation;
DROP TRIGGER gates_delegation_guard ON gates_delegation;
DROP FUNCTION gates_guard_delegation;
"""

#: A review that is closed stays closed; it is confirmed by a re-review of its version that was signed.
REVIEW = """
CREATE FUNCTION gates_guard_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'review % is closed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_review_closed_for_good';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.version_id, NEW.promotion_id, NEW.opens_at, NEW.due_at)
       IS DISTINCT FROM (OLD.version_id, OLD.promotion_id, OLD.opens_at, OLD.due_at) THEN
        RAISE EXCEPTION 'the dates of review % are fixed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_review_fixed';
    END IF;
    IF NEW.state = 'confirmed' AND NOT EXISTS (SELECT 1 FROM gates_promotion p WHERE p.id = NEW.confirmed_by_id
            AND p.version_id = NEW.version_id AND p.purpose = 'review' AND p.state = 'promoted') THEN
        RAISE EXCEPTION 'a re-review is confirmed by its signed request'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_review_signed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_review_guard BEFORE INSERT OR UPDATE ON gates_review
    FOR EACH ROW EXECUTE FUNCTION gates_guard_review();
CREATE TRIGGER gates_review_no_delete BEFORE DELETE ON gates_review
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
REVIEW_BACK = """
DROP TRIGGER gates_review_no_delete ON gates_review;
DROP TRIGGER gates_review_guard ON gates_review;
DROP FUNCTION gates_guard_review;
"""
