//! The app's HTTP, as the driver asks for it.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_timer::Delay;
use futures_util::future::{Either, select};
use naru_core::{
    client::{Remark, Request, Response, TransferError, Transport as Driven, TransportError},
    pairing::Origin,
};

use crate::{
    host::{HttpHeader, HttpRequest, Transport},
    lock::lock,
    login::Person,
    signal::Signal,
};

/// How long a transfer that was stopped may still take to tell the other device.
const FAREWELL: Duration = Duration::from_secs(6);

/// One relay, for one transfer.
pub(crate) struct Relay {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) origin: Origin,
    /// Aborts the request that is under way; what is sent later says farewell.
    pub(crate) stop: Arc<Signal>,
    /// Who the person is.
    pub(crate) person: Arc<Person>,
    /// What the relay has said beside its codes.
    pub(crate) remark: Arc<Mutex<Remark>>,
}

impl Driven for Relay {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let stopped = self.stop.is_raised();
        // A store that does not give the key away now may do so later.
        let login = self.person.headers(&self.origin, &request).await;
        let login = login.map_err(|_| TransportError)?;
        let call = self.transport.send(http(&self.origin, request, login));
        let answer = if stopped {
            call.await
        } else {
            match select(call, pin!(self.stop.raised())).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => return Err(TransportError),
            }
        };
        let answer = answer.map_err(|_| TransportError)?;
        let headers = answer.headers.into_iter();
        let response = Response {
            status: answer.status,
            headers: headers.map(|header| (header.name, header.value)).collect(),
            body: answer.body,
        };
        lock(&self.remark).note(&response);
        Ok(response)
    }

    async fn pause(&self, duration: Duration) {
        Delay::new(duration).await;
    }
}

impl Relay {
    /// Runs a transfer; one that was stopped has a little time to say farewell.
    pub(crate) async fn run<T>(
        &self,
        transfer: impl Future<Output = Result<T, TransferError>> + Send,
    ) -> Result<T, TransferError> {
        // A transfer's state is large, and the stacks of phones are not.
        let transfer: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(transfer);
        let farewell = async {
            self.stop.raised().await;
            Delay::new(FAREWELL).await;
        };
        if self.stop.is_raised() {
            return Err(TransferError::Cancelled);
        }
        match select(transfer, pin!(farewell)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(TransferError::Cancelled),
        }
    }
}

fn http(origin: &Origin, request: Request, login: Vec<HttpHeader>) -> HttpRequest {
    let authorization = (!request.authorization.is_empty()).then_some(HttpHeader {
        name: "Authorization".to_owned(),
        value: request.authorization,
    });
    let content_type = request.content_type.map(|value| HttpHeader {
        name: "Content-Type".to_owned(),
        value: value.to_owned(),
    });
    HttpRequest {
        method: request.method.as_str().to_owned(),
        url: format!("{}{}", origin.as_str(), request.path),
        headers: authorization
            .into_iter()
            .chain(content_type)
            .chain(login)
            .collect(),
        body: request.body,
        timeout_milliseconds: request.timeout.as_millis().try_into().unwrap_or(u64::MAX),
    }
}
