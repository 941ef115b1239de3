//! The layout of a file without a header: what stands where follows from the values.
//!
//! Invariant: the prices are taken for open, high, low and close only if the rows prove which are high and low; the
//! order of open and close is the usual one and must not contradict the steps from row to row.

use std::borrow::Cow;

use super::columns::within;
use super::context::Context;
use super::date_and_clock::{judge_dates, pair};
use super::formats;
use super::head::{self, delimiters};
use super::table::Table;
use super::time_checks::{refuse_half_days, refuse_repeats};
use super::time_columns::TimeColumns;
use super::times::{Judgement, Texts};
use super::{
    Columns, FileLayout, Sample, Undecided, called, lost_digits, numbers, price_order, refuse_twice, tickers,
    time_notes, unnamed_volume, volume_note,
};
use crate::bar::columns::{CLOSE, COLUMNS, COUNT, OPEN, VOLUME};
use crate::config::{CsvConfig, NO_COLUMN, TimeForm};
use crate::finding::RawRow;
use crate::source::number::NumberStyle;
use crate::timeframe::DAY;

/// Decides the layout of a file that begins with data, behind `before` other lines.
pub(super) fn decide(
    sample: Sample<'_>,
    before: usize,
    csv: &CsvConfig,
    context: &Context,
) -> Result<FileLayout, Undecided> {
    let rows = &sample.rows[before..];
    let mut first_error = None;
    for delimiter in delimiters(csv, None) {
        let lines = &sample.rows[..before];
        match by(delimiter, Sample { rows, ..sample }, lines, csv, context) {
            Ok(layout) => return Ok(layout),
            Err((width, e)) => {
                let is_better = first_error.as_ref().is_none_or(|(widest, _)| width > *widest);
                if is_better {
                    first_error = Some((width, e));
                }
            }
        }
    }
    let error = first_error.map_or_else(|| Undecided::from("there is no data".to_owned()), |(_, e)| e);
    Err(match error {
        Undecided::Refused(line, reason) => {
            Undecided::Refused(line.or_else(|| rows.first().map(|row| row.line)), reason)
        }
        other => other,
    })
}

fn by(
    delimiter: u8,
    sample: Sample<'_>,
    before: &[RawRow],
    csv: &CsvConfig,
    context: &Context,
) -> Result<FileLayout, (usize, Undecided)> {
    let table = Table::new(sample.rows, delimiter, csv.quote);
    let mut width = table.width(0);
    let ends_with_delimiter = width > 1 && table.ends_with_delimiter(width - 1);
    if ends_with_delimiter {
        width -= 1;
    }
    let fail = |e: Undecided| (width, e);
    let (columns, numbers, time) = columns(width, &table, csv, context, sample.is_last).map_err(fail)?;
    let symbols = context.symbols.clone();
    let columns = Columns {
        symbol: symbols.as_ref().map(|symbols| symbols.columns.clone()).unwrap_or_default(),
        date: time.date,
        time: time.column,
        clock_digits: time.clock_digits,
        width,
        delimiter,
        ..columns
    };
    refuse_twice(&columns).map_err(fail)?;
    let tickers = match &symbols {
        Some(_) => Vec::new(),
        None => tickers::unnamed(width, &columns, &table).map_err(fail)?,
    };
    let mut notes: Vec<String> = head::note(before).into_iter().collect();
    if csv.header {
        notes.push(format!("no header: {}", places(&columns)));
    }
    notes.extend(time.note.clone());
    let odd_step = time_notes::odd_step(&time.times, context);
    time_notes::refuse_zones(&table, &time, before.iter(), context).map_err(fail)?;
    notes.extend(time_notes::all(&table, &time, context, odd_step.as_ref(), (false, sample.is_whole)));
    notes.extend(lost_digits::note(&table, &columns.values, numbers));
    notes.extend(volume_note(&columns));
    let used: Vec<usize> = columns.used().collect();
    let ignored = (0..width).filter(|at| !used.contains(at)).map(|at| format!("column {}", at + 1));
    let columns = Columns { ignored: ignored.collect(), ..columns };
    Ok(FileLayout {
        columns,
        header: None,
        names: Vec::new(),
        fields: Vec::new(),
        numbers,
        times: context.parser(&time.times),
        step: context.step,
        odd_step,
        disproof: time.times.disproof(),
        times_are_given: context.given.is_some(),
        ends_with_delimiter,
        is_filled: table.is_filled(width - 1),
        tickers,
        symbols: symbols.map(|symbols| symbols.without_used(&used)),
        proof: None,
        notes,
        before_data: before.len(),
        quote: csv.quote,
    })
}

type Found = (Columns, NumberStyle, TimeColumns);

