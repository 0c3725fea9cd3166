//! The relay's command.

use std::{fmt::Display, process::ExitCode};

use naru_relay::{Application, Settings, Task, look_up, telemetry, termination};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let (settings, task) = match Settings::load() {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("naru-relay: {error}");
            return ExitCode::from(2);
        }
    };
    telemetry::start(settings.log_format);
    if let Task::LookUp(asked) = task {
        return match look_up(&settings, &asked).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        };
    }
    let terminated = match termination() {
        Ok(terminated) => terminated,
        Err(error) => return fail(&error),
    };
    let application = match Application::build(settings).await {
        Ok(application) => application,
        Err(error) => return fail(&error),
    };
    println!("naru-relay listening on {}", application.url());
    match application.run(terminated).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn Display) -> ExitCode {
    eprintln!("naru-relay: {error}");
    ExitCode::from(1)
}
