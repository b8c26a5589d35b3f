"""The promises of a promotion, kept by the database: see docs/adr/0004 and each statement's comment."""

#: Composite keys that Django's own fields cannot say.
KEYS = """
ALTER TABLE gates_participant ADD CONSTRAINT gates_participant_kind_key UNIQUE (promotion_id, person_id, kind);
-- Who asked or contributed is no approver: the key (promotion, person) admits one kind (guarantee 1).
ALTER TABLE gates_approval ADD CONSTRAINT gates_approval_participant
    FOREIGN KEY (promotion_id, person_id, kind) REFERENCES gates_participant (promotion_id, person_id, kind);
-- What was signed cannot change afterwards, and an old digest cannot be signed (guarantee 2).
ALTER TABLE gates_approval ADD CONSTRAINT gates_approval_digest
    FOREIGN KEY (promotion_id, evidence_digest) REFERENCES gates_promotion (id, evidence_digest);
-- Each move begins where the one before ended, and is one that the policy allows (guarantee 6).
ALTER TABLE gates_transition ADD CONSTRAINT gates_transition_chain
    FOREIGN KEY (version_id, previous, from_stage) REFERENCES gates_transition (version_id, sequence, to_stage);
ALTER TABLE gates_transition ADD CONSTRAINT gates_transition_allowed
    FOREIGN KEY (policy_revision_id, from_stage, to_stage)
    REFERENCES policies_allowedtransition (revision_id, from_stage, to_stage);
"""
KEYS_BACK = """
ALTER TABLE gates_transition DROP CONSTRAINT gates_transition_allowed;
ALTER TABLE gates_transition DROP CONSTRAINT gates_transition_chain;
ALTER TABLE gates_approval DROP CONSTRAINT gates_approval_digest;
ALTER TABLE gates_approval DROP CONSTRAINT gates_approval_participant;
ALTER TABLE gates_participant DROP CONSTRAINT gates_participant_kind_key;
"""

#: A signature: by a person, with that role, on an open request, minutes after proving who they are (guarantee 3).
APPROVAL = """
CREATE FUNCTION gates_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
           OR (to_jsonb(NEW) - 'withdrawn_at' - 'withdrawal_reason')
              IS DISTINCT FROM (to_jsonb(OLD) - 'withdrawn_at' - 'withdrawal_reason') THEN
            RAISE EXCEPTION 'a signature can only be withdrawn, once'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_immutable';
        END IF;
    ELSE
        NEW.signed_at := clock_timestamp();
    END IF;
    IF NOT EXISTS (SELECT 1 FROM gates_promotion WHERE id = NEW.promotion_id AND state = 'open') THEN
        RAISE EXCEPTION 'promotion % is not open', NEW.promotion_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_open_only';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.person_id
              AND u.kind = 'person' AND u.is_active
              AND r.at > clock_timestamp() - interval '5 minutes') THEN
        RAISE EXCEPTION 'a signature needs the signer''s own confirmation of the last five minutes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_reauthenticated';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM gates_promotion p
            JOIN registry_version v ON v.id = p.version_id JOIN registry_model m ON m.id = v.model_id
            JOIN projects_membership s ON s.project_id = m.project_id
            WHERE p.id = NEW.promotion_id AND s.user_id = NEW.person_id AND s.role = NEW.role) THEN
        RAISE EXCEPTION 'the signer does not have the role % in this project', NEW.role
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_role_held';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_approval_guard BEFORE INSERT OR UPDATE ON gates_approval
    FOR EACH ROW EXECUTE FUNCTION gates_guard_approval();
CREATE TRIGGER gates_approval_no_delete BEFORE DELETE ON gates_approval
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER gates_approval_no_truncate BEFORE TRUNCATE ON gates_approval
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
APPROVAL_BACK = """
DROP TRIGGER gates_approval_no_truncate ON gates_approval;
DROP TRIGGER gates_approval_no_delete ON gates_approval;
DROP TRIGGER gates_approval_guard ON gates_approval;
DROP FUNCTION gates_guard_approval;
"""

#: What a request was about never changes; a closed one stays closed; promotion needs its quorum (guarantee 4).
PROMOTION = """
CREATE FUNCTION gates_guard_promotion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    short text;
BEGIN
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'promotion % is closed (%)', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_closed_for_good';
    END IF;
    IF (to_jsonb(NEW) - 'state' - 'closed_at' - 'lock_version' - 'updated_at')
       IS DISTINCT FROM (to_jsonb(OLD) - 'state' - 'closed_at' - 'lock_version' - 'updated_at') THEN
        RAISE EXCEPTION 'what promotion % asks for cannot change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_fixed';
    END IF;
    IF NEW.state <> 'promoted' THEN
        RETURN NEW;
    END IF;
    IF NEW.verdict ->> 'state' IS DISTINCT FROM 'pass' THEN
        RAISE EXCEPTION 'the gate did not pass'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_passed';
    END IF;
    IF EXISTS (SELECT 1 FROM gates_approval WHERE promotion_id = NEW.id AND withdrawn_at IS NULL
               AND decision <> 'approve') THEN
        RAISE EXCEPTION 'a reviewer said no, and has not taken it back'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_no_rejection';
    END IF;
    IF NEW.needs_approval AND NOT EXISTS (SELECT 1 FROM gates_requiredrole WHERE promotion_id = NEW.id) THEN
        RAISE EXCEPTION 'nobody is named who may approve'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_quorum';
    END IF;
    SELECT string_agg(r.role, ', ') INTO short FROM gates_requiredrole r
        WHERE r.promotion_id = NEW.id AND r.count > (
            SELECT count(DISTINCT a.person_id) FROM gates_approval a
            WHERE a.promotion_id = NEW.id AND a.role = r.role AND a.withdrawn_at IS NULL
              AND a.decision = 'approve' AND a.evidence_digest = NEW.evidence_digest);
    IF short IS NOT NULL THEN
        RAISE EXCEPTION 'approvals are missing from: %', short
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_quorum';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_guard BEFORE UPDATE ON gates_promotion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_promotion();
CREATE TRIGGER gates_promotion_no_delete BEFORE DELETE ON gates_promotion
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE FUNCTION gates_guard_new_promotion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state NOT IN ('open', 'refused') THEN
        RAISE EXCEPTION 'a promotion begins open or refused, not %', NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_begins_open';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM evidence_snapshot s WHERE s.id = NEW.snapshot_id
            AND s.version_id = NEW.version_id AND s.digest = NEW.evidence_digest) THEN
        RAISE EXCEPTION 'the snapshot is not this version''s, or has another digest'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_snapshot';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_begin BEFORE INSERT ON gates_promotion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_new_promotion();
