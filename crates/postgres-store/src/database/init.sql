-- Sets up a database for the sign-ins of login-cli. Run it as a user who can create roles. It can run again.
BEGIN;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'login_cli_owner') THEN
    CREATE ROLE login_cli_owner NOLOGIN;
  END IF;
  -- This role gives its users the right to read and replace sign-ins, and no other.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'login_cli_runner') THEN
    CREATE ROLE login_cli_runner NOLOGIN;
  END IF;
END $$;

-- Only a member can give a role its objects. A superuser is one of every role.
DO $$ BEGIN
  IF NOT pg_has_role(current_user, 'login_cli_owner', 'USAGE') THEN
    GRANT login_cli_owner TO CURRENT_USER;
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS login_cli;

CREATE TABLE IF NOT EXISTS login_cli.sign_ins (
  name text PRIMARY KEY,
  -- The members of this role use the row.
  team regrole NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  -- Sealed with a key that the database does not have; NULL after a logout.
  document bytea,
  claimed_by text,
  claimed_until timestamptz
);

-- An old row that is put back would have a refresh token that was used.
CREATE OR REPLACE FUNCTION login_cli.check_version() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A claim without an end would keep everybody from refreshing. One that is there stays: it may be of another clock.
  IF NEW.claimed_until > now() + interval '5 min' AND NEW.claimed_until IS DISTINCT FROM OLD.claimed_until THEN
    RAISE EXCEPTION 'a claim cannot last that long' USING ERRCODE = 'check_violation';
  END IF;
  -- The last version has no successor; a claim of it is possible.
  IF NEW.version - 1 = OLD.version
    OR (NEW.version = OLD.version AND NEW.document IS NOT DISTINCT FROM OLD.document)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a new document needs the version after %', OLD.version USING ERRCODE = 'check_violation';
END $$;

DROP TRIGGER IF EXISTS check_version ON login_cli.sign_ins;
CREATE TRIGGER check_version BEFORE UPDATE ON login_cli.sign_ins
  FOR EACH ROW EXECUTE FUNCTION login_cli.check_version();

ALTER TABLE login_cli.sign_ins ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS team ON login_cli.sign_ins;
CREATE POLICY team ON login_cli.sign_ins USING (pg_has_role(current_user, team::oid, 'MEMBER'));

ALTER SCHEMA login_cli OWNER TO login_cli_owner;
ALTER TABLE login_cli.sign_ins OWNER TO login_cli_owner;
ALTER FUNCTION login_cli.check_version() OWNER TO login_cli_owner;

REVOKE ALL ON SCHEMA login_cli FROM PUBLIC;
REVOKE ALL ON login_cli.sign_ins FROM PUBLIC;
REVOKE ALL ON FUNCTION login_cli.check_version() FROM PUBLIC;
GRANT USAGE ON SCHEMA login_cli TO login_cli_runner;
GRANT SELECT (name, version, document, claimed_by, claimed_until),
  UPDATE (version, document, claimed_by, claimed_until)
  ON login_cli.sign_ins TO login_cli_runner;

-- Only for this transaction.
CREATE OR REPLACE PROCEDURE login_cli.add_row(row_name text, row_team regrole) LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old_team regrole;
BEGIN
  INSERT INTO login_cli.sign_ins (name, team) VALUES (row_name, row_team) ON CONFLICT (name) DO NOTHING;
  SELECT team INTO old_team FROM login_cli.sign_ins WHERE name = row_name;
  IF old_team <> row_team THEN
    RAISE EXCEPTION 'the row % belongs to the role %', row_name, old_team;
  END IF;
END $$;
