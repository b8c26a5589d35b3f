"""What a signature rests on, kept by the database: a second factor where demanded, and one's own sign-in."""

#: Beside gates_guard_approval, which already wants the signer's own confirmation of the last five minutes.
PROOF = """
CREATE FUNCTION gates_guard_proof() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gates_promotion WHERE id = NEW.promotion_id AND needs_second_factor)
       AND NOT EXISTS (SELECT 1 FROM accounts_reauthentication WHERE id = NEW.reauthentication_id
                       AND method IN ('passkey', 'totp', 'password+totp')) THEN
        RAISE EXCEPTION 'this gate demands a second factor'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_second_factor';
    END IF;
    IF EXISTS (SELECT 1 FROM accounts_user WHERE id = NEW.person_id
               AND (temporary_password_until IS NOT NULL OR signing_held_until > clock_timestamp())) THEN
        RAISE EXCEPTION 'somebody else changed how the signer signs in'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'gates_approval_own_sign_in';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gates_approval_proof BEFORE INSERT ON gates_approval
    FOR EACH ROW EXECUTE FUNCTION gates_guard_proof();
"""
PROOF_BACK = """
DROP TRIGGER gates_approval_proof ON gates_approval;
DROP FUNCTION gates_guard_proof;
"""
