-- A job's row is its place in the queue. While it is in progress its claim either
-- lapses at lease_until, or there is none, and it waits: see claim.go.

-- +goose Up
CREATE INDEX jobs_waiting ON jobs (invoker, created_at, id) WHERE status = 'InProgress' AND lease_until IS NULL;
CREATE INDEX jobs_claimed ON jobs (lease_until) WHERE status = 'InProgress' AND lease_until IS NOT NULL;
