"""A project follows another revision only by a move that two people made: guarantee 5, docs/adr/0015."""

MOVE = """
CREATE FUNCTION projects_guard_policymove() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'confirmed_by_id', 'reauthentication_id', 'project_version', 'closed_at',
                         'closing_reason', 'lock_version', 'updated_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'a move begins as asked, not %', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'projects_policymove_begins_asked';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'asked' OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'move % is closed, or about something else', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'projects_policymove_fixed';
    END IF;
    IF NEW.state = 'confirmed' AND NOT EXISTS (
            SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            JOIN projects_membership s ON s.user_id = u.id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.confirmed_by_id
              AND u.kind = 'person' AND u.is_active AND r.at > clock_timestamp() - interval '5 minutes'
              AND s.project_id = NEW.project_id AND s.role = 'risk') THEN
        RAISE EXCEPTION 'a move needs the confirmation of a risk officer of the last five minutes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'projects_policymove_reauthenticated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER projects_policymove_guard BEFORE INSERT OR UPDATE ON projects_policymove
    FOR EACH ROW EXECUTE FUNCTION projects_guard_policymove();
CREATE TRIGGER projects_policymove_no_delete BEFORE DELETE ON projects_policymove
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE FUNCTION projects_guard_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM projects_policymove WHERE project_id = NEW.id AND state = 'confirmed'
            AND from_revision_id = OLD.policy_revision_id AND to_revision_id = NEW.policy_revision_id
            AND project_version = OLD.lock_version) THEN
        RAISE EXCEPTION 'nobody confirmed that project % follows another policy', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'projects_project_policy_moved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER projects_project_policy BEFORE UPDATE ON projects_project
    FOR EACH ROW WHEN (OLD.policy_revision_id IS DISTINCT FROM NEW.policy_revision_id)
    EXECUTE FUNCTION projects_guard_policy();
"""
MOVE_BACK = """
DROP TRIGGER projects_project_policy ON projects_project;
DROP FUNCTION projects_guard_policy;
DROP TRIGGER projects_policymove_no_delete ON projects_policymove;
DROP TRIGGER projects_policymove_guard ON projects_policymove;
DROP FUNCTION projects_guard_policymove;
"""