"""
PROMOTION_BACK = """
DROP TRIGGER gates_promotion_begin ON gates_promotion;
DROP FUNCTION gates_guard_new_promotion;
DROP TRIGGER gates_promotion_no_delete ON gates_promotion;
DROP TRIGGER gates_promotion_guard ON gates_promotion;
DROP FUNCTION gates_guard_promotion;
"""

#: The stage of a version is what its newest transition says, judged at commit (guarantee 6).
STAGE = """
CREATE FUNCTION gates_guard_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence = 1 AND NOT EXISTS (
            SELECT 1 FROM registry_version WHERE id = NEW.version_id AND stage = NEW.from_stage) THEN
        RAISE EXCEPTION 'the first move of a version begins at the stage it is in'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_begins';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_transition_begin BEFORE INSERT ON gates_transition
    FOR EACH ROW EXECUTE FUNCTION gates_guard_transition();
CREATE FUNCTION gates_hold_stage() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := CASE WHEN TG_TABLE_NAME = 'registry_version' THEN (to_jsonb(NEW) ->> 'id')::uuid
                         ELSE (to_jsonb(NEW) ->> 'version_id')::uuid END;
    actual text;
    newest record;
BEGIN
    SELECT stage INTO actual FROM registry_version WHERE id = subject;
    SELECT t.to_stage, t.from_stage, t.kind, t.promotion_id, p.state, p.version_id AS asked, p.to_stage AS wanted
        INTO newest FROM gates_transition t LEFT JOIN gates_promotion p ON p.id = t.promotion_id
        WHERE t.version_id = subject ORDER BY t.sequence DESC LIMIT 1;
    IF NOT FOUND THEN
        IF actual = 'production' OR (TG_OP = 'UPDATE' AND to_jsonb(OLD) ->> 'stage' IS DISTINCT FROM actual) THEN
            RAISE EXCEPTION 'version % is in stage % without a transition', subject, actual
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_stage_follows_transition';
        END IF;
        RETURN NULL;
    END IF;
    IF newest.to_stage IS DISTINCT FROM actual THEN
        RAISE EXCEPTION 'version % is in stage %, but its newest transition ends in %', subject, actual, newest.to_stage
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_stage_follows_transition';
    END IF;
    IF newest.kind = 'promoted' AND (newest.state IS DISTINCT FROM 'promoted'
            OR newest.asked IS DISTINCT FROM subject OR newest.wanted IS DISTINCT FROM newest.to_stage) THEN
        RAISE EXCEPTION 'the newest transition of version % is not what its promotion allowed', subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_was_allowed';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER registry_version_stage AFTER INSERT OR UPDATE ON registry_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_hold_stage();
CREATE CONSTRAINT TRIGGER gates_transition_stage AFTER INSERT ON gates_transition
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_hold_stage();
"""
STAGE_BACK = """
DROP TRIGGER gates_transition_stage ON gates_transition;
DROP TRIGGER registry_version_stage ON registry_version;
DROP FUNCTION gates_hold_stage;
DROP TRIGGER gates_transition_begin ON gates_transition;
DROP FUNCTION gates_guard_transition;
"""
