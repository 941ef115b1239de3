//! `barlift data load`: writes bars to a terminal, a pipe or a file, with a few chunks in memory at a time.

use std::io::{self, BufWriter, IsTerminal as _};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::shown;
use crate::bar::columns::{COLUMNS, COUNT};
use crate::bar::{Bars, Micros, SeriesName, format_time, is_unknown, known};
use crate::cli::args::{DataLoadArgs, LoadFormat};
use crate::cli::new_file::{NewFile, cannot_write};
use crate::cli::signals::Audience;
use crate::cli::table::{Column, Table};
use crate::cli::{Outcome, output, ready_database, signals};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::format::{BarWriter, Format};
use crate::repository::data::{DataRepository, LoadStream};

/// Bars in a table.
const TABLE_BARS: usize = 50;

/// Where the bars go, and in which format.
enum LoadTarget {
    Table,
    Stdout(Format),
    File(Format, PathBuf),
}

pub(super) async fn run(args: &DataLoadArgs, config: &Config) -> Result<Outcome> {
    let target = target(args, io::stdout().is_terminal())?;
    let (start, end) = (args.start.unwrap_or(Micros::MIN), args.end.unwrap_or(Micros::MAX));
    if start > end {
        return Err(Error::usage(
            format!("--start {} lies behind --end {}", format_time(start), format_time(end)),
            "bars are loaded from --start on, up to --end",
        ));
    }
    let database = ready_database(config).await?;
    let repository = DataRepository::new(database.pool.clone());
    let bars = repository.load_stream(&args.symbol, &args.timeframe, start, end).await?;
    let series = SeriesName { symbol: args.symbol.clone(), timeframe: args.timeframe.clone() };
    let mut load = Load { bars, left: args.limit.unwrap_or(usize::MAX), rows: 0, not_finite: 0 };
    match target {
        LoadTarget::Table => table(&mut load, args.limit.unwrap_or(TABLE_BARS)).await?,
        LoadTarget::Stdout(format) => load.write_stdout(format, &series).await?,
        LoadTarget::File(format, path) => {
            let stop = signals::stop_token("stopping: no file is written", Audience::User, &config.log)?;
            if !load.write_file(format, &series, &path, &stop).await? {
                return Ok(Outcome::Failures);
            }
            let bars = output::counted(load.rows, "bar", "bars");
            output::note(&format!("wrote {bars} to {}", output::visible(&path.display().to_string())));
        }
    }
    let (rows, not_finite) = (load.rows, load.not_finite);
    drop(load);
    if not_finite > 0 {
        let values = output::counted(not_finite, "value is", "values are");
        output::note(&format!("{values} not finite; barlift writes no such bars, another program did"));
    }
    if rows == 0 && args.limit != Some(0) {
        let [first, last] = shown(repository.get_date_range(&args.symbol, &args.timeframe).await?);
        output::note(&if first.is_empty() {
            "the series has no bars".to_owned()
        } else {
            format!("no bars in that range; the series has them from {first} to {last}")
        });
    }
    Ok(Outcome::Well)
}

fn target(args: &DataLoadArgs, terminal: bool) -> Result<LoadTarget> {
    let path = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let by_name = path.and_then(Format::of);
    let format = match args.format {
        Some(LoadFormat::Table) if path.is_some() => {
            return Err(Error::usage(
                "a table is for people to look at",
                "write a file as csv, jsonl, arrow or parquet",
            ));
        }
        Some(LoadFormat::Table) => return Ok(LoadTarget::Table),
        Some(LoadFormat::Csv) => Format::Csv,
        Some(LoadFormat::Jsonl) => Format::JsonLines,
        Some(LoadFormat::Parquet) => Format::Parquet,
        Some(LoadFormat::Arrow) if path.is_none() || by_name == Some(Format::ArrowStream) => {
            Format::ArrowStream
        }
        Some(LoadFormat::Arrow) => Format::ArrowFile,
        None => match (path, by_name) {
            (Some(_), Some(format)) => format,
            (Some(path), None) => {
                return Err(Error::usage(
                    format!("the name {} tells no format", path.display()),
                    "give --format, or a name that ends with .csv, .jsonl, .arrow, .arrows or .parquet",
                ));
            }
            (None, _) if terminal => return Ok(LoadTarget::Table),
            (None, _) => Format::Csv,
        },
    };
    if let Some(why) = format.missing() {
        return Err(Error::usage(why, "write csv or jsonl, or build it with the feature"));
    }
    match path {
        Some(path) => Ok(LoadTarget::File(format, path.to_path_buf())),
        None if terminal && format.is_binary() => Err(Error::usage(
            "this format is no text, and stdout is a terminal",
            "write it to a file (--output bars.parquet) or into a pipe",
        )),
        None => Ok(LoadTarget::Stdout(format)),
    }
}

