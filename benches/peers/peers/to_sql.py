"""Loads CSV files into public.bars and prints the seconds; libpq's PG* variables say where."""

import sys
import time

import pandas
import sqlalchemy

start = time.monotonic()
engine = sqlalchemy.create_engine("postgresql+psycopg2://")
for path in sys.argv[1:]:
    bars = pandas.read_csv(path)
    bars = bars.rename(columns={"timestamp": "ts"})
    bars["ts"] = pandas.to_datetime(bars["ts"])
    bars.to_sql("bars", engine, schema="public", if_exists="append", index=False)
print(time.monotonic() - start)
