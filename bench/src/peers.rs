//! What others have for two devices that cannot reach each other, given the same messages to carry.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    client::{Call, Client},
    transfer::SMALL,
};

/// The bytes of a transfer's five messages; the displayer's are the second and the fourth.
pub(crate) fn messages(bundle: usize) -> [usize; 5] {
    [80, 64, SMALL, bundle, SMALL]
}

/// One transfer over nchan: a channel for each message, each of which is waited for.
pub(crate) async fn nchan(ours: &mut Client, theirs: &mut Client, number: u64, bundle: usize) {
    let messages = messages(bundle);
    let displayer = async {
        for (at, bytes) in messages.iter().enumerate() {
            nchan_step(ours, number, at, *bytes, at % 2 == 1).await;
        }
    };
    let scanner = async {
        for (at, bytes) in messages.iter().enumerate() {
            nchan_step(theirs, number, at, *bytes, at % 2 == 0).await;
        }
    };
    tokio::join!(displayer, scanner);
}

async fn nchan_step(client: &mut Client, number: u64, at: usize, bytes: usize, writes: bool) {
    let path = match writes {
        true => format!("/pub?id={number}.{at}"),
        false => format!("/sub?id={number}.{at}"),
    };
    client
        .call(&Call {
            method: if writes { "POST" } else { "GET" },
            path: &path,
            authorization: "Bearer x",
            media_type: "application/octet-stream",
            body: &vec![7; if writes { bytes } else { 0 }],
        })
        .await;
}

/// One side's connection to magic-wormhole's mailbox server, made for one transfer as its clients do.
struct Side {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    name: &'static str,
}

impl Side {
    async fn open(address: &str, name: &'static str, mailbox: &str) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/v1"))
            .await
            .expect("it listens");
        let mut side = Self { socket, name };
        side.say(&format!(
            r#"{{"type":"bind","appid":"bench","side":"{name}"}}"#
        ))
        .await;
        side.say(&format!(r#"{{"type":"open","mailbox":"{mailbox}"}}"#))
            .await;
        side
    }

    async fn say(&mut self, text: &str) {
        let message = Message::text(text);
        self.socket.send(message).await.expect("it listens");
    }

    /// Binary is hexadecimal there.
    async fn add(&mut self, phase: usize, bytes: usize) {
        let body = "07".repeat(bytes);
        self.say(&format!(
            r#"{{"type":"add","phase":"{phase}","body":"{body}"}}"#
        ))
        .await;
    }

    /// Until the other side's message of this phase is there: a side hears its own as well.
    async fn hear(&mut self, phase: usize) {
        let phase = format!(r#""phase": "{phase}""#);
        let own = format!(r#""side": "{}""#, self.name);
        self.until(|text| {
            text.contains(r#""type": "message""#) && text.contains(&phase) && !text.contains(&own)
        })
        .await;
    }

    async fn close(&mut self, mailbox: &str) {
        self.say(&format!(
            r#"{{"type":"close","mailbox":"{mailbox}","mood":"happy"}}"#
        ))
        .await;
        self.until(|text| text.contains(r#""type": "closed""#))
            .await;
        self.socket.close(None).await.expect("it listens");
    }

    async fn until(&mut self, is_it: impl Fn(&str) -> bool) {
        loop {
            let message = self.socket.next().await.expect("it goes on");
            let message = message.expect("a message");
            if message.to_text().is_ok_and(&is_it) {
                return;
            }
        }
    }
}

/// One transfer over magic-wormhole's mailbox server.
pub(crate) async fn wormhole(address: &str, number: u64, bundle: usize) {
    let messages = messages(bundle);
    let mailbox = format!("bench{number}");
    let side = async |name, own: usize| {
        let mut side = Side::open(address, name, &mailbox).await;
        for (at, bytes) in messages.iter().enumerate() {
            match at % 2 == own {
                true => side.add(at, *bytes).await,
                false => side.hear(at).await,
            }
        }
        side.close(&mailbox).await;
    };
    tokio::join!(side("displayer", 1), side("scanner", 0));
}
