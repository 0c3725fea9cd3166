//! Asks for the agency's rules before anything is moved.

use naru_core::{
    certificate::CertificateSet,
    client::ask_rules,
    rules::{Direction, Movement},
};

use crate::{http::HttpTransport, terminal::Failure, text::Language};

/// Fails where a rule does not allow this. A certificate that has not come yet is nothing.
pub(crate) async fn ask(
    transport: &HttpTransport,
    direction: Option<Direction>,
    certificate: Option<&CertificateSet>,
    language: Language,
) -> Result<(), Failure> {
    let movement = Movement {
        direction,
        certificate: certificate.map(|set| set.details().into()),
    };
    let asked = ask_rules(transport, &movement, |_| {}).await;
    asked.map_err(|error| Failure::transfer(language, error, transport))
}
