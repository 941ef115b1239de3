//! Built-in presets that a file shows to be its own: they set the zone of its times, unless somebody has set it.
//!
//! Invariant: a preset is chosen only if the file's name and its first rows both prove it. Which one may be follows from the
//! name alone, so a file that is known by its bytes and its name need not be read to tell how it is read.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::Pattern;
use super::{built_in_regex, extension};
use crate::config::presets::{self, Preset};
use crate::finding::RawRow;

/// What shows that a file is one of a preset's, and the zone of such files.
#[derive(Debug)]
pub struct Proof {
    /// The preset's name.
    pub preset: String,
    /// The zone of the times in such files.
    pub timezone: String,
    names: Vec<Pattern>,
    header: Option<String>,
    first_row: Option<Regex>,
}

static PROOFS: LazyLock<Vec<Proof>> = LazyLock::new(|| {
    let of = |preset: &Preset| {
        let proof = preset.proof.as_ref()?;
        let pattern = |name: &String| Pattern::new(name).unwrap_or_else(|e| unreachable!("{e}"));
        Some(Proof {
            preset: preset.name.clone(),
            timezone: preset.get("import.timezone")?,
            names: preset.names.iter().map(pattern).collect(),
            header: proof.header.clone(),
            first_row: proof.first_row.as_deref().map(built_in_regex),
        })
    };
    presets::built_in().iter().filter_map(of).collect()
});

impl Proof {
    /// That of a preset which the name of a file speaks for.
    #[must_use]
    pub fn by_name(path: &str) -> Option<&'static Self> {
        let name = extension::as_unpacked(extension::plain_path(path));
        PROOFS.iter().find(|proof| proof.names.iter().any(|pattern| pattern.parts(&name).is_ok()))
    }

    /// All of them.
    pub(crate) fn all() -> &'static [Self] {
        &PROOFS
    }

    /// Whether the first lines of a file, none of them blank, show it, too.
    pub(super) fn is_shown_by(&self, rows: &[RawRow]) -> bool {
        let mut rows = rows.iter().map(|row| row.bytes.trim_ascii());
        let has_header = self.header.as_ref().is_none_or(|header| rows.next() == Some(header.as_bytes()));
        let is_such = |row: &[u8]| {
            let row = std::str::from_utf8(row).ok();
            self.first_row.as_ref().is_none_or(|regex| row.is_some_and(|row| regex.is_match(row)))
        };
        has_header && rows.next().is_some_and(is_such)
    }

    /// What files of such a name are read by, as a text.
    pub(crate) fn rule(&self) -> String {
        let first_row = self.first_row.as_ref().map(Regex::as_str);
        format!("{} if {:?} {:?}", self.timezone, self.header, first_row)
    }

    /// For people, if it was chosen.
    #[must_use]
    pub fn note(&self) -> String {
        format!(
            "times are in {}: the name and the first rows are those of the preset {} (--timezone overrides it)",
            self.timezone, self.preset
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<RawRow> {
        let row = |(line, text): (u64, &str)| RawRow { line, offset: 0, bytes: text.as_bytes().to_vec() };
        (1..).zip(text.lines()).map(row).collect()
    }

    fn chosen(path: &str, text: &str) -> Option<&'static str> {
        Proof::by_name(path)
            .filter(|proof| proof.is_shown_by(&rows(text)))
            .map(|proof| proof.timezone.as_str())
    }

    #[test]
    fn all_can_be_used() {
        let with_proof = presets::built_in().iter().filter(|preset| preset.proof.is_some()).count();
        assert_eq!((Proof::all().len(), with_proof), (3, 3));
        for proof in Proof::all() {
            crate::source::time::zone(&proof.timezone).expect("a zone");
        }
    }

    #[test]
    fn a_member_of_an_archive_is_named_as_if_it_were_unpacked() {
        for path in [
            "DAT_ASCII_EURUSD_M1_202401.csv",
            "x/HISTDATA_EURUSD.zip!DAT_ASCII_EURUSD_M1_202401.csv",
            "x.zip!y/DAT_ASCII_EURUSD_M1_202401.csv",
        ] {
            assert_eq!(
                Proof::by_name(path).map(|proof| proof.timezone.as_str()),
                Some("Etc/GMT+5"),
                "{path}"
            );
        }
        assert_eq!(super::super::layout::zone_in_name("bars.zip!AAPL_5m_EST.csv").as_deref(), Some("EST"));
        assert_eq!(super::super::layout::zone_in_name("X_UTC+2.zip!AAPL_5m.csv"), None);
    }

    #[test]
    fn a_name_and_the_rows_prove_a_preset() {
        const EST: Option<&str> = Some("Etc/GMT+5");
        const NEW_YORK: Option<&str> = Some("America/New_York");
        const ASCII: &str = "20240102 170000;1.1;1.1;1.1;1.1;0";
        const VANTAGE: &str = "timestamp,open,high,low,close,volume\r\n2024-01-16 19:55:00,1,1,1,1,1\r\n";
        for (path, text, zone) in [
            ("DAT_ASCII_EURUSD_M1_202401.csv", ASCII, EST),
            ("deep/er/DAT_ASCII_EURUSD_M1_2024.csv", ASCII, EST),
            ("DAT_NT_EURUSD_M1_202401.csv", ASCII, EST),
            ("DAT_MT_EURUSD_M1_202401.csv", "2024.01.02,17:00,1.1,1.1,1.1,1.1,0", EST),
            ("DAT_MS_EURUSD_M1_202401.csv", "EURUSD,202401021700,1.1,1.1,1.1,1.1,0", EST),
            ("intraday_5min_IBM.csv", VANTAGE, NEW_YORK),
            // A name alone, or rows alone, prove nothing.
            ("DAT_ASCII_EURUSD_M1_202401.csv", "2024-01-02 17:00:00;1.1;1.1;1.1;1.1;0", None),
            (
                "DAT_ASCII_EURUSD_M1_202401.csv",
                "time;open;high;low;close;volume\n20240102 170000;1;1;1;1;0",
                None,
            ),
            ("DAT_ASCII_EURUSD_T_202401.csv", ASCII, None),
            ("EURUSD_1m.csv", ASCII, None),
            ("intraday_5min_IBM.csv", "timestamp,open,high,low,close,volume", None),
            ("intraday_5min_IBM.csv", "timestamp,open,high,low,close,volume\n2024-01-16,1,1,1,1,1", None),
            (
                "intraday_5min_IBM.csv",
                "timestamp,open,high,low,close,volume\n2024-01-16 19:55:00Z,1,1,1,1,1",
                None,
            ),
            ("intraday_5min_IBM.csv", "time,open,high,low,close,volume\n2024-01-16 19:55:00,1,1,1,1,1", None),
            (
                "fx_intraday_5min_EUR_USD.csv",
                "timestamp,open,high,low,close\n2024-01-16 19:55:00,1,1,1,1",
                None,
            ),
            ("IBM_5min.csv", VANTAGE, None),
            ("daily_IBM.csv", "timestamp,open,high,low,close,volume\n2024-01-16,1,1,1,1,1", None),
        ] {
            assert_eq!(chosen(path, text), zone, "{path} {text}");
        }
    }
}
