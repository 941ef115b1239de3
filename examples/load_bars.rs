//! Reads bars from the database in a program of your own: the list of series, a day of one, all of one.
//!
//! ```text
//! cargo run -- import samples
//! cargo run --example load_bars                     the first series
//! cargo run --example load_bars -- NOVA 1h
//! ```
//!
//! The database is `DATABASE_URL`, or barlift's private one, as for `barlift` itself.

#![allow(clippy::print_stderr, clippy::print_stdout)] // it is a program

use barlift::bar::columns::{HIGH, VOLUME};
use barlift::bar::{Micros, format_time, known};
use barlift::db::Database;
use barlift::error::{Error, Result};
use barlift::repository::data::DataRepository;
use barlift::{config, setup};

const DAY: Micros = 24 * 60 * 60 * 1_000_000;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {}", e.chain());
            if let Some(hint) = e.hint() {
                eprintln!("hint: {hint}");
            }
            e.exit_status().into()
        }
    }
}

async fn run(arguments: &[String]) -> Result<()> {
    let config = config::load(None, &[])?;
    let mut database = Database::connect(&config).await?;
    setup::ensure(&mut database, &config.database).await?;
    let repository = DataRepository::new(database.pool.clone());

    println!("symbols: {}", repository.list_symbols(None).await?.join(", "));
    let series = repository.list_series(None).await?;
    let (symbol, timeframe) = match (arguments, series.first()) {
        ([symbol, timeframe], _) => (symbol.as_str(), timeframe.as_str()),
        ([], Some(first)) => (first.name.symbol.as_str(), first.name.timeframe.as_str()),
        _ => return Err(Error::usage("usage: load_bars SYMBOL TIMEFRAME", "first: barlift import samples")),
    };
    let Some((first, last)) = repository.get_date_range(symbol, timeframe).await? else {
        println!("{symbol} {timeframe} has no bars");
        return Ok(());
    };
    println!("{symbol} {timeframe}: {} to {}", format_time(first), format_time(last));

    // A short range fits in memory, column by column.
    let day = repository.load(symbol, timeframe, first, first + DAY).await?;
    let high = day[HIGH].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    println!("{} bars in the first 24 hours, highest {high}", day.len());

    // A long one is read in chunks.
    let (mut bars, mut volume) = (0, 0.0);
    let mut chunks = repository.load_stream(symbol, timeframe, Micros::MIN, Micros::MAX).await?;
    while let Some(chunk) = chunks.next().await? {
        bars += chunk.len();
        // A volume may be unknown.
        volume += chunk[VOLUME].iter().copied().filter_map(known).sum::<f64>();
    }
    println!("{bars} bars in all, volume {volume}");
    Ok(())
}
