//! A client that costs little: one connection, one request at a time.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Call<'c> {
    pub(crate) method: &'c str,
    pub(crate) path: &'c str,
    pub(crate) authorization: &'c str,
    pub(crate) media_type: &'c str,
    pub(crate) body: &'c [u8],
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, call: &Call<'_>) {
        let Call {
            method,
            path,
            authorization,
            media_type,
            body,
        } = call;
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
             content-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request).await.expect("it takes it");
    }

    /// The status of the answer, whose body is read and forgotten.
    pub(crate) async fn answer(&mut self) -> u16 {
        self.response().await.0
    }

    /// What the server's operator reads there.
    pub(crate) async fn text(&mut self, path: &str) -> String {
        let call = Call {
            method: "GET",
            path,
            authorization: "Bearer x",
            media_type: "text/plain",
            body: &[],
        };
        self.send(&call).await;
        let (status, body) = self.response().await;
        assert_eq!(status, 200, "{path}");
        String::from_utf8(body).expect("text")
    }

    async fn response(&mut self) -> (u16, Vec<u8>) {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(&self.buffer).expect("an answer");
            if let httparse::Status::Complete(head) = parsed {
                let status = response.code.expect("a status");
                let length = response.headers.iter().find_map(|header| {
                    let is_it = header.name.eq_ignore_ascii_case("content-length");
                    is_it.then(|| std::str::from_utf8(header.value).ok()?.parse().ok())?
                });
                let end = head + length.unwrap_or(0usize);
                while self.buffer.len() < end {
                    self.read().await;
                }
                let body = self.buffer[head..end].to_vec();
                self.buffer.drain(..end);
                return (status, body);
            }
            self.read().await;
        }
    }

    pub(crate) async fn call(&mut self, call: &Call<'_>) {
        self.send(call).await;
        let status = self.answer().await;
        assert!(
            (200..300).contains(&status),
            "{} {}: {status}",
            call.method,
            call.path
        );
    }

    /// Whether it has an answer of one byte for this path.
    pub(crate) async fn answers(&mut self, path: &str) -> bool {
        let call = Call {
            method: "POST",
            path,
            authorization: "Bearer x",
            media_type: "text/plain",
            body: &[],
        };
        self.send(&call).await;
        self.answer().await == 200
    }

    async fn read(&mut self) {
        let read = self
            .stream
            .read_buf(&mut self.buffer)
            .await
            .expect("an answer");
        assert!(read > 0, "it has hung up");
    }
}
