//! Wakes a worker when there may be work: on PostgreSQL's NOTIFY, and every now and then.
//!
//! Invariant: it ends only when its receiver is dropped, and never spins; without a database it waits, and only the
//! ticks go on.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;

/// The channel that apalis's insert trigger notifies.
const CHANNEL: &str = "apalis::job::insert";

/// Sends a wake-up for each notification and each `interval`; ends when the receiver is dropped.
pub(super) async fn listen(pool: PgPool, interval: Duration, wake: mpsc::Sender<()>) {
    loop {
        if let Ok(listener) = connect(&pool).await
            && forward(listener, interval, &wake).await.is_none()
        {
            return;
        }
        tokio::time::sleep(interval).await;
        if wake.is_closed() {
            return;
        }
        // A full channel is as good as another wake-up.
        let _ = wake.try_send(());
    }
}

async fn connect(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Runs until the connection breaks (`Some`) or nobody wants to be woken any more (`None`).
async fn forward(mut listener: PgListener, interval: Duration, wake: &mpsc::Sender<()>) -> Option<()> {
    loop {
        tokio::select! {
            heard = listener.try_recv() => match heard {
                Ok(Some(_)) => {}
                // Notifications may have been lost, so look for work at once.
                Ok(None) | Err(_) => {
                    let _ = wake.try_send(());
                    return Some(());
                }
            },
            () = tokio::time::sleep(interval) => {}
            () = wake.closed() => return None,
        }
        let _ = wake.try_send(());
    }
}
