//! Who can reach what barlift opens: a worker's HTTP endpoint and the private server's socket.

use std::path::Path;
use std::process::{Command, Output};

use nix::unistd::{User, geteuid};

use crate::support::{
    TestDatabase, barlift, barlift_alone, eventually, free_port, installation, server_directory, skipped,
};

/// The local addresses that somebody listens on at `port`, as the kernel writes them.
fn listening(port: u16) -> Vec<String> {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let lines = read("/proc/net/tcp") + &read("/proc/net/tcp6");
    let here = lines.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (address, in_use) = fields.get(1)?.split_once(':')?;
        let listens = fields.get(3) == Some(&"0A");
        (listens && in_use == format!("{port:04X}")).then(|| address.to_owned())
    });
    here.collect()
}

#[tokio::test]
async fn a_port_alone_is_opened_on_this_machine_only() {
    if !Path::new("/proc/net/tcp").exists() {
        skipped("there is no /proc/net/tcp");
        return;
    }
    let database = TestDatabase::new().await;
    for (host, seen) in [("", "0100007F"), ("0.0.0.0:", "00000000")] {
        let port = free_port();
        let worker = barlift(&database, &["worker", "--http", &format!("{host}{port}")]).spawn();
        let addresses = eventually("the worker listens", || async move {
            Some(listening(port)).filter(|found| !found.is_empty())
        })
        .await;
        assert_eq!(addresses, [seen], "{host}{port}");
        drop(worker);
    }
}

/// psql, by another user, on the socket in a folder.
fn psql(as_user: &str, bin: &Path, socket: &Path) -> Output {
    Command::new("runuser")
        .args(["-u", as_user, "--"])
        .arg(bin.join("psql"))
        .args(["-X", "-At", "-U", "barlift", "-d", "barlift", "-c", "SELECT 'let in'", "-h"])
        .arg(socket)
        .current_dir("/")
        .output()
        .expect("runuser")
}

#[tokio::test]
async fn another_user_cannot_use_the_embedded_server() {
    // The modes of its folders are looked at in `embedded`.
    let others = ["postgres", "nobody"].map(|name| User::from_name(name).ok().flatten());
    if !geteuid().is_root() || others.iter().any(Option::is_none) {
        skipped("it needs root, and a user postgres beside nobody");
        return;
    }
    let home = server_directory();
    let directory = home.path().join("pg");
    let worker = barlift_alone(&["worker"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory).spawn();
    let (bin, socket) = (installation().await, directory.join("run"));
    // The user that runs the server gets in, so it is there to be refused.
    eventually("the server answers", || async {
        (psql("postgres", &bin, &socket).stdout == b"let in\n").then_some(())
    })
    .await;
    let refused = psql("nobody", &bin, &socket);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("Permission denied"), "{said}");
    drop(worker);
    eventually("the server stops", || async {
        (!directory.join("data/postmaster.pid").exists()).then_some(())
    })
    .await;
}
