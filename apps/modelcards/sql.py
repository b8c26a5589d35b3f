"""What the database keeps of a card's life: docs/adr/0022."""

#: A card moves as CARD_MOVES says; a change of its text makes it a draft, and a publication of this very state publishes it.
CARD = """
CREATE FUNCTION modelcards_guard_card() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a card begins as a draft, not %', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_begins_as_draft';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.version_id <> OLD.version_id THEN
        RAISE EXCEPTION 'a card stays with its version'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_version_fixed';
    END IF;
    IF NEW.fields IS DISTINCT FROM OLD.fields AND NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'a card that was changed is a draft, not %', NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_changed_is_draft';
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('draft', 'draft'), ('draft', 'in_review'), ('in_review', 'draft'),
            ('in_review', 'published'), ('published', 'draft')) THEN
        RAISE EXCEPTION 'a card does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_moves';
    END IF;
    IF NEW.state = 'published' AND NOT EXISTS (SELECT 1 FROM modelcards_publication
            WHERE card_id = NEW.id AND card_version = OLD.lock_version) THEN
        RAISE EXCEPTION 'nobody published card % at version %', NEW.id, OLD.lock_version
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_published_by_somebody';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER modelcards_card_guard BEFORE INSERT OR UPDATE ON modelcards_card
    FOR EACH ROW EXECUTE FUNCTION modelcards_guard_card();
CREATE FUNCTION modelcards_demand_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.fields <> '{}'::jsonb AND NOT EXISTS (SELECT 1 FROM modelcards_cardrevision
            WHERE card_id = NEW.id AND card_version = NEW.lock_version AND fields = NEW.fields) THEN
        RAISE EXCEPTION 'the text of card % at version % has no revision', NEW.id, NEW.lock_version
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_card_has_revision';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER modelcards_card_begun AFTER INSERT ON modelcards_card DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION modelcards_demand_revision();
CREATE CONSTRAINT TRIGGER modelcards_card_kept AFTER UPDATE ON modelcards_card DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.fields IS DISTINCT FROM NEW.fields) EXECUTE FUNCTION modelcards_demand_revision();
"""
CARD_BACK = """
DROP TRIGGER modelcards_card_kept ON modelcards_card;
DROP TRIGGER modelcards_card_begun ON modelcards_card;
DROP FUNCTION modelcards_demand_revision;
DROP TRIGGER modelcards_card_guard ON modelcards_card;
DROP FUNCTION modelcards_guard_card;
"""
#: Four eyes, by person and not by account; a proof of the last five minutes; a role that signs; what is in review, and no other.
PUBLICATION = """
CREATE FUNCTION modelcards_guard_publication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrote uuid;
    newest record;
    stands record;
BEGIN
    SELECT c.state, c.lock_version, c.fields, m.project_id INTO stands FROM modelcards_card c
        JOIN registry_version v ON v.id = c.version_id JOIN registry_model m ON m.id = v.model_id
        WHERE c.id = NEW.card_id;
    IF stands.state <> 'in_review' OR stands.lock_version <> NEW.card_version THEN
        RAISE EXCEPTION 'card % is not in review at version %', NEW.card_id, NEW.card_version
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publication_of_what_is_in_review';
    END IF;
    SELECT r.id, r.author_id, r.fields INTO newest FROM modelcards_cardrevision r
        WHERE r.card_id = NEW.card_id ORDER BY r.number DESC LIMIT 1;
    IF newest.id IS DISTINCT FROM NEW.revision_id OR newest.fields IS DISTINCT FROM stands.fields THEN
        RAISE EXCEPTION 'what is published is the newest revision of the card'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publication_of_the_newest';
    END IF;
    SELECT coalesce(u.owner_id, u.id) INTO wrote FROM accounts_user u WHERE u.id = newest.author_id;
    IF wrote = NEW.published_by_id THEN
        RAISE EXCEPTION 'who made the last change of a card does not publish it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publication_four_eyes';
    END IF;
    IF NOT EXISTS (
            SELECT 1 FROM accounts_reauthentication r JOIN accounts_user u ON u.id = r.user_id
            JOIN projects_membership s ON s.user_id = u.id
            WHERE r.id = NEW.reauthentication_id AND r.user_id = NEW.published_by_id
              AND u.kind = 'person' AND u.is_active AND r.at > clock_timestamp() - interval '5 minutes'
              AND s.project_id = stands.project_id AND s.role = NEW.role AND s.role IN ('reviewer', 'risk')) THEN
        RAISE EXCEPTION 'a publication needs a proof of the last five minutes by a reviewer or a risk officer'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publication_reauthenticated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER modelcards_publication_guard BEFORE INSERT ON modelcards_publication
    FOR EACH ROW EXECUTE FUNCTION modelcards_guard_publication();
"""
PUBLICATION_BACK = """
DROP TRIGGER modelcards_publication_guard ON modelcards_publication;
DROP FUNCTION modelcards_guard_publication;
"""
#: A link says for good which card it shows and until when; it ends once.
LINK = """
CREATE FUNCTION modelcards_guard_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['withdrawn_at', 'withdrawn_by_id', 'expiry_noted_at', 'lock_version', 'updated_at'];
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR OLD.expiry_noted_at IS NOT NULL
            OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'link % has ended, or shows something else', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publiclink_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER modelcards_publiclink_guard BEFORE UPDATE ON modelcards_publiclink
    FOR EACH ROW EXECUTE FUNCTION modelcards_guard_link();
"""
LINK_BACK = """
DROP TRIGGER modelcards_publiclink_guard ON modelcards_publiclink;
DROP FUNCTION modelcards_guard_link;
"""
#: Cards that were there before get the revision that they stand at, by who changed them last.
FIRST_REVISIONS = """
INSERT INTO modelcards_cardrevision (id, created_at, card_id, number, card_version, fields, written, changed, author_id)
SELECT gen_random_uuid(), c.updated_at, c.id, 1, c.lock_version, c.fields, c.written, '[]'::jsonb,
    coalesce((SELECT e.actor_id FROM audit_event e WHERE e.object_type = 'modelcards.card' AND e.object_id = c.id
                AND e.actor_id IS NOT NULL ORDER BY e.id DESC LIMIT 1), v.created_by_id)
FROM modelcards_card c JOIN registry_version v ON v.id = c.version_id
WHERE c.fields <> '{}'::jsonb AND NOT EXISTS (SELECT 1 FROM modelcards_cardrevision r WHERE r.card_id = c.id);
"""
