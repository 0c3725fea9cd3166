//! The rules of an agency that the relay has to be asked for.

use std::time::Duration;

use super::{Connection, Method, Request, TransferError, Transport, patient::Patient};
use crate::{
    mailbox::CBOR,
    rules::{Movement, RULES_PATH},
};

const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks whether the agency's rules allow this; [`TransferError::NotAllowed`] where they do not. A relay that does
/// not know the question has no such rules.
pub async fn ask_rules(
    transport: &impl Transport,
    movement: &Movement,
    notify: impl FnMut(Connection),
) -> Result<(), TransferError> {
    let request = Request {
        method: Method::Post,
        path: RULES_PATH.to_owned(),
        authorization: String::new(),
        content_type: Some(CBOR),
        body: movement.to_cbor(),
        timeout: TIMEOUT,
    };
    let mut line = Patient::new(transport);
    let changes = line.changes();
    let asked = line.call(request);
    match changes.tell(asked, notify).await {
        Ok(_) | Err(TransferError::RelayLost) => Ok(()),
        Err(error) => Err(error),
    }
}
