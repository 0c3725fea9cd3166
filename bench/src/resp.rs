//! A connection to Redis that sends bytes as they are, and the commands of others that `MONITOR` shows.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// A command, or one that a script has given.
pub(crate) struct Command {
    pub(crate) is_of_a_script: bool,
    /// As it goes over the connection.
    pub(crate) bytes: Vec<u8>,
    /// Its name, in capitals.
    pub(crate) name: String,
}

impl Command {
    pub(crate) fn runs_a_script(&self) -> bool {
        ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL"].contains(&self.name.as_str())
    }

    /// Of a line as `1700000000.000000 [0 lua] "SET" "a" "b"`.
    fn of_monitor(line: &[u8]) -> Option<Self> {
        let end_of_client = line.windows(2).position(|it| it == b"] ")?;
        let (client, arguments) = line.split_at(end_of_client);
        let arguments = quoted(arguments);
        Some(Self {
            is_of_a_script: client.ends_with(b" lua"),
            name: String::from_utf8_lossy(arguments.first()?).to_uppercase(),
            bytes: encoded(&arguments),
        })
    }
}

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("Redis listens");
        stream.set_nodelay(true).expect("a socket");
        Self {
            stream: BufReader::with_capacity(1 << 16, stream),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let sent = self.stream.get_mut().write_all(bytes);
        sent.expect("Redis reads");
    }

    /// Reads one answer to its end.
    pub(crate) fn skip(&mut self) {
        let mut left = 1;
        while left > 0 {
            left -= 1;
            let line = self.line();
            let number = || {
                let text = std::str::from_utf8(&line[1..]).expect("a number");
                text.parse::<i64>().expect("a number")
            };
            match line.first() {
                Some(b'$') if number() >= 0 => self.take(number() as usize + 2),
                Some(b'*') => left += number().max(0),
                Some(b'-') => panic!("{}", String::from_utf8_lossy(&line)),
                _ => {}
            }
        }
    }

    /// The text with which Redis answers.
    pub(crate) fn text(&mut self, arguments: &[&[u8]]) -> String {
        self.send(&encoded(arguments));
        let line = self.line();
        let length = line.strip_prefix(b"$").map(String::from_utf8_lossy);
        let length: usize = length.and_then(|it| it.parse().ok()).expect("a text");
        let mut text = vec![0; length + 2];
        self.stream.read_exact(&mut text).expect("Redis answers");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The number with which Redis answers.
    pub(crate) fn number(&mut self, arguments: &[&[u8]]) -> usize {
        self.send(&encoded(arguments));
        let line = self.line();
        let number = line.strip_prefix(b":").map(String::from_utf8_lossy);
        number.and_then(|it| it.parse().ok()).expect("a number")
    }

    pub(crate) fn call(&mut self, arguments: &[&[u8]]) {
        self.send(&encoded(arguments));
        self.skip();
    }

    /// What all clients tell Redis from now on, until one of them says `ECHO` and the mark.
    pub(crate) fn monitor(mut self, mark: &'static str) -> impl FnOnce() -> Vec<Command> {
        self.call(&[b"MONITOR"]);
        move || {
            let mut commands = Vec::new();
            loop {
                let line = self.line();
                if contains(&line, mark.as_bytes()) {
                    return commands;
                }
                commands.extend(Command::of_monitor(&line));
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        let mut taken = vec![0; bytes];
        self.stream.read_exact(&mut taken).expect("Redis answers");
    }

    fn line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line);
        assert!(read.is_ok_and(|read| read > 1), "Redis answers");
        line.truncate(line.len() - 2);
        line
    }
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.len() < 200 && line.windows(part.len()).any(|it| it == part)
}

fn encoded(arguments: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        let argument = argument.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The quoted strings of a line, their escapes undone.
fn quoted(line: &[u8]) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (&mut open, byte) {
            (None, b'"') => open = Some(Vec::new()),
            (None, _) => {}
            (Some(_), b'"') => strings.extend(open.take()),
            (Some(string), b'\\') => string.push(match bytes.next() {
                Some(b'x') => {
                    let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                    u8::from_str_radix(&digits, 16).expect("two digits")
                }
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'a') => 7,
                Some(b'b') => 8,
                Some(other) => other,
                None => return strings,
            }),
            (Some(string), byte) => string.push(byte),
        }
    }
    strings
}
