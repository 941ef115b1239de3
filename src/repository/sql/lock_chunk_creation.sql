-- The lock that TimescaleDB takes to make a chunk.
LOCK TABLE ONLY barlift.bars IN SHARE UPDATE EXCLUSIVE MODE
