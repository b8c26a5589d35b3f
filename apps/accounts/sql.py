"""The promises of sign-in, kept by the database: see docs/adr/0013."""

#: Who may change a password may not at once sign in its person's name: a hold runs out and is never shortened.
HOLD = """
CREATE FUNCTION accounts_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signing_held_until > clock_timestamp()
       AND (NEW.signing_held_until IS NULL OR NEW.signing_held_until < OLD.signing_held_until) THEN
        RAISE EXCEPTION 'the hold on signatures of % runs until %', OLD.id, OLD.signing_held_until
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'accounts_user_hold_runs_out';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_user_hold BEFORE UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_hold();
"""
HOLD_BACK = """
DROP TRIGGER accounts_user_hold ON accounts_user;
DROP FUNCTION accounts_guard_hold;
"""
