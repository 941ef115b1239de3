//! Options of the TCP sockets that lead to the server.
//!
//! sqlx 0.9 sets none and does not expose its sockets, so they are searched for among this process's open files.
//! TCP_NODELAY matters most: without it, the end of a small COPY waits for the acknowledgement of its data, which the other
//! side delays for 40 ms. Keepalive detects a server that has gone away without closing its connections.
//!
//! Options are set through a duplicate of the descriptor, since safe Rust cannot use a descriptor by its number: the kernel
//! makes the duplicate when the number is sent through a pair of Unix sockets. Options belong to the socket, so they hold
//! for both. All of this is best effort: without it, connections work, but slower.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use rustix::io::Result;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt};

use crate::db::libpq::Keepalive;

/// Sets the options of all sockets of this process that are connected to this port and do not have them yet.
pub(super) fn tune(port: u16, keepalive: &Keepalive) {
    let Ok(pair) = UnixStream::pair() else { return };
    for descriptor in open_sockets() {
        let Some(socket) = duplicate(&pair, descriptor) else { continue };
        if is_connected_to(&socket, port)
            && let Err(e) = set(&socket, keepalive)
        {
            tracing::debug!(error = %e, "a connection without TCP_NODELAY or keepalive");
        }
    }
}

/// The descriptors that may be sockets; Linux names them `socket:[…]`.
fn open_sockets() -> Vec<RawFd> {
    let folder = if Path::new("/proc/self/fd").exists() { "/proc/self/fd" } else { "/dev/fd" };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let other =
            std::fs::read_link(entry.path()).is_ok_and(|to| !to.to_string_lossy().starts_with("socket:"));
        (!other).then_some(number)
    });
    numbers.collect()
}

/// A second descriptor for the same socket; none if it has been closed meanwhile.
fn duplicate((to, from): &(UnixStream, UnixStream), descriptor: RawFd) -> Option<OwnedFd> {
    let rights = [descriptor];
    let message = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(to.as_raw_fd(), &[IoSlice::new(&[0])], &message, MsgFlags::empty(), None).ok()?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut received = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut received, RecvFlags::CMSG_CLOEXEC).ok()?;
    received.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    })
}

/// Checked on the duplicate, because the number may belong to another socket by now.
fn is_connected_to(socket: &OwnedFd, port: u16) -> bool {
    let peer = rustix::net::getpeername(socket).ok().flatten();
    peer.and_then(|peer| SocketAddr::try_from(peer).ok()).is_some_and(|peer| peer.port() == port)
        && sockopt::tcp_nodelay(socket).is_ok()
}

fn set(socket: &OwnedFd, keepalive: &Keepalive) -> Result<()> {
    if sockopt::tcp_nodelay(socket)? {
        return Ok(());
    }
    sockopt::set_tcp_nodelay(socket, true)?;
    sockopt::set_socket_keepalive(socket, keepalive.on)?;
    if let Some(idle) = keepalive.idle {
        sockopt::set_tcp_keepidle(socket, idle)?;
    }
    if let Some(interval) = keepalive.interval {
        sockopt::set_tcp_keepintvl(socket, interval)?;
    }
    if let Some(count) = keepalive.count {
        sockopt::set_tcp_keepcnt(socket, count)?;
    }
    #[cfg(target_os = "linux")]
    if let Some(timeout) = keepalive.user_timeout {
        sockopt::set_tcp_user_timeout(socket, timeout)?;
    }
    Ok(())
}
