//! People who log in: their provider, their relays, and their machines.

pub mod person;
pub mod provider;
pub mod relays;

use std::{convert::Infallible, net::Ipv4Addr};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime};

pub const PAGE: &str = "naru-channel-page";
pub const CHANNEL: &str = "naru-channel-app";
pub const CLIENT: &str = "naru";

pub type Answer = Response<Full<Bytes>>;

/// Answers requests until the test's process ends; yields where. `answer` makes what answers, once it is known
/// where that is.
pub fn serve<A, F, R>(answer: A) -> String
where
    A: FnOnce(String) -> F + Send + 'static,
    F: Fn(Request<Bytes>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime::Runtime::new().unwrap().block_on(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let origin = format!("http://{}", listener.local_addr().unwrap());
            let answer = answer(origin.clone());
            sender.send(origin).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request: Request<hyper::body::Incoming>| {
                        let answer = answer.clone();
                        async move {
                            let (head, body) = request.into_parts();
                            let body = body.collect().await.unwrap().to_bytes();
                            Ok::<_, Infallible>(answer(Request::from_parts(head, body)).await)
                        }
                    });
                    // Whoever asked may be gone.
                    let stream = TokioIo::new(stream);
                    let _ = http1::Builder::new()
                        .serve_connection(stream, service)
                        .await;
                });
            }
        });
    });
    receiver.recv().unwrap()
}

pub fn json(status: StatusCode, body: &serde_json::Value) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", kind);
    response
}

/// A request of a browser of this machine.
pub fn request(method: &str, address: &str) -> (u16, String) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let method = method.parse().unwrap();
        let request = reqwest::Client::new().request(method, address);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

pub fn get(address: &str) -> (u16, String) {
    request("GET", address)
}
