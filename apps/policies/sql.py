"""The promises of publication, kept by the database: guarantee 5, docs/adr/0015."""

#: A person publishes what another person wrote and proposed, minutes after proving who they are; the web processes
#: publish nothing in the server's name.
REVISION = """
CREATE FUNCTION policies_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.published_by_id IS NULL THEN
        IF session_user IN ('mlgov_app', 'mlgov_worker') OR NEW.draft_id IS NOT NULL THEN
            RAISE EXCEPTION 'a revision without a publisher is loaded on the server alone'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_revision_by_somebody';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM policies_draft d WHERE d.id = NEW.draft_id AND d.state = 'proposed'
            AND d.source = NEW.source AND d.proposed_by_id = NEW.proposed_by_id
            AND (d.pack_id IS NULL OR d.pack_id = NEW.pack_id)) THEN
        RAISE EXCEPTION 'nobody proposed this text'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_revision_proposed';
    END IF;
    IF NEW.published_by_id = NEW.proposed_by_id
       OR EXISTS (SELECT 1 FROM policies_draft d WHERE d.id = NEW.draft_id AND d.author_id = NEW.published_by_id) THEN
        RAISE EXCEPTION 'who wrote or proposed a policy does not publish it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_revision_two_people';
    END IF;
    IF (SELECT count(*) FROM accounts_user WHERE id IN (NEW.published_by_id, NEW.proposed_by_id)
            AND kind = 'person') <> 2
       OR NOT EXISTS (SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.published_by_id AND u.is_active
              AND u.site_role = 'administrator' AND r.at > clock_timestamp() - interval '5 minutes') THEN
        RAISE EXCEPTION 'publication needs an administrator''s own confirmation of the last five minutes'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_revision_reauthenticated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_revision_guard BEFORE INSERT ON policies_revision
    FOR EACH ROW EXECUTE FUNCTION policies_guard_revision();
"""
REVISION_BACK = (
    "DROP TRIGGER policies_revision_guard ON policies_revision; DROP FUNCTION policies_guard_revision;"
)

#: What was proposed is what is published; over is over; where a draft comes from never changes.
DRAFT = """
CREATE FUNCTION policies_guard_draft() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'lock_version', 'updated_at', 'remark', 'closed_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a draft begins as draft, not %', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_draft_begins';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' THEN
        free := free || ARRAY['title', 'source', 'pack_id', 'base_id', 'reason', 'proposed_by_id', 'proposed_at'];
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'what draft % says cannot change now', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_draft_fixed';
    END IF;
    IF NOT (OLD.state = 'draft' AND NEW.state IN ('draft', 'proposed', 'withdrawn')
            OR OLD.state = 'proposed' AND NEW.state IN ('draft', 'published', 'withdrawn')) THEN
        RAISE EXCEPTION 'draft % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_draft_moves';
    END IF;
    IF NEW.state = 'published' AND NOT EXISTS (SELECT 1 FROM policies_revision WHERE draft_id = NEW.id) THEN
        RAISE EXCEPTION 'draft % has no revision', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'policies_draft_has_revision';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_draft_guard BEFORE INSERT OR UPDATE ON policies_draft
    FOR EACH ROW EXECUTE FUNCTION policies_guard_draft();
CREATE TRIGGER policies_draft_no_delete BEFORE DELETE ON policies_draft
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
DRAFT_BACK = """
DROP TRIGGER policies_draft_no_delete ON policies_draft;
DROP TRIGGER policies_draft_guard ON policies_draft;
DROP FUNCTION policies_guard_draft;
"""
