-- How many attempts shared the time of this one: small files are written together.
ALTER TABLE barlift.attempts ADD COLUMN together integer NOT NULL DEFAULT 1 CHECK (together >= 1);

-- Whoever takes a small file looks for more of its operation.
CREATE INDEX tasks_untried ON barlift.tasks (operation_id, id) WHERE state = 'pending' AND fence = 0;
