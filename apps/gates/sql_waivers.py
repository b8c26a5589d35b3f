"""The promises of a waiver, kept by the database: guarantee 9, docs/adr/0012."""

KEYS = """
ALTER TABLE gates_waiverparty ADD CONSTRAINT gates_waiverparty_kind_key UNIQUE (waiver_id, person_id, kind);
-- Who asked or had a hand in the version is no granter: the key (waiver, person) admits one kind.
ALTER TABLE gates_waivergrant ADD CONSTRAINT gates_waivergrant_party
    FOREIGN KEY (waiver_id, person_id, kind) REFERENCES gates_waiverparty (waiver_id, person_id, kind);
"""
KEYS_BACK = """
ALTER TABLE gates_waivergrant DROP CONSTRAINT gates_waivergrant_party;
ALTER TABLE gates_waiverparty DROP CONSTRAINT gates_waiverparty_kind_key;
"""

#: By a person with that role, minutes after proving who they are, while the waiver waits and its time is not over.
GRANT = """
CREATE FUNCTION gates_guard_waivergrant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.granted_at := clock_timestamp();
    IF NOT EXISTS (SELECT 1 FROM gates_waiver WHERE id = NEW.waiver_id AND state = 'asked'
                   AND granted_by_role = NEW.role AND until > clock_timestamp()) THEN
        RAISE EXCEPTION 'waiver % does not wait for a grant by %', NEW.waiver_id, NEW.role
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waivergrant_waits';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.person_id
              AND u.kind = 'person' AND u.is_active
              AND r.at > clock_timestamp() - interval '5 minutes') THEN
        RAISE EXCEPTION 'a waiver needs the granter''s own confirmation of the last five minutes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waivergrant_reauthenticated';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM gates_waiver w
            JOIN registry_version v ON v.id = w.version_id JOIN registry_model m ON m.id = v.model_id
            JOIN projects_membership s ON s.project_id = m.project_id
            WHERE w.id = NEW.waiver_id AND s.user_id = NEW.person_id AND s.role = NEW.role) THEN
        RAISE EXCEPTION 'the granter does not have the role % in this project', NEW.role
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waivergrant_role_held';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_waivergrant_guard BEFORE INSERT ON gates_waivergrant
    FOR EACH ROW EXECUTE FUNCTION gates_guard_waivergrant();
"""
GRANT_BACK = (
    "DROP TRIGGER gates_waivergrant_guard ON gates_waivergrant; DROP FUNCTION gates_guard_waivergrant;"
)

#: What a waiver covers never changes, least of all its end; it is granted by a signature; over is over.
WAIVER = """
CREATE FUNCTION gates_guard_waiver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'a waiver begins as asked, not %', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waiver_begins_asked';
        END IF;
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - 'state' - 'closed_by_id' - 'closed_at' - 'closing_reason' - 'lock_version' - 'updated_at')
       IS DISTINCT FROM
       (to_jsonb(OLD) - 'state' - 'closed_by_id' - 'closed_at' - 'closing_reason' - 'lock_version' - 'updated_at') THEN
        RAISE EXCEPTION 'what waiver % covers cannot change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waiver_fixed';
    END IF;
    IF NOT (OLD.state = 'asked' AND NEW.state IN ('granted', 'refused', 'withdrawn', 'ended')
            OR OLD.state = 'granted' AND NEW.state IN ('revoked', 'ended')) THEN
        RAISE EXCEPTION 'waiver % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waiver_moves';
    END IF;
    IF NEW.state = 'granted' AND NOT EXISTS (SELECT 1 FROM gates_waivergrant WHERE waiver_id = NEW.id) THEN
        RAISE EXCEPTION 'nobody signed waiver %', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_waiver_signed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_waiver_guard BEFORE INSERT OR UPDATE ON gates_waiver
    FOR EACH ROW EXECUTE FUNCTION gates_guard_waiver();
CREATE TRIGGER gates_waiver_no_delete BEFORE DELETE ON gates_waiver
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
WAIVER_BACK = """
DROP TRIGGER gates_waiver_no_delete ON gates_waiver;
DROP TRIGGER gates_waiver_guard ON gates_waiver;
DROP FUNCTION gates_guard_waiver;
"""

#: At the moment of promotion each waiver that the verdict rests on must hold, for this version and evidence.
#: The lock makes a promotion and a revocation of the same moment take turns.
HOLDS = """
CREATE FUNCTION gates_guard_waived() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waived jsonb;
BEGIN
    FOR waived IN SELECT c FROM jsonb_array_elements(NEW.verdict -> 'criteria') AS c
                  WHERE c ->> 'state' = 'waived' LOOP
        PERFORM 1 FROM gates_waiver w JOIN policies_allowedtransition t
            ON t.revision_id = NEW.policy_revision_id AND t.from_stage = NEW.from_stage AND t.to_stage = NEW.to_stage
            WHERE w.id = (waived -> 'waiver' ->> 'id')::uuid AND w.version_id = NEW.version_id
              AND w.gate = t.gate_key AND w.criterion = waived ->> 'key'
              AND w.evidence_digest = NEW.evidence_digest AND w.policy_revision_id = NEW.policy_revision_id
              AND w.state = 'granted' AND w.until > clock_timestamp()
            FOR SHARE OF w;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the waiver of % does not hold', waived ->> 'key'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_waiver_holds';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_exceptions_hold BEFORE UPDATE ON gates_promotion
    FOR EACH ROW WHEN (NEW.state = 'promoted') EXECUTE FUNCTION gates_guard_waived();
"""
HOLDS_BACK = (
    "DROP TRIGGER gates_promotion_exceptions_hold ON gates_promotion; DROP FUNCTION gates_guard_waived;"
)
