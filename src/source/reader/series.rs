//! What is known of a series' rows so far, which the next ones are held to.

use super::super::layout::FileLayout;
use super::super::time_set::TimeSet;
use super::neighbours::Neighbours;
use super::order::RowOrder;
use crate::config::Ambiguous;

/// The rows of one series that were read so far.
pub(super) struct SeriesState {
    /// The times of its rows.
    pub(super) seen: TimeSet,
    /// The order of its rows, where local times may come twice.
    pub(super) order: Option<RowOrder>,
    /// The order of the rows that the general path read, where day and month may change places.
    pub(super) general_order: RowOrder,
    /// How many rows seem to have day and month in the other order.
    pub(super) swapped_rows: usize,
    pub(super) neighbours: Neighbours,
}

impl SeriesState {
    /// Of a series that has no row yet.
    pub(super) fn new(layout: &FileLayout, ambiguous: Ambiguous) -> Self {
        Self {
            seen: TimeSet::default(),
            order: layout.times.has_local_zone().then(|| RowOrder::new(ambiguous)),
            general_order: match layout.symbols {
                Some(_) => RowOrder::among_others(),
                None => RowOrder::default(),
            },
            swapped_rows: 0,
            neighbours: Neighbours::new(layout.step, layout.odd_step.is_some()),
        }
    }
}
