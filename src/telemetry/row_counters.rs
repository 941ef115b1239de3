//! Row counters in spans and metrics: their attributes and outcomes, as [`COUNTERS`] has them.

use std::marker::PhantomData;

use super::attribute::{AnyAttribute, Attribute, Int};
use crate::counts::{COUNTERS, InSpans, RowCounts};

/// Whether the spans of all operations have a counter, or those of imports alone.
const ALL: bool = true;
const IMPORTS: bool = false;
/// Whether attributes are those of attempts or of operations.
const ATTEMPTS: bool = true;
const OPERATIONS: bool = false;

pub(super) const OF_IMPORT_ATTEMPTS: &[AnyAttribute] = &attributes::<{ number(IMPORTS) }>(IMPORTS, ATTEMPTS);
pub(super) const OF_IMPORTS: &[AnyAttribute] = &attributes::<{ number(IMPORTS) }>(IMPORTS, OPERATIONS);
pub(super) const COMMON_OF_ATTEMPTS: &[AnyAttribute] = &attributes::<{ number(ALL) }>(ALL, ATTEMPTS);
pub(super) const COMMON_OF_OPERATIONS: &[AnyAttribute] = &attributes::<{ number(ALL) }>(ALL, OPERATIONS);

/// The attributes of counters, for attempts or for operations.
const fn attributes<const N: usize>(of_all_operations: bool, of_attempts: bool) -> [AnyAttribute; N] {
    let mut found = [attribute(["", ""]).any(); N];
    let (mut counter, mut n) = (0, 0);
    while n < N {
        if let Some(names) = in_spans(counter, of_all_operations) {
            found[n] = attribute(if of_attempts { names.attempt } else { names.operation }).any();
            n += 1;
        }
        counter += 1;
    }
    found
}

/// How many counters spans have.
const fn number(of_all_operations: bool) -> usize {
    let (mut counter, mut n) = (0, 0);
    while counter < COUNTERS.len() {
        if in_spans(counter, of_all_operations).is_some() {
            n += 1;
        }
        counter += 1;
    }
    n
}

const fn in_spans(counter: usize, of_all_operations: bool) -> Option<InSpans> {
    match COUNTERS[counter].in_spans {
        Some(names) if names.of_all_operations == of_all_operations => Some(names),
        _ => None,
    }
}

const fn attribute([name, about]: [&'static str; 2]) -> Attribute<Int> {
    Attribute { name, stable: None, about, value_type: PhantomData }
}

/// The counters on the span of an attempt to import.
pub(super) fn of_attempt(rows: &RowCounts) -> impl Iterator<Item = (Attribute<Int>, i64)> {
    COUNTERS.iter().filter_map(|c| Some((attribute(c.in_spans?.attempt), (c.value)(rows))))
}

/// The counters on the span of an operation.
pub(super) fn of_operation(rows: &RowCounts) -> impl Iterator<Item = (Attribute<Int>, i64)> {
    COUNTERS.iter().filter_map(|c| Some((attribute(c.in_spans?.operation), (c.value)(rows))))
}

/// The outcomes of the metric `barlift.rows`.
pub(super) fn outcomes(rows: &RowCounts) -> impl Iterator<Item = (&'static str, i64)> {
    COUNTERS.iter().filter_map(|c| Some((c.outcome?, (c.value)(rows))))
}
