"""What the database holds of rollback, suspension, break-glass and their postmortems: docs/adr/0008."""

#: Each kind of move has its own cause, and the cause is about this version.
CAUSE = """
CREATE FUNCTION gates_guard_cause() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    way text;
BEGIN
    SELECT kind INTO way FROM policies_allowedtransition
        WHERE revision_id = NEW.policy_revision_id AND from_stage = NEW.from_stage AND to_stage = NEW.to_stage;
    IF NEW.kind = 'replaced' AND (NEW.from_stage <> 'production' OR NEW.to_stage = 'production' OR NOT EXISTS (
            SELECT 1 FROM gates_promotion p JOIN registry_version a ON a.id = p.version_id
            JOIN registry_version b ON b.id = NEW.version_id
            WHERE p.id = NEW.because_of_id AND p.to_stage = 'production' AND a.model_id = b.model_id AND a.id <> b.id)) THEN
        RAISE EXCEPTION 'only a promotion to production replaces a version, and only one in production'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_replaces';
    ELSIF NEW.kind = 'suspended' AND (NEW.from_stage <> 'production' OR way IS DISTINCT FROM 'suspend' OR NOT EXISTS (
            SELECT 1 FROM gates_suspension WHERE id = NEW.suspension_id AND version_id = NEW.version_id)) THEN
        RAISE EXCEPTION 'the suspension is not of version %', NEW.version_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_suspends';
    ELSIF NEW.kind = 'rolled_back' AND NEW.to_stage = 'production' AND (way IS DISTINCT FROM 'rollback' OR NOT EXISTS (
            SELECT 1 FROM gates_rollback WHERE id = NEW.rollback_id AND restored_id = NEW.version_id)) THEN
        RAISE EXCEPTION 'version % is not the one that the rollback restores', NEW.version_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_restores';
    ELSIF NEW.kind = 'rolled_back' AND NEW.to_stage <> 'production' AND (NEW.from_stage <> 'production' OR NOT EXISTS (
            SELECT 1 FROM gates_rollback WHERE id = NEW.rollback_id AND version_id = NEW.version_id)) THEN
        RAISE EXCEPTION 'version % is not the one that is rolled back', NEW.version_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_transition_rolls_back';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_transition_cause BEFORE INSERT ON gates_transition
    FOR EACH ROW EXECUTE FUNCTION gates_guard_cause();
"""
CAUSE_BACK = "DROP TRIGGER gates_transition_cause ON gates_transition; DROP FUNCTION gates_guard_cause;"

#: Only back to the version that the failed one replaced when it was last promoted, and only from production.
ROLLBACK = """
CREATE FUNCTION gates_guard_rollback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM registry_version WHERE id = NEW.version_id AND stage = 'production') THEN
        RAISE EXCEPTION 'version % is not in production', NEW.version_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_rollback_from_production';
    END IF;
    IF NOT EXISTS (
            SELECT 1 FROM gates_transition t
            WHERE t.version_id = NEW.restored_id AND t.kind = 'replaced' AND t.from_stage = 'production'
              AND t.because_of_id = (SELECT p.promotion_id FROM gates_transition p
                    WHERE p.version_id = NEW.version_id AND p.kind = 'promoted' AND p.to_stage = 'production'
                    ORDER BY p.sequence DESC LIMIT 1)) THEN
        RAISE EXCEPTION 'version % was not in production just before', NEW.restored_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_rollback_to_the_one_before';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_rollback_guard BEFORE INSERT ON gates_rollback
    FOR EACH ROW EXECUTE FUNCTION gates_guard_rollback();
"""
ROLLBACK_BACK = "DROP TRIGGER gates_rollback_guard ON gates_rollback; DROP FUNCTION gates_guard_rollback;"