fn columns(
    width: usize,
    table: &Table,
    csv: &CsvConfig,
    context: &Context,
    is_last: bool,
) -> Result<Found, Undecided> {
    let map = &csv.columns;
    let number = |key: &str| match key.parse() {
        Ok(n) => within(n, width),
        Err(_) => Err(format!("a file without a header has no column `{key}`: give its number")),
    };
    let date = map.date.as_deref().map(number).transpose()?;
    // Columns of the symbol may stand before the time.
    let symbols = context.symbols.as_ref().map_or(&[][..], |symbols| &symbols.columns);
    let before = (0..width).take_while(|at| symbols.contains(at)).count();
    let usual_time = 1 + before + usize::from(map.date.is_some());
    let time = map.time.as_deref().map_or_else(|| within(usual_time, width), number)?;
    let time = time_columns(date, time, map.time.is_some(), width, table, context)?;
    // What follows the time, unless columns are named.
    let shift = usize::from(time.date.is_some());
    let behind = (1 + before + shift..width).take_while(|at| symbols.contains(at)).count();
    let shift = before + shift + behind;
    let mut values = [None; COUNT];
    for (at, (value, key)) in values.iter_mut().zip(&map.values).enumerate() {
        *value = match key.as_deref() {
            Some(NO_COLUMN) if !COLUMNS[at].is_required() => None,
            Some(key) => Some(number(key)?),
            // An optional value may be missing.
            None if !COLUMNS[at].is_required() => (1 + at + shift..width).find(|at| !symbols.contains(at)),
            None => Some(within(2 + at + shift, width)?),
        };
    }
    let columns = Columns { values, ..Columns::default() };
    // LEAN writes prices as whole numbers of a ten-thousandth.
    let is_lean = time.date.is_none()
        && table
            .column(time.column)
            .all(|(_, text)| text.len() == 14 && text[8] == b' ' && text[..8].iter().all(u8::is_ascii_digit));
    if is_lean && csv.price_decimals.is_none() && numbers::prices_are_whole(table, &values, 10_000.0) {
        return Err(
            "the prices are whole numbers: give --price-decimals 4 if they are of QuantConnect's equities or options, \
                    else --price-decimals 0"
                .to_owned()
                .into(),
        );
    }
    let numbers = numbers::decide(table, &values, csv, is_last)?;
    let are_named = (OPEN..=CLOSE).all(|at| map.values[at].is_some());
    if !are_named {
        price_order::prove_prices(&values, numbers, table, &time, csv)?;
        price_order::refuse_close_first(&values, numbers, table, &time)?;
        price_order::refuse_second_prices(&values, numbers, table, &time)?;
    }
    if map.values[VOLUME].is_none() {
        unnamed_volume::refuse_other(&values, numbers, table)?;
    }
    Ok((columns, numbers, time))
}

/// The time's column, and the date's if the next column is the time of day.
fn time_columns(
    date: Option<usize>,
    column: usize,
    is_named: bool,
    width: usize,
    table: &Table,
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    if let Some(date) = date {
        let kind = table.clock(column).unwrap_or(formats::Clock::Written);
        return pair(table, date, column, kind, &[], context);
    }
    // A whole price of daily bars may look like a time of day.
    let is_intraday = context.step.is_none_or(|step| step < DAY);
    let texts = Texts::new(table.column(column).map(|(line, text)| (line, Cow::Borrowed(text))));
    let may_have_clock = !is_named && column + 1 < width && table.clock(column + 1).is_some();
    let judgement = if may_have_clock { judge_dates(&texts, context) } else { texts.judge(context) };
    if let (Judgement::Times(times), false, true) = (&judgement, is_named, column + 1 < width)
        && times.are_dates
        && let Some(kind) = table.clock(column + 1)
        && (kind == formats::Clock::Written || is_intraday || is_midnight(table, column + 1))
    {
        return pair(table, column, column + 1, kind, &[], context);
    }
    match judgement {
        Judgement::Times(times) => {
            refuse_half_days(&times, &called(&[], column), context)?;
            refuse_repeats(&times, table, (&[], &[]), context)?;
            let note = note(&times.form);
            Ok(TimeColumns { date: None, column, clock_digits: None, times, note })
        }
        Judgement::Open(reason) | Judgement::Implausible(reason) => {
            Err(format!("the times in column {}: {reason}", column + 1).into())
        }
        Judgement::Changes(line, reason) => Err(Undecided::at(line, reason)),
        Judgement::Nothing(example) => {
            let (line, text) = example.unzip();
            let shown = text.map(|text| format!(" (`{text}`)")).unwrap_or_default();
            Err(Undecided::Refused(
                line,
                format!(
                    "the file has no header, and column {} no times{shown}: name the columns by number, as in \
                     --column time=1 --column open=2, or the format with --time-format",
                    column + 1
                ),
            ))
        }
    }
}

/// Whether all of a column's times of day are midnight.
fn is_midnight(table: &Table, column: usize) -> bool {
    table.column(column).all(|(_, text)| text.iter().all(|b| *b == b'0'))
}

fn note(form: &TimeForm) -> Option<String> {
    (*form != TimeForm::Iso).then(|| format!("times are {}", form.describe()))
}

/// `time 1, open 2, high 3, low 4, close 5, volume 6`
fn places(columns: &Columns) -> String {
    let mut places = Vec::new();
    if let Some(date) = columns.date {
        places.push(format!("date {}", date + 1));
    }
    places.push(format!("time {}", columns.time + 1));
    for (column, at) in COLUMNS.iter().zip(columns.values) {
        places.extend(at.map(|at| format!("{} {}", column.name, at + 1)));
    }
    format!("columns are {}", places.join(", "))
}
