-- The keys that requests to a server are signed with.

-- +goose Up
CREATE TABLE access_keys (
	id         TEXT PRIMARY KEY,
	account    TEXT NOT NULL,
	user_name  TEXT NOT NULL, -- '' for the account's root
	principal  TEXT NOT NULL,
	secret     TEXT NOT NULL, -- sealed
	status     TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE INDEX access_keys_user ON access_keys (account, user_name, created_at, id);
