-- How often work on a job has begun, as far as that is recorded: of the first attempt it
-- is not. Until now every claim was counted.

-- +goose Up
ALTER TABLE jobs ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;

UPDATE jobs SET begun = attempt WHERE status = 'InProgress' AND attempt > 1;
