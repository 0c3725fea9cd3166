//! `naru withdraw`: looks after a deposit, and takes it back.

use naru_core::{
    client::{DepositStatus, deposit_status, withdraw},
    deposit::WithdrawCode,
};

use crate::{
    connect::{Relays, transport},
    terminal::{Failure, deposit_code},
    text::Language,
};

/// Which deposit, and what to do with it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The withdraw code. Other users of this machine can see it: without this option it is asked for.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Only says whether the deposit has been fetched.
    #[arg(long)]
    status: bool,
    #[command(flatten)]
    relays: Relays,
}

/// Says where the deposit stands, or takes it back.
pub async fn run(options: Options, language: Language) -> Result<(), Failure> {
    let question = language.pick("회수 코드를 입력하세요:", "Withdraw code:");
    let code: WithdrawCode = deposit_code(options.code, question, language)?;
    let origin = options.relays.first()?;
    let transport = transport(origin)?;
    let failed = |error| Failure::transfer(language, error, &transport);
    if !options.status {
        withdraw(&transport, origin, &code).await.map_err(failed)?;
        println!("{}", language.pick("회수했습니다.", "Withdrawn."));
        return Ok(());
    }
    let status = deposit_status(&transport, origin, &code)
        .await
        .map_err(failed)?;
    println!("{}", described(status, language));
    Ok(())
}

fn described(status: DepositStatus, language: Language) -> String {
    let minutes = |left: std::time::Duration| left.as_secs().div_ceil(60);
    match status {
        DepositStatus::Waiting { expires_in } => format!(
            "{} ({} min)",
            language.pick("아직 받아 가지 않았습니다.", "Nobody has fetched it yet."),
            minutes(expires_in)
        ),
        DepositStatus::Claimed { expires_in } => format!(
            "{} ({} min)",
            language.pick("지금 받는 중입니다.", "It is being fetched."),
            minutes(expires_in)
        ),
        DepositStatus::Fetched => language
            .pick("받아 갔습니다.", "It has been fetched.")
            .to_owned(),
    }
}
