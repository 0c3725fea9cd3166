//! HTTP by the page's `fetch`.

use std::time::Duration;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use naru_core::client::{Request, Response, Transport, TransportError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Two functions of the page: `send(method, path, authorization, contentType, body, milliseconds)`
/// returns `{answer: Promise<{status, headers: [name, value][], body}>, abort()}`;
/// `pause(milliseconds)` returns a promise.
pub(crate) struct PageTransport {
    pub(crate) send: Function,
    pub(crate) pause: Function,
}

impl Transport for PageTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let arguments: Array = [
            request.method.as_str().into(),
            request.path.into(),
            request.authorization.into(),
            request
                .content_type
                .map_or(JsValue::UNDEFINED, JsValue::from_str),
            Uint8Array::from(request.body.as_slice()).into(),
            (request.timeout.as_millis() as f64).into(),
        ]
        .into_iter()
        .collect();
        let exchange = self
            .send
            .apply(&JsValue::UNDEFINED, &arguments)
            .map_err(failed)?;
        let abort = Abort(get(&exchange, "abort")?);
        let answer: Promise = get(&exchange, "answer")?;
        let answer = JsFuture::from(answer).await.map_err(failed)?;
        drop(abort);
        let status: JsValue = get(&answer, "status")?;
        let headers: Array = get(&answer, "headers")?;
        let body: Uint8Array = get(&answer, "body")?;
        Ok(Response {
            status: status.as_f64().ok_or(TransportError)? as u16,
            headers: headers.iter().filter_map(header).collect(),
            body: body.to_vec(),
        })
    }

    async fn pause(&self, duration: Duration) {
        let milliseconds = JsValue::from_f64(duration.as_millis() as f64);
        let promise = self.pause.call1(&JsValue::UNDEFINED, &milliseconds);
        if let Ok(promise) = promise.map(Promise::from) {
            // A pause that is cut short is a pause.
            let _ = JsFuture::from(promise).await;
        }
    }
}

/// Aborts the request when the driver no longer waits for it; a request that is over takes no harm.
struct Abort(Function);

impl Drop for Abort {
    fn drop(&mut self) {
        // The page's function does not throw.
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

fn get<T: JsCast>(object: &JsValue, name: &str) -> Result<T, TransportError> {
    Reflect::get(object, &name.into())
        .map_err(failed)?
        .dyn_into()
        .map_err(failed)
}

fn header(entry: JsValue) -> Option<(String, String)> {
    let entry: Array = entry.dyn_into().ok()?;
    Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
}

fn failed(_: JsValue) -> TransportError {
    TransportError
}
