//! The socket that the relay listens on: its own, or one that the service manager hands over.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// How many connections the system queues while all workers are busy.
const BACKLOG: i32 = 4_096;

/// Takes the socket of `LISTEN_FDS` (systemd's socket activation) where there is one, and binds `address`
/// where there is none. A connection over which nothing can be sent for `patience` is closed: a client
/// that does not read its answer holds nothing for longer.
pub(crate) fn listen(address: SocketAddr, patience: Duration) -> io::Result<TcpListener> {
    let listener = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(handed_over) => handed_over,
        None => bind(address)?,
    };
    limit(&listener, patience)?;
    Ok(listener)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A relay that is started again does not wait for its predecessor's connections to fade.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Connections inherit it from the socket that accepts them.
fn limit(listener: &TcpListener, patience: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    SockRef::from(listener).set_tcp_user_timeout(Some(patience))?;
    #[cfg(not(target_os = "linux"))]
    let _ = (SockRef::from(listener), patience);
    Ok(())
}
