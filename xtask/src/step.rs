//! Running other programs, with their failures told apart.

use std::process::Command;

/// Why a command of this project could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A program is not there, and could not be installed.
    #[error("`{program}` is missing: {remedy}")]
    Missing {
        /// Its name.
        program: String,
        /// How to get it.
        remedy: String,
    },
    /// A program ran and failed.
    #[error("`{0}` failed")]
    Failed(String),
    /// Some of the steps failed.
    #[error("{0} of the steps failed")]
    Steps(usize),
    /// What a library says.
    #[error("{0}")]
    Other(String),
}

/// Runs a program to its end, its output going to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = line(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Failed(line)),
        Err(error) => Err(Failure::Missing {
            program: command.get_program().to_string_lossy().into_owned(),
            remedy: error.to_string(),
        }),
    }
}

/// Whether a program runs and succeeds, its output thrown away.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    command.get_args().fold(program, |line, argument| {
        line + " " + &argument.to_string_lossy()
    })
}

/// `cargo`, as the toolchain that runs this.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
