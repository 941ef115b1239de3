"""Writes the files of this folder, each by a program's defaults: the same 40 bars, which bars.csv has as text.

    pip install pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1 fastparquet==2026.9.0 chdb==4.4.0 pyspark==4.3.0
    python write.py
"""

import glob
import os
import shutil
import tempfile

import chdb
import duckdb
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

os.environ["TZ"] = "UTC"
closes = [0.1 + 0.2, 1 / 3, 1e-7, 123456789.25, 1e16] + [100 + i / 7 for i in range(35)]
bars = pd.DataFrame(
    {
        "time": pd.date_range("2024-03-08 14:30", periods=40, freq="min", tz="UTC"),
        "open": closes,
        "high": [c * 2 for c in closes],
        "low": [c / 2 for c in closes],
        "close": closes,
        "volume": [i * 37 % 1000 for i in range(40)],
    }
)
bars.to_csv("bars.csv", index=False)

bars.to_parquet("pandas.parquet")
bars.set_index("time").to_parquet("pandas-index.parquet")
bars.assign(time=bars.time.dt.as_unit("ns").dt.tz_convert("America/New_York")).to_parquet("pandas-ns-zone.parquet")
bars.assign(volume=bars.volume.astype("Int32"), time=bars.time.dt.as_unit("s")).to_parquet("pandas-int32-s.parquet")
bars.assign(time=bars.time.dt.tz_localize(None)).to_parquet("pandas-naive.parquet")
bars.to_feather("pandas.feather")
for codec in ["gzip", "brotli", "lz4"]:
    bars.to_parquet(f"pandas-{codec}.parquet", compression=codec)

polars = pl.from_pandas(bars)
polars.write_parquet("polars.parquet")
polars.write_ipc("polars.arrow")
polars.with_columns(exchange=pl.lit("X").cast(pl.Categorical)).write_ipc_stream("polars.arrows", compression="zstd")

table = pa.Table.from_pandas(bars, preserve_index=False)
pq.write_table(table, "pyarrow.parquet")
pq.write_table(table, "pyarrow-v2.parquet", data_page_version="2.0", row_group_size=7, write_page_checksum=True)
with ipc.new_file("pyarrow.arrow", table.schema) as out:
    out.write_table(table, max_chunksize=7)
with ipc.new_stream("pyarrow.arrows", table.schema) as out:
    out.write_table(table)

fastparquet.write("fastparquet.parquet", bars)

duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql("COPY bars TO 'duckdb.parquet'")
duckdb.sql("COPY (SELECT * REPLACE (time::TIMESTAMP AS time) FROM bars) TO 'duckdb-naive.parquet'")

chdb.query(
    "INSERT INTO FUNCTION file('clickhouse.parquet') SELECT parseDateTime64BestEffort(time, 0, 'UTC') AS time, open, high, low, close, volume FROM file('bars.csv', CSVWithNames, 'time String, open Float64, high Float64, low Float64, close Float64, volume UInt32')"
)
chdb.query("INSERT INTO FUNCTION file('clickhouse.arrow', Arrow) SELECT * FROM file('clickhouse.parquet')")

spark = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").getOrCreate()
folder = tempfile.mkdtemp()
spark.createDataFrame(bars).coalesce(1).write.mode("overwrite").parquet(folder)
shutil.copy(glob.glob(f"{folder}/part-*.parquet")[0], "spark.parquet")