#: Break-glass needs no quorum and no verdict, but a person of a role that the policy names, who proved who they are.
#: The ordinary guard holds for every other promotion.
BREAK_GLASS = """
CREATE FUNCTION gates_guard_breakglass() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := clock_timestamp();
    IF NOT EXISTS (SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.person_id
              AND u.kind = 'person' AND u.is_active
              AND r.at > clock_timestamp() - interval '5 minutes') THEN
        RAISE EXCEPTION 'breaking the glass needs the person''s own confirmation of the last five minutes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_breakglass_reauthenticated';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM gates_promotion p JOIN policies_revision r ON r.id = p.policy_revision_id
            JOIN registry_version v ON v.id = p.version_id JOIN registry_model m ON m.id = v.model_id
            JOIN projects_membership s ON s.project_id = m.project_id
            WHERE p.id = NEW.promotion_id AND p.version_id = NEW.version_id AND p.kind = 'break_glass'
              AND p.state = 'open' AND s.user_id = NEW.person_id AND s.role = NEW.role
              AND r.document -> 'break_glass' -> 'roles' ? NEW.role) THEN
        RAISE EXCEPTION 'the role % may not break the glass of this promotion', NEW.role
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_breakglass_role_held';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_breakglass_guard BEFORE INSERT ON gates_breakglass
    FOR EACH ROW EXECUTE FUNCTION gates_guard_breakglass();
CREATE FUNCTION gates_guard_past_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'state' - 'closed_at' - 'lock_version' - 'updated_at')
       IS DISTINCT FROM (to_jsonb(OLD) - 'state' - 'closed_at' - 'lock_version' - 'updated_at') THEN
        RAISE EXCEPTION 'what promotion % asks for cannot change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_fixed';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM gates_breakglass WHERE promotion_id = NEW.id) THEN
        RAISE EXCEPTION 'nobody signed for breaking the glass'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_glass_signed';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER gates_promotion_guard ON gates_promotion;
CREATE TRIGGER gates_promotion_guard BEFORE UPDATE ON gates_promotion FOR EACH ROW
    WHEN (NOT (OLD.kind = 'break_glass' AND OLD.state = 'open' AND NEW.state = 'promoted'))
    EXECUTE FUNCTION gates_guard_promotion();
CREATE TRIGGER gates_promotion_past_gate BEFORE UPDATE ON gates_promotion FOR EACH ROW
    WHEN (OLD.kind = 'break_glass' AND OLD.state = 'open' AND NEW.state = 'promoted')
    EXECUTE FUNCTION gates_guard_past_gate();
DROP TRIGGER gates_promotion_exceptions_hold ON gates_promotion;
CREATE TRIGGER gates_promotion_exceptions_hold BEFORE UPDATE ON gates_promotion
    FOR EACH ROW WHEN (NEW.state = 'promoted' AND NEW.kind = 'ordinary') EXECUTE FUNCTION gates_guard_waived();
"""
BREAK_GLASS_BACK = """
DROP TRIGGER gates_promotion_exceptions_hold ON gates_promotion;
CREATE TRIGGER gates_promotion_exceptions_hold BEFORE UPDATE ON gates_promotion
    FOR EACH ROW WHEN (NEW.state = 'promoted') EXECUTE FUNCTION gates_guard_waived();
DROP TRIGGER gates_promotion_past_gate ON gates_promotion;
DROP TRIGGER gates_promotion_guard ON gates_promotion;
CREATE TRIGGER gates_promotion_guard BEFORE UPDATE ON gates_promotion
    FOR EACH ROW EXECUTE FUNCTION gates_guard_promotion();
DROP FUNCTION gates_guard_past_gate;
DROP TRIGGER gates_breakglass_guard ON gates_breakglass;
DROP FUNCTION gates_guard_breakglass;
"""

#: No exception without its postmortem, judged at commit; a postmortem is closed once, by a person; what it is about is fixed.
POSTMORTEM = """
CREATE FUNCTION gates_demand_postmortem() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM gates_postmortem
            WHERE version_id = NEW.version_id AND NEW.id IN (rollback_id, suspension_id, break_glass_id)) THEN
        RAISE EXCEPTION '% % opened no postmortem', TG_TABLE_NAME, NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_exception_reviewed';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER gates_rollback_postmortem AFTER INSERT ON gates_rollback
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_demand_postmortem();
CREATE CONSTRAINT TRIGGER gates_suspension_postmortem AFTER INSERT ON gates_suspension
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_demand_postmortem();
CREATE CONSTRAINT TRIGGER gates_breakglass_postmortem AFTER INSERT ON gates_breakglass
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gates_demand_postmortem();
CREATE FUNCTION gates_guard_postmortem() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' OR
       (to_jsonb(NEW) - 'state' - 'outcome' - 'closed_by_id' - 'closed_at' - 'lock_version' - 'updated_at')
       IS DISTINCT FROM
       (to_jsonb(OLD) - 'state' - 'outcome' - 'closed_by_id' - 'closed_at' - 'lock_version' - 'updated_at') THEN
        RAISE EXCEPTION 'postmortem % is closed once, and nothing else about it changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_postmortem_fixed';
    END IF;
    IF NEW.state = 'closed' AND NOT EXISTS (
            SELECT 1 FROM accounts_user WHERE id = NEW.closed_by_id AND kind = 'person' AND is_active) THEN
        RAISE EXCEPTION 'only a person closes a postmortem'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_postmortem_by_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_postmortem_guard BEFORE UPDATE ON gates_postmortem
    FOR EACH ROW EXECUTE FUNCTION gates_guard_postmortem();
CREATE TRIGGER gates_postmortem_no_delete BEFORE DELETE ON gates_postmortem
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
POSTMORTEM_BACK = """
DROP TRIGGER gates_postmortem_no_delete ON gates_postmortem;
DROP TRIGGER gates_postmortem_guard ON gates_postmortem;
DROP FUNCTION gates_guard_postmortem;
DROP TRIGGER gates_breakglass_postmortem ON gates_breakglass;
DROP TRIGGER gates_suspension_postmortem ON gates_suspension;
DROP TRIGGER gates_rollback_postmortem ON gates_rollback;
DROP FUNCTION gates_demand_postmortem;
"""

#: An overdue postmortem that blocks stops every promotion of its project, break-glass as well.
OVERDUE = """
CREATE FUNCTION gates_guard_overdue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM policies_allowedtransition WHERE revision_id = NEW.policy_revision_id
            AND from_stage = NEW.from_stage AND to_stage = NEW.to_stage AND kind = 'promote') THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM gates_postmortem r
            JOIN registry_version rv ON rv.id = r.version_id JOIN registry_model rm ON rm.id = rv.model_id
            JOIN registry_version v ON v.id = NEW.version_id JOIN registry_model m ON m.id = v.model_id
            WHERE rm.project_id = m.project_id AND r.state = 'open' AND r.blocks
              AND r.due_at < clock_timestamp()) THEN
        RAISE EXCEPTION 'a postmortem of an exception in this project is overdue'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_promotion_postmortem_overdue';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_promotion_exceptions_due BEFORE UPDATE ON gates_promotion
    FOR EACH ROW WHEN (NEW.state = 'promoted') EXECUTE FUNCTION gates_guard_overdue();
"""
OVERDUE_BACK = (
    "DROP TRIGGER gates_promotion_exceptions_due ON gates_promotion; DROP FUNCTION gates_guard_overdue;"
)
