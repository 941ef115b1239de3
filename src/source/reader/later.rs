//! Holds the later rows of a file to the layout that its first rows have.

use super::super::later_rows::LaterRows;
use super::super::root::io_error;
use super::row::{NOTHING, RowFault, RowParser};
use crate::error::FileError;

/// Refuses the file if one of its rows behind this byte shows that others are read wrong, before any bar of it is written. A
/// row that is only a bad one is rejected in its turn.
pub(super) fn refuse_contradictions(
    later: &LaterRows,
    offset: u64,
    path: &str,
    parser: impl Fn() -> RowParser,
) -> Result<(), FileError> {
    for place in later.behind(offset) {
        // The places are far apart: no row goes on from the place before.
        let mut parser = parser();
        for row in place {
            if let Err(RowFault::Fatal(reason)) = parser.parse(&row.bytes, &mut { NOTHING }) {
                let line = later.line_at(row.offset).map_err(|e| io_error(path, &e))?;
                return Err(FileError::permanent(path, line, reason));
            }
        }
    }
    Ok(())
}
