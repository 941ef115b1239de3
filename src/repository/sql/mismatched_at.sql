SELECT time, csv_open AS open, csv_high AS high, csv_low AS low, csv_close AS close, csv_volume AS volume
FROM barlift.mismatches
WHERE task_id = $1 AND time = ANY ($2)
