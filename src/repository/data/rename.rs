//! Renames series. A name that another series has is refused; `merge` moves the bars into that one.

use sqlx::PgConnection;

use super::{DataRepository, merge, suggest};
use crate::bar::SeriesName;
use crate::error::{During, Error, Result};
use crate::timeframe;

/// A series, and the name that its bars get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// Its name so far.
    pub from: SeriesName,
    /// The new one.
    pub to: SeriesName,
}

const WHAT: &str = "renaming the series";

impl DataRepository {
    /// Gives a series another name. Its bars, and what is known of its files, stay.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Usage`] if there is a series of the new name; [`Error::Database`]
    pub async fn rename(&self, renaming: &Renaming) -> Result<()> {
        let Renaming { from, to } = renaming;
        let renamed = execute(&mut *self.pool.acquire().await.during(WHAT)?, renaming).await;
        match renamed {
            Ok(1) => Ok(()),
            Ok(_) => {
                let known = self.known().await?;
                Err(suggest::not_found(&from.symbol, &from.timeframe, &known))
            }
            Err(e) if e.as_database_error().is_some_and(|e| e.is_unique_violation()) => {
                let hint = match merge::refuse_unfit(from, to) {
                    Ok(()) => format!("barlift data merge {from} {to} moves its bars into that one"),
                    Err(_) => "choose another name".to_owned(),
                };
                Err(Error::usage(format!("{from} is not renamed: {to} exists already"), hint))
            }
            Err(e) => Err(Error::during(WHAT, e)),
        }
    }

    /// The series whose timeframes have another spelling than files get today, with the name that they should have.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn other_spellings(&self) -> Result<Vec<Renaming>> {
        let all = self.known().await?;
        Ok(all
            .into_iter()
            .filter_map(|(symbol, spelling)| {
                let timeframe = timeframe::canonical(&spelling);
                (timeframe != spelling).then(|| Renaming {
                    from: SeriesName { symbol: symbol.clone(), timeframe: spelling },
                    to: SeriesName { symbol, timeframe },
                })
            })
            .collect())
    }

    async fn known(&self) -> Result<Vec<(String, String)>> {
        sqlx::query_as(include_str!("../sql/series_names.sql"))
            .fetch_all(&self.pool)
            .await
            .during("reading the names of the series")
    }
}

/// Renames a series; returns how many there were of the old name.
pub(super) async fn execute(connection: &mut PgConnection, renaming: &Renaming) -> sqlx::Result<u64> {
    let Renaming { from, to } = renaming;
    let query =
        sqlx::query(include_str!("../sql/rename_series.sql")).bind(&from.symbol).bind(&from.timeframe);
    Ok(query.bind(&to.symbol).bind(&to.timeframe).execute(connection).await?.rows_affected())
}
