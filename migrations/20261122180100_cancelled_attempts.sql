-- An attempt may end because somebody cancelled its task.
ALTER TABLE barlift.attempts
    DROP CONSTRAINT attempts_outcome_check,
    ADD CONSTRAINT attempts_outcome_check
        CHECK (outcome IN ('succeeded', 'failed', 'rescued', 'handed_back', 'cancelled'));
