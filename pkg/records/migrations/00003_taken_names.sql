-- The names of profiles that are forgotten. Nobody can take them again.

-- +goose Up
CREATE TABLE taken_names (
	account TEXT NOT NULL,
	region  TEXT NOT NULL,
	name    TEXT NOT NULL,
	PRIMARY KEY (account, region, name)
);