/// Loads bars and counts them.
struct Load<'a> {
    bars: LoadStream<'a>,
    /// How many more bars to load.
    left: usize,
    rows: usize,
    not_finite: usize,
}

impl Load<'_> {
    async fn next(&mut self) -> Result<Option<Bars>> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(mut bars) = self.bars.next().await? else { return Ok(None) };
        bars.truncate(self.left);
        self.left -= bars.len();
        self.rows += bars.len();
        let not_finite = |v: &f64| !v.is_finite() && !is_unknown(*v);
        self.not_finite += bars.columns().iter().flatten().copied().filter(not_finite).count();
        Ok(Some(bars))
    }

    async fn write_stdout(&mut self, format: Format, series: &SeriesName) -> Result<()> {
        let fail = |e: io::Error| match e.kind() {
            // The reader of the pipe has seen enough.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Error::Usage { message: format!("cannot write to stdout: {e}"), hint: None }),
        };
        let mut writer = match BarWriter::new(format, series, output::pipe()) {
            Ok(writer) => writer,
            Err(e) => return fail(e),
        };
        while let Some(bars) = self.next().await? {
            if let Err(e) = writer.write(&bars) {
                return fail(e);
            }
        }
        writer.finish().map(|_| ()).or_else(fail)
    }

    /// Whether the file was written; false if a signal stopped it.
    async fn write_file(
        &mut self,
        format: Format,
        series: &SeriesName,
        path: &Path,
        stop: &CancellationToken,
    ) -> Result<bool> {
        let fail = |e: io::Error| cannot_write(path, &e);
        let file = BufWriter::with_capacity(64 * 1024, NewFile::create(path)?);
        let mut writer = BarWriter::new(format, series, file).map_err(fail)?;
        loop {
            let next = tokio::select! {
                next = self.next() => next?,
                () = stop.cancelled() => return Ok(false),
            };
            let Some(bars) = next else { break };
            writer.write(&bars).map_err(fail)?;
        }
        let file = writer.finish().map_err(fail)?;
        file.into_inner().map_err(|e| fail(e.into_error()))?.commit().map_err(fail)?;
        Ok(true)
    }
}

async fn table(load: &mut Load<'_>, limit: usize) -> Result<()> {
    let mut bars = Bars::default();
    // One more, to see whether there are more.
    load.left = limit.saturating_add(1);
    while let Some(next) = load.next().await? {
        bars.append(&next);
    }
    bars.truncate(limit);
    let table = table_of(&bars);
    let shown = bars.len();
    let more = load.rows > shown;
    output::print(|out| {
        if shown > 0 {
            table.write(out)?;
        }
        if more {
            writeln!(out, "(the first {shown}; more with --limit N, --format csv or --output FILE)")?;
        }
        Ok(())
    })
}

/// Without the optional columns that no bar has.
fn table_of(bars: &Bars) -> Table {
    let is_shown = |i: usize| COLUMNS[i].is_required() || bars[i].iter().any(|value| !is_unknown(*value));
    let shown: Vec<usize> = (0..COUNT).filter(|i| is_shown(*i)).collect();
    let headings = shown.iter().map(|i| Column::number(COLUMNS[*i].heading));
    let mut table = Table::new([Column::text("TIME")].into_iter().chain(headings));
    for (i, time) in bars.time.iter().enumerate() {
        let text = |column: &usize| known(bars[*column][i]).map(|v| v.to_string()).unwrap_or_default();
        table.row([format_time(*time)].into_iter().chain(shown.iter().map(text)));
    }
    table
}
