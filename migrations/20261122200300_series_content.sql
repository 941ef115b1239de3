-- What barlift has left in a series: changed with every write of its own, so that a change by somebody else shows.
ALTER TABLE barlift.series
    -- The content of all its bars (docs/verification.md) as a number below 2^128; none where that is not known.
    ADD COLUMN content numeric CHECK (content >= 0 AND content < 340282366920938463463374607431768211456),
    ADD COLUMN content_at timestamptz;
