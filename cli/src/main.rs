//! The command `naru`.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Parser, Subcommand};
use naru::{
    copy, delete, deposit, fetch, give, inspect, login, passwd, receive, text::Language, withdraw,
};

/// Moves certificates between devices over a blind relay.
///
/// Ends with 0 when the certificate has crossed, 1 when it has not, 2 for wrong options.
#[derive(Parser)]
#[command(name = "naru", version)]
struct Arguments {
    /// Language of all texts [default: that of the environment].
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receives a certificate: plays the phone.
    Receive(receive::Options),
    /// Gives a certificate.
    Give(give::Options),
    /// Leaves a certificate with the relay, to be fetched later.
    Deposit(deposit::Options),
    /// Fetches what was deposited.
    Fetch(fetch::Options),
    /// Takes a deposit back, or says whether it has been fetched.
    Withdraw(withdraw::Options),
    /// Copies a certificate to removable storage, as it is or as one `.pfx`.
    Copy(copy::Options),
    /// Changes the password of a certificate.
    Passwd(passwd::Options),
    /// Deletes an original that has arrived on another device.
    Delete(delete::Options),
    /// Lists the certificates of a folder.
    Inspect(inspect::Options),
    /// Logs in at a relay that wants to know who uses it.
    #[command(after_help = login::HELP)]
    Login(login::Options),
    /// Ends that login.
    #[command(after_help = login::LOGOUT_HELP)]
    Logout(login::LogoutOptions),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let language = arguments.lang.unwrap_or_else(Language::from_environment);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs() as i64);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("naru: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = match arguments.command {
        Command::Inspect(options) => inspect::run(&options, language, now),
        Command::Copy(options) => copy::run(&options, language, now),
        Command::Delete(options) => delete::run(&options, language, now),
        Command::Passwd(options) => passwd::run(&options, language, now),
        Command::Receive(options) => runtime.block_on(receive::run(options, language, now)),
        Command::Give(options) => runtime.block_on(give::run(options, language, now)),
        Command::Deposit(options) => runtime.block_on(deposit::run(options, language, now)),
        Command::Fetch(options) => runtime.block_on(fetch::run(options, language, now)),
        Command::Withdraw(options) => runtime.block_on(withdraw::run(options, language)),
        Command::Login(options) => runtime.block_on(login::run(options, language)),
        Command::Logout(options) => runtime.block_on(login::log_out(options, language)),
    };
    // A question that is still open on the terminal must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
