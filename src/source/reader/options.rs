//! How to read a source.

use serde::{Deserialize, Serialize};

use super::super::proof::Proof;
use crate::config::{Ambiguous, Config, CsvConfig, Dates, OnInvalid};

/// How to read a source. Stored with the operation, so that all workers read it the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Dialect and columns of the files.
    pub csv: CsvConfig,
    /// The time zone of times without one; none: UTC, or that of the preset which a file proves. Operations of earlier
    /// versions always name one.
    pub timezone: Option<String>,
    /// What to do with bars that break a market-data rule.
    pub on_invalid: OnInvalid,
    /// What bare dates are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dates: Dates,
    /// Which instant a local time is that came twice.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ambiguous: Ambiguous,
    /// Of files with several symbols, which ones to read; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
}

impl ReadOptions {
    /// As the configuration says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            csv: config.csv.clone(),
            timezone: config.import.timezone.clone(),
            on_invalid: config.import.on_invalid,
            dates: config.import.dates,
            ambiguous: config.import.ambiguous,
            symbols: Vec::new(),
        }
    }
}

/// Whether an option need not be stored.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The zone of times that name none, if nothing tells another one.
pub(crate) const UTC: &str = "UTC";

impl ReadOptions {
    /// The preset that sets the zone of this file's times if its first rows prove it.
    pub(super) fn proof(&self, path: &str) -> Option<&'static Proof> {
        if self.timezone.is_some() { None } else { Proof::by_name(path) }
    }

    /// The zone of this file's times, if its name alone decides it.
    pub(crate) fn zone_by_name(&self, path: &str) -> Option<&str> {
        if self.proof(path).is_some() { None } else { Some(self.timezone.as_deref().unwrap_or(UTC)) }
    }

    /// What decides how this file's bytes are read, to be hashed: for most files the same as earlier versions hashed.
    pub(crate) fn to_be_hashed(&self, path: &str) -> Self {
        self.hashed_by(self.proof(path))
    }

    fn hashed_by(&self, proof: Option<&Proof>) -> Self {
        let timezone = self.timezone.clone().unwrap_or_else(|| UTC.to_owned());
        Self { timezone: Some(proof.map_or(timezone, Proof::rule)), symbols: Vec::new(), ..self.clone() }
    }

    /// The zones that files may be read in, each with what is [hashed](Self::to_be_hashed) of such files.
    pub(crate) fn zones(&self) -> Vec<(String, Self)> {
        let usual = self.hashed_by(None);
        let zone = self.timezone.clone().unwrap_or_else(|| UTC.to_owned());
        let proofs = if self.timezone.is_some() { &[] } else { Proof::all() };
        let proven = proofs.iter().map(|proof| (proof.timezone.clone(), self.hashed_by(Some(proof))));
        std::iter::once((zone, usual)).chain(proven).collect()
    }
}
