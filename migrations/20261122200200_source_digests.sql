-- The bars of a file, known by its bytes: the same file again need not be parsed to be verified.
CREATE TABLE barlift.source_digests (
    -- BLAKE3 of the file, and of the options that it was read with.
    content_hash   bytea NOT NULL CHECK (length(content_hash) = 32),
    read_hash      bytea NOT NULL CHECK (length(read_hash) = 32),
    -- Data rows, and how many of them are bars: the others are rejected or repeat one.
    rows           bigint NOT NULL,
    bars           bigint NOT NULL,
    -- The content of its bars (docs/verification.md).
    bars_hash      bytea NOT NULL CHECK (length(bars_hash) = 16),
    known_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (content_hash, read_hash)
);
