//! stub
use super::destination::Destination;
use crate::error::Result;
use crate::operation::OperationId;
use crate::operation::verification::{Snapshot, Verification};
pub(super) async fn verification(_: &mut Destination, _: &mut Snapshot, _: &Verification) -> Result<()> {
    Ok(())
}
pub(super) async fn import(_: &mut Destination, _: &sqlx::PgPool, _: &OperationId) -> Result<()> {
    Ok(())
}
