-- Workers look for operations that have no open task and have not ended; of all that there ever were, few are open.
CREATE INDEX operations_open ON barlift.operations (id) WHERE finished_at IS NULL;
