//! Programs of this machine for tests that run in Swift's root, where there is no browser: whoever
//! connects to a port talks to a program of its own.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
};

/// Starts the program that `program` makes for each connection, its standard input and output being
/// the connection. Yields the port on the loopback interface.
pub(super) fn open(program: impl Fn() -> Command + Send + 'static) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let started = serve(connection, program());
            if let Err(error) = started {
                eprintln!("    a program for the tests did not start: {error}");
            }
        }
    });
    Ok(port)
}

fn serve(connection: TcpStream, mut program: Command) -> io::Result<()> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(input) = child.stdin.take() {
        let said = connection.try_clone()?;
        thread::spawn(move || copy(said, input));
    }
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            copy(output, &connection);
            // Whoever still reads hears that the program has ended.
            let _ = connection.shutdown(Shutdown::Both);
            let _ = child.wait();
        });
    }
    Ok(())
}

/// Hands on what comes, as it comes.
fn copy(mut from: impl Read, mut to: impl Write) {
    let mut buffer = [0; 4096];
    while let Ok(length) = from.read(&mut buffer)
        && length > 0
        && to.write_all(&buffer[..length]).is_ok()
        && to.flush().is_ok()
    {}
}
