//! What must not happen: passwords that leak, unencrypted connections where TLS was asked for, rights that are not
//! needed, files from outside the source, and data executed as SQL.

mod local_access;
mod names_and_paths;
mod passwords;
mod rights;
mod tls;

use crate::support::{Folder, PrivateServer, barlift, bars};

#[tokio::test]
async fn a_server_of_ones_own_goes_away_with_its_test() {
    let server = PrivateServer::start().await;
    let database = server.database("market").await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    server.restart_immediately();
    server.stop_immediately();
    let run = barlift(&database, &["status"]).run().await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    server.start_again();
    assert_eq!(database.bars().await, 10);
    let (directory, port) = (server.socket().to_path_buf(), server.port());
    drop(server);
    assert!(!directory.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
