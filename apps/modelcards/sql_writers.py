"""Who wrote in a card, as the database tells it to the services and to itself: docs/adr/0023."""

#: People, not accounts: who saved a revision since the newest publication that nobody withdrew; where there is none, also who
#: wrote the texts that came with the card of an earlier version and were not published there.
WRITERS = """
CREATE FUNCTION modelcards_writers(of_card uuid) RETURNS TABLE (person uuid) LANGUAGE sql STABLE AS $$
    WITH seen AS (
        SELECT coalesce(max(r.number), 0) AS number FROM modelcards_publication p
        JOIN modelcards_cardrevision r ON r.id = p.revision_id
        WHERE p.card_id = of_card
            AND NOT EXISTS (SELECT 1 FROM modelcards_withdrawal w WHERE w.publication_id = p.id)
    ), newest AS (
        SELECT r.written FROM modelcards_cardrevision r WHERE r.card_id = of_card ORDER BY r.number DESC LIMIT 1
    ), wrote AS (
        SELECT r.author_id AS account FROM modelcards_cardrevision r, seen
        WHERE r.card_id = of_card AND r.number > seen.number
        UNION
        SELECT nullif(entry.value ->> 'by_id', '')::uuid FROM seen, newest, jsonb_each(newest.written) AS entry
        WHERE seen.number = 0 AND entry.value ->> 'kind' = 'previous_card'
            AND NOT coalesce((entry.value ->> 'published')::boolean, false)
    )
    SELECT DISTINCT coalesce(u.owner_id, u.id) FROM wrote JOIN accounts_user u ON u.id = wrote.account
$$;
CREATE FUNCTION modelcards_wrote(of_card uuid, of_person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM modelcards_writers(of_card) w WHERE w.person = of_person)
$$;
CREATE FUNCTION modelcards_guard_writers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF modelcards_wrote(NEW.card_id, NEW.published_by_id) THEN
        RAISE EXCEPTION 'who wrote in a card since it was last published does not publish it'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'modelcards_publication_four_eyes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER modelcards_publication_writers BEFORE INSERT ON modelcards_publication
    FOR EACH ROW EXECUTE FUNCTION modelcards_guard_writers();
"""
WRITERS_BACK = """
DROP TRIGGER modelcards_publication_writers ON modelcards_publication;
DROP FUNCTION modelcards_guard_writers;
DROP FUNCTION modelcards_wrote;
DROP FUNCTION modelcards_writers;
"""
