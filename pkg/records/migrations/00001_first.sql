-- What the local engine remembers. The text is plain enough for SQLite and
-- PostgreSQL alike: times are microseconds since 1970, NULL where there is
-- none; maps are JSON objects with sorted names; what is absent is ''.

-- +goose Up
CREATE TABLE profiles (
	account              TEXT NOT NULL,
	region               TEXT NOT NULL,
	name                 TEXT NOT NULL,
	version              TEXT NOT NULL,
	platform             TEXT NOT NULL,
	certificate          TEXT NOT NULL,
	parameters           TEXT NOT NULL,
	override_encryption  TEXT NOT NULL,
	override_hash        TEXT NOT NULL,
	override_format      TEXT NOT NULL,
	validity_value       BIGINT NOT NULL,
	validity_unit        TEXT NOT NULL,
	tags                 TEXT NOT NULL,
	status               TEXT NOT NULL,
	status_reason        TEXT NOT NULL,
	created_at           BIGINT NOT NULL,
	created_by           TEXT NOT NULL,
	canceled_at          BIGINT,
	revoked_at           BIGINT,
	revoked_by           TEXT NOT NULL,
	revocation_reason    TEXT NOT NULL,
	revocation_effective BIGINT,
	PRIMARY KEY (account, region, name)
);

CREATE TABLE policies (
	account    TEXT NOT NULL,
	region     TEXT NOT NULL,
	profile    TEXT NOT NULL,
	revision   TEXT NOT NULL,
	statements TEXT NOT NULL,
	PRIMARY KEY (account, region, profile)
);

CREATE TABLE jobs (
	id                  TEXT PRIMARY KEY,
	account             TEXT NOT NULL,
	region              TEXT NOT NULL,
	invoker             TEXT NOT NULL,
	requested_by        TEXT NOT NULL,
	token               TEXT NOT NULL,
	profile             TEXT NOT NULL,
	profile_version     TEXT NOT NULL,
	platform            TEXT NOT NULL,
	certificate         TEXT NOT NULL,
	parameters          TEXT NOT NULL,
	override_encryption TEXT NOT NULL,
	override_hash       TEXT NOT NULL,
	override_format     TEXT NOT NULL,
	validity_value      BIGINT NOT NULL,
	validity_unit       TEXT NOT NULL,
	source_bucket       TEXT NOT NULL,
	source_key          TEXT NOT NULL,
	source_version      TEXT NOT NULL,
	destination_bucket  TEXT NOT NULL,
	destination_prefix  TEXT NOT NULL,
	created_at          BIGINT NOT NULL,
	status              TEXT NOT NULL,
	status_reason       TEXT NOT NULL,
	signed_bucket       TEXT NOT NULL,
	signed_key          TEXT NOT NULL,
	signed_version      TEXT NOT NULL,
	completed_at        BIGINT,
	expires_at          BIGINT,
	term                BIGINT NOT NULL, -- expires_at - created_at, else 0
	revoked             BOOLEAN NOT NULL,
	revoked_at          BIGINT,
	revoked_by          TEXT NOT NULL,
	revocation_reason   TEXT NOT NULL,
	worker              TEXT NOT NULL,
	attempt             BIGINT NOT NULL,
	lease_until         BIGINT
);

CREATE UNIQUE INDEX jobs_token ON jobs (invoker, region, token) WHERE token <> '';
CREATE INDEX jobs_unfinished ON jobs (account, region, created_at, id) WHERE status = 'InProgress';

-- A list is read newest first, from any place, through one of these. Package
-- records says in list.go why the last three begin as they do.
CREATE INDEX jobs_newest ON jobs (account, region, created_at, id);
CREATE INDEX jobs_kind ON jobs (account, region, status, platform, revoked, term, created_at, id);
CREATE INDEX jobs_requester ON jobs (account, region, requested_by, status, platform, revoked, term, created_at, id);
CREATE INDEX jobs_invoker ON jobs (account, region, invoker, status, platform, revoked, term, created_at, id);
