//! Renames series. A series that exists is never merged with another.

use super::{DataRepository, suggest};
use crate::bar::SeriesName;
use crate::error::{During, Error, Result};
use crate::timeframe;

/// A series and its new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// The name so far.
    pub from: SeriesName,
    /// The new one.
    pub to: SeriesName,
}

impl DataRepository {
    /// Gives a series another name. Its bars, and what is known of its files, stay.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Usage`] if there is a series of the new name; [`Error::Database`]
    pub async fn rename(&self, renaming: &Renaming) -> Result<()> {
        let Renaming { from, to } = renaming;
        let renamed = sqlx::query(include_str!("../sql/rename_series.sql"))
            .bind(&from.symbol)
            .bind(&from.timeframe)
            .bind(&to.symbol)
            .bind(&to.timeframe)
            .execute(&self.pool)
            .await;
        match renamed {
            Ok(done) if done.rows_affected() == 1 => Ok(()),
            Ok(_) => {
                let known = self.known().await?;
                Err(suggest::not_found(&from.symbol, &from.timeframe, &known))
            }
            Err(e) if e.as_database_error().is_some_and(|e| e.is_unique_violation()) => Err(Error::usage(
                format!(
                    "{} {} is not renamed: {} {} exists already",
                    from.symbol, from.timeframe, to.symbol, to.timeframe
                ),
                "`barlift data load` writes the bars of one, `barlift data save` adds them to the other",
            )),
            Err(e) => Err(Error::during("renaming the series", e)),
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
