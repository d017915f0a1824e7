-- What has happened to jobs and somebody wants to be told: see events.go.

-- +goose Up
CREATE TABLE events (
	id   TEXT PRIMARY KEY,
	log  TEXT NOT NULL, -- whoever is to be told
	at   BIGINT NOT NULL,
	step BIGINT NOT NULL, -- orders events of one moment
	text TEXT NOT NULL
);

CREATE INDEX events_waiting ON events (log, at, step, id);
