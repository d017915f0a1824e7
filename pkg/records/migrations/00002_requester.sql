-- A requester's jobs are listed for one invoker as quickly as for all: see list.go.

-- +goose Up
DROP INDEX jobs_requester;
CREATE INDEX jobs_requester ON jobs (account, region, requested_by, invoker, status, platform, revoked, term, created_at, id);
