-- $1: task id; $2 and $3: bars of files and database; $4 to $7: first and last times of both; $8 to $13: compared,
-- identical, different, only in csv, only in db, outside; $14 and $15: content hashes; $16: by hash; $17: untouched;
-- $18: duplicates; $19: ranges left out; $20: mended bars
INSERT INTO barlift.verifications (
    task_id, csv_bars, db_bars, csv_first, csv_last, db_first, db_last, compared, identical, different, only_in_csv,
    only_in_db, outside, csv_hash, db_hash, by_hash, untouched, duplicates, ranges_left_out,
    mended)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
