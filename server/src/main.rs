//! The relay's command.

use std::process::ExitCode;

use naru_relay::{Application, Settings, telemetry};

#[actix_web::main]
async fn main() -> ExitCode {
    let settings = match Settings::load() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("naru-relay: {error}");
            return ExitCode::from(2);
        }
    };
    telemetry::start(settings.log_format);
    let application = match Application::build(settings).await {
        Ok(application) => application,
        Err(error) => {
            eprintln!("naru-relay: {error}");
            return ExitCode::from(1);
        }
    };
    println!("naru-relay listening on {}", application.url());
    match application.run_until_signalled().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("naru-relay: {error}");
            ExitCode::from(1)
        }
    }
}
