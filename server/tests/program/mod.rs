//! The relay's program.

use std::process::Command;

/// Without the settings of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_naru-relay"));
    command.args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NARU_")) {
        command.env_remove(name);
    }
    command
}
