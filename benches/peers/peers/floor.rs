//! The floor: bytes that are ready for binary COPY, sent over two connections into a table like barlift's.
//!
//! Nothing is read, parsed, checked, compared or counted while the clock runs: what is left is the server's work.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use barlift::db::copy::{copy_bars, encode};
use barlift::model::SeriesId;
use barlift::source::reader::{BarReader, ReadOptions};
use sqlx::PgConnection;

use super::Peer;
use super::barlift::BARS;
use crate::data::Dataset;
use crate::process::Ran;
use crate::server::{Database, Server, Storage};

const CONNECTIONS: usize = 2;
/// Of the sizes that were tried, one of the fastest.
const ROWS_A_COPY: usize = 20_000;

/// For each file the messages of its COPYs.
pub type Prepared = Arc<Vec<Vec<Vec<u8>>>>;

pub struct Floor {
    pub prepared: Prepared,
    pub columnstore: bool,
}

/// Reads and encodes all files.
pub fn prepare(data: &Dataset) -> Prepared {
    let config = barlift::config::load(None, &[]).expect("defaults");
    let options =
        ReadOptions { csv: config.csv, timezone: Some("UTC".into()), on_invalid: config.import.on_invalid };
    let files = data.bar_files();
    let one = |(i, path): (usize, &std::path::PathBuf)| {
        let file = File::open(path).expect("opened");
        let mut reader = BarReader::open(file, &path.to_string_lossy(), &options, 0).expect("a bar file");
        let mut copies = Vec::new();
        while let Some(batch) = reader.next_batch(ROWS_A_COPY).expect("read") {
            let series = SeriesId(i32::try_from(i).expect("few files") + 1);
            copies.push(encode(series, &batch.bars));
        }
        copies
    };
    Arc::new(files.iter().enumerate().map(one).collect())
}

impl Peer for Floor {
    fn name(&self) -> String {
        if self.columnstore { "floor-columnstore".into() } else { "floor".into() }
    }

    fn missing(&self, server: &Server) -> Option<String> {
        let lacks = self.columnstore && server.timescaledb.is_none();
        lacks.then(|| "the server has no timescaledb".into())
    }

    fn table(&self) -> &'static str {
        BARS
    }

    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String> {
        if storage == Storage::Hypertable {
            database.execute("CREATE SCHEMA barlift")?;
        }
        database.execute(include_str!("../sql/floor_table.sql"))?;
        if storage == Storage::Hypertable && database.server.timescaledb.is_some() {
            database.execute(include_str!("../sql/floor_hypertable.sql"))?;
        }
        let kind = if self.columnstore {
            include_str!("../sql/floor_columnstore.sql")
        } else {
            include_str!("../sql/floor_key.sql")
        };
        database.execute(kind)?;
        database.give(BARS)
    }

    fn load(&self, database: &Database<'_>, _: &Dataset) -> Result<Ran, String> {
        let start = Instant::now();
        database.server.runtime.block_on(async {
            let next = Arc::new(AtomicUsize::new(0));
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..CONNECTIONS {
                let connection = database.connect().await.map_err(|e| e.to_string())?;
                tasks.spawn(send(
                    connection,
                    self.columnstore,
                    Arc::clone(&self.prepared),
                    Arc::clone(&next),
                ));
            }
            while let Some(done) = tasks.join_next().await {
                done.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
            }
            Ok::<_, String>(())
        })?;
        Ok(Ran { seconds: start.elapsed().as_secs_f64(), ..Ran::default() })
    }
}

/// Sends one file after the other, whichever is next.
async fn send(
    mut connection: PgConnection,
    columnstore: bool,
    prepared: Prepared,
    next: Arc<AtomicUsize>,
) -> sqlx::Result<()> {
    if columnstore {
        sqlx::raw_sql(include_str!("../sql/direct_compress.sql")).execute(&mut connection).await?;
    }
    while let Some(copies) = prepared.get(next.fetch_add(1, Ordering::Relaxed)) {
        for bytes in copies {
            let mut copy = connection.copy_in_raw(copy_bars()).await?;
            copy.send(&bytes[..]).await?;
            copy.finish().await?;
        }
    }
    Ok(())
}
