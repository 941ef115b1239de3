//! `barlift data save`: writes the bars of a file to a series, all or none.

use std::path::Path;

use futures::{Stream, stream};
use tokio::sync::mpsc;

use crate::bar::Bars;
use crate::cli::args::DataSaveArgs;
use crate::cli::{Outcome, output, ready_database};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::format::BarFile;
use crate::repository::data::DataRepository;
use crate::source::reader::ReadOptions;

/// Chunks read ahead of the one being written.
const AHEAD: usize = 2;

pub(super) async fn run(args: &DataSaveArgs, config: &Config) -> Result<Outcome> {
    let options = ReadOptions::of(config);
    let (path, timeframe) = (args.file.clone(), args.timeframe.clone());
    let opened = tokio::task::spawn_blocking(move || open(&path, &timeframe, &options)).await;
    let file = opened.map_err(|e| Error::Internal(e.to_string()))??;
    file.proof().into_iter().for_each(|proof| output::note(&proof.note()));
    let database = ready_database(config).await?;
    database.require_utf8()?;
    let (sender, chunks) = mpsc::channel(AHEAD);
    let reader = tokio::task::spawn_blocking(move || read(file, &sender));
    let repository = DataRepository::new(database.pool.clone());
    let saved = repository.save_stream(&args.symbol, &args.timeframe, until_end(chunks)).await;
    let saved = saved.map_err(refused)?;
    let issues = reader.await.map_err(|e| Error::Internal(e.to_string()))?;
    if issues > 0 {
        let what = output::counted(issues, "bar breaks", "bars break");
        output::note(&format!(
            "{what} a market-data rule (import.on_invalid = \"reject\" refuses such files)"
        ));
    }
    if args.json {
        let (symbol, timeframe) = (&args.symbol, &args.timeframe);
        output::json(&serde_json::json!({ "symbol": symbol, "timeframe": timeframe, "rows_saved": saved }))?;
    } else {
        let bars = output::counted(saved, "bar", "bars");
        let series = output::visible(&format!("{} {}", args.symbol, args.timeframe));
        output::print(|out| writeln!(out, "saved {bars} of {series}"))?;
    }
    Ok(Outcome::Well)
}

fn open(path: &Path, timeframe: &str, options: &ReadOptions) -> Result<BarFile> {
    if path == Path::new("-") {
        BarFile::read(Box::new(std::io::stdin()), "stdin".into(), timeframe, options)
    } else {
        BarFile::open(path, timeframe, options)
    }
}

/// Sends all chunks, then none or an error. Returns how many bars break a market-data rule.
fn read(mut file: BarFile, out: &mpsc::Sender<Result<Option<Bars>>>) -> u64 {
    loop {
        let next = file.next_chunk();
        let more = matches!(next, Ok(Some(_)));
        // The receiver is gone if the save has failed.
        if out.blocking_send(next).is_err() || !more {
            return file.issues();
        }
    }
}

/// The chunks, up to the one that says that there are no more: a reader that broke off is an error, and no end.
fn until_end(chunks: mpsc::Receiver<Result<Option<Bars>>>) -> impl Stream<Item = Result<Bars>> {
    stream::try_unfold(chunks, |mut chunks| async {
        match chunks.recv().await {
            Some(next) => Ok(next?.map(|bars| (bars, chunks))),
            None => Err(Error::Internal("the file's reader broke off".into())),
        }
    })
}

/// What a bad row means here.
fn refused(e: Error) -> Error {
    match e {
        Error::File(mut e) => {
            e.reason
                .push_str("; nothing was saved (`barlift import` keeps bad rows apart and takes the rest)");
            e.into()
        }
        other => other,
    }
}
