//! The least that a server of this kind can cost.

use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};

/// `PUT /?bytes=n` reads the body and answers with n bytes; `&wait=s` waits before.
pub(crate) fn serve() {
    let answered = actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(|| App::new().default_service(web::to(answer)))
            .h1_allow_half_closed(false)
            .bind("127.0.0.1:0")?;
        let address = server.addrs()[0];
        println!("floor listening on http://{address}");
        server.run().await
    });
    answered.expect("it serves");
}

async fn answer(request: actix_web::HttpRequest, _body: web::Bytes) -> HttpResponse {
    let number = |name: &str| -> usize {
        let mut pairs = request
            .query_string()
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let wait = number("wait");
    if wait > 0 {
        tokio::time::sleep(Duration::from_secs(wait as u64)).await;
    }
    HttpResponse::Ok().body(vec![0; number("bytes")])
}
