-- The files of keys, where machines share a database; elsewhere there are none.

-- +goose Up
CREATE TABLE key_files (
	name     TEXT PRIMARY KEY,
	content  TEXT NOT NULL,
	revision TEXT NOT NULL -- another one each time that the file is written
);
