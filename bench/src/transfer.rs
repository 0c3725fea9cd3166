//! One transfer between two devices, as the relay sees it.

use std::time::Duration;

use naru_core::mailbox::{
    CBOR, FrameNumber, Join, MailboxId, OCTET_STREAM, Open, Token, frame_path, frames_path,
    join_path, mailbox_path, query,
};

use crate::client::{Call, Client};

pub(crate) const WAIT: Duration = Duration::from_secs(25);
pub(crate) const NOTHING: Duration = Duration::ZERO;
/// What is not a bundle is small.
pub(crate) const SMALL: usize = 1_000;

/// The names and tokens of one transfer.
pub(crate) struct Transfer {
    pub(crate) id: MailboxId,
    pub(crate) displayer: Token,
    join: Token,
    pub(crate) scanner: Token,
}

impl Transfer {
    pub(crate) fn new(number: u64) -> Self {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        // Runs of one process do not share mailboxes.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        id[8..].copy_from_slice(&(now.map_or(0, |now| now.as_nanos()) as u64).to_be_bytes());
        let token = |byte| Token::from_bytes([byte; 32]);
        Self {
            id: MailboxId::from_bytes(id),
            displayer: token(1),
            join: token(2),
            scanner: token(3),
        }
    }

    pub(crate) async fn open(&self, client: &mut Client) {
        let open = Open {
            token: self.displayer.hash(),
            join: self.join.hash(),
            deposit: None,
        };
        let path = mailbox_path(&self.id) + &query(0, 0, NOTHING);
        self.call(client, "PUT", &path, &self.displayer, CBOR, &open.to_cbor())
            .await;
    }

    pub(crate) async fn join(&self, client: &mut Client, wait: Duration) {
        let join = Join {
            token: self.scanner.hash(),
            m1: vec![1; 80],
        };
        let path = join_path(&self.id) + &query(0, 0, wait);
        self.call(client, "POST", &path, &self.join, CBOR, &join.to_cbor())
            .await;
    }

    pub(crate) async fn write(
        &self,
        client: &mut Client,
        by: &Token,
        number: u16,
        bytes: usize,
        then: (u16, Duration),
    ) {
        let number = FrameNumber::new(number).expect("from 1");
        let path = frame_path(&self.id, number) + &query(then.0, 0, then.1);
        self.call(client, "PUT", &path, by, OCTET_STREAM, &vec![7; bytes])
            .await;
    }

    pub(crate) async fn read(&self, client: &mut Client, by: &Token, after: u16) {
        self.ask(client, by, after).await;
        assert_eq!(client.answer().await, 200);
    }

    /// Asks for what comes after a frame, and leaves the answer.
    pub(crate) async fn ask(&self, client: &mut Client, by: &Token, after: u16) {
        let path = frames_path(&self.id) + &query(after, 0, WAIT);
        let authorization = by.authorization();
        let call = Call {
            method: "GET",
            path: &path,
            authorization: &authorization,
            media_type: OCTET_STREAM,
            body: &[],
        };
        client.send(&call).await;
    }

    async fn call(
        &self,
        client: &mut Client,
        method: &str,
        path: &str,
        by: &Token,
        media_type: &str,
        body: &[u8],
    ) {
        let authorization = by.authorization();
        client
            .call(&Call {
                method,
                path,
                authorization: &authorization,
                media_type,
                body,
            })
            .await;
    }

    /// Eight requests, five of which wait for the other side.
    pub(crate) async fn cross(&self, ours: &mut Client, theirs: &mut Client, bytes: usize) {
        self.open(ours).await;
        let giver = async {
            self.read(ours, &self.displayer, 0).await;
            self.write(ours, &self.displayer, 1, 64, (1, WAIT)).await;
            self.write(ours, &self.displayer, 2, bytes, (2, WAIT)).await;
        };
        let receiver = async {
            self.join(theirs, WAIT).await;
            self.write(theirs, &self.scanner, 2, SMALL, (1, WAIT)).await;
            self.write(theirs, &self.scanner, 3, SMALL, (2, NOTHING))
                .await;
        };
        tokio::join!(giver, receiver);
        let path = mailbox_path(&self.id);
        self.call(theirs, "DELETE", &path, &self.scanner, CBOR, &[])
            .await;
    }
}
