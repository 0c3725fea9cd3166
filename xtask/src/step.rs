//! Running other programs, with their failures told apart.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

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
    #[error("`{line}` failed")]
    Failed {
        /// The program and its arguments.
        line: String,
        /// The last lines that it has written, so that they can be shown again after everything else.
        said: Vec<String>,
    },
    /// Some of the steps failed.
    #[error("{0} of the steps failed")]
    Steps(usize),
    /// What a library says.
    #[error("{0}")]
    Other(String),
}

/// How many of a failed program's last lines are kept.
const KEPT_LINES: usize = 40;

/// How long the last lines of a program that has ended are waited for.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs a program to its end, its output going where this program's goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = line(command);
    let program = command.get_program().to_string_lossy().into_owned();
    let missing = |error: io::Error| Failure::Missing {
        program: program.clone(),
        remedy: error.to_string(),
    };
    // In a terminal a person can scroll, and programs show their progress. A log may lose its beginning.
    if !io::stderr().is_terminal() {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let mut child = command.spawn().map_err(missing)?;
    let said = Arc::new(Mutex::new(VecDeque::new()));
    let (is_over, ended) = mpsc::channel();
    for (from, to) in [
        (child.stdout.take().map(readable), writable(io::stdout())),
        (child.stderr.take().map(readable), writable(io::stderr())),
    ] {
        let (said, is_over) = (said.clone(), is_over.clone());
        from.map(|from| thread::spawn(move || pass_on(from, to, &said, is_over)));
    }
    drop(is_over);
    let status = child.wait().map_err(missing)?;
    // A program that it has left running may hold its output open.
    let _ = ended.recv_timeout(FAREWELL);
    if status.success() {
        return Ok(());
    }
    let said = said
        .lock()
        .map(|mut said| said.drain(..).collect())
        .unwrap_or_default();
    Err(Failure::Failed { line, said })
}

fn readable(from: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(from)
}

fn writable(to: impl Write + Send + 'static) -> Box<dyn Write + Send> {
    Box::new(to)
}

/// Hands every line over as it comes, and remembers the last.
fn pass_on(
    from: impl Read,
    mut to: impl Write,
    said: &Mutex<VecDeque<String>>,
    _is_over: mpsc::Sender<()>,
) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from
        .read_until(b'\n', &mut line)
        .is_ok_and(|count| count > 0)
    {
        // A closed terminal is no reason to stop the program.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        if let Ok(mut said) = said.lock() {
            if said.len() == KEPT_LINES {
                said.pop_front();
            }
            said.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        line.clear();
    }
}

/// Builds the programs of packages for tests in other languages.
pub(crate) fn build_programs(root: &Path, packages: &[&str]) -> Result<(), Failure> {
    let packages = packages.iter().flat_map(|package| ["-p", package]);
    run(cargo()
        .current_dir(root)
        .args(["build", "--quiet", "--bins"])
        .args(packages))
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
