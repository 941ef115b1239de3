//! The settings that leave nothing to decide about a file.

use super::{FileLayout, names};
use crate::config::{CsvConfig, Delimiter, Thousands, TimeForm};

impl FileLayout {
    /// The settings that leave nothing to decide: a file with other rows is read as this one is.
    #[must_use]
    pub fn settled(&self, csv: &CsvConfig) -> CsvConfig {
        let number = |column: usize| Some((column + 1).to_string());
        let mut settled = CsvConfig {
            header: self.header.is_some(),
            delimiter: Delimiter::Byte(self.columns.delimiter),
            decimal_comma: self.numbers.decimal_comma,
            thousands: self.numbers.thousands.map_or(Thousands::None, Thousands::Sign),
            price_decimals: csv.price_decimals,
            time_format: Some(self.times.form().clone()),
            ..csv.clone()
        };
        settled.columns.date = self.columns.date.and_then(number);
        settled.columns.time = number(self.columns.time);
        let symbols: Vec<String> = self.columns.symbol.iter().map(|at| (at + 1).to_string()).collect();
        settled.columns.symbol = Some(symbols.join(",")).filter(|columns| !columns.is_empty());
        for (at, set) in settled.columns.values.iter_mut().enumerate() {
            *set = match self.columns.values[at] {
                Some(column) => number(column),
                None => Some(crate::config::NO_COLUMN.to_owned()),
            };
        }
        settled
    }

    /// The settings for other files that are written like this one: [`settled`](Self::settled), but with columns by their
    /// names, so that a file with other columns is refused, and without the unit of counts, which each file shows.
    #[must_use]
    pub fn settled_for_others(&self, csv: &CsvConfig) -> CsvConfig {
        let mut settled = self.settled(csv);
        if matches!(settled.time_format, Some(TimeForm::Unix(_))) {
            settled.time_format = None;
        }
        let bare = names::without_prefix(&self.fields).filter(|_| !names::has_prices(&self.names));
        let names = bare.as_ref().unwrap_or(&self.names);
        let named = |column: usize| {
            let name = names.get(column).filter(|name| name.parse::<usize>().is_err() && !name.is_empty())?;
            let is_alone = names.iter().filter(|other| *other == name).count() == 1;
            let written = if bare.is_some() { name } else { &self.fields[column] };
            (is_alone && !written.contains(char::is_control)).then(|| written.trim().to_owned())
        };
        let columns = &mut settled.columns;
        // Several columns stay numbers.
        let keys = [&mut columns.symbol, &mut columns.date, &mut columns.time]
            .into_iter()
            .chain(&mut columns.values);
        for key in keys.flatten() {
            let number = key.parse::<usize>().ok();
            if let Some(name) = number.and_then(|number| named(number.checked_sub(1)?)) {
                *key = name;
            }
        }
        settled
    }
}
