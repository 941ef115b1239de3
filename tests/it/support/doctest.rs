// A database for the examples in the documentation: barlift's own server in a folder that goes with it. They take this
// file in by a hidden line:
//
//     # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));

/// Runs an example on an empty database. The server ends with it, also where the example fails.
fn with_database(
    example: impl AsyncFnOnce(sqlx::PgPool) -> barlift::error::Result<()>,
) -> Result<(), Box<dyn std::error::Error>> {
    use std::os::unix::fs::PermissionsExt as _;
    // Root's server is run by another user, who has to get there. Tests remove what is left of such folders.
    let folder = tempfile::Builder::new().prefix("barlift-test-").tempdir_in("/tmp")?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let directory = folder.path().join("server");
    let settings =
        [("database.url", String::new()), ("database.embedded_dir", directory.display().to_string())];
    let config = barlift::config::load(None, &settings)?;
    let _stop = StopServer(directory.join("data/postmaster.pid"));
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut database = barlift::db::Database::connect(&config).await?;
        barlift::setup::ensure(&mut database, &config.database).await?;
        example(database.pool.clone()).await
    })?;
    Ok(())
}

/// Stops a server when dropped. Here is no `barlift` whose keeper would do it.
struct StopServer(std::path::PathBuf);

impl Drop for StopServer {
    fn drop(&mut self) {
        use nix::sys::signal::{Signal, kill};
        let Ok(text) = std::fs::read_to_string(&self.0) else { return };
        let Some(pid) = text.lines().next().and_then(|l| l.parse().ok()) else { return };
        let pid = nix::unistd::Pid::from_raw(pid);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let _ = kill(pid, Signal::SIGQUIT);
        while kill(pid, None).is_ok() && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
