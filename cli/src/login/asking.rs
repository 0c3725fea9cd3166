//! Questions to the relay that are no transfer.

use std::time::Duration;

use naru_core::client::{Method, Request, Transport};

use crate::{http::HttpTransport, terminal::Failure, text::Language};

/// How long the relay may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The body of the answer, where it is one of success.
pub(super) async fn ask(
    transport: &HttpTransport,
    method: Method,
    path: &str,
    language: Language,
) -> Result<Vec<u8>, Failure> {
    let request = Request {
        method,
        path: path.to_owned(),
        authorization: String::new(),
        content_type: None,
        body: Vec::new(),
        timeout: ANSWER_WITHIN,
    };
    let answer = transport.send(request).await.map_err(|_| {
        Failure::new(
            "relay_unreachable",
            language.pick(
                "중계 서버에 연결할 수 없습니다. 네트워크를 확인하세요.",
                "The relay cannot be reached. Check the network.",
            ),
        )
    })?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let text = language.pick(
        "중계 서버가 요청을 거절했습니다.",
        "The relay has refused the request.",
    );
    Err(Failure::remarked(
        language,
        transport.remark(),
        "relay_refused",
        text,
    ))
}
