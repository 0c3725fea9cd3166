//! Pictures of this computer's own screen, taken by what the system has for it.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use crate::{picture::code_in, terminal::Failure, text::Language};

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Programs that write a picture of the whole screen to the file that is their last argument.
const PROGRAMS: [(&str, &[&str]); 7] = [
    ("screencapture", &["-x"]),
    ("grim", &[]),
    ("gnome-screenshot", &["-f"]),
    ("spectacle", &["-b", "-n", "-o"]),
    ("xfce4-screenshooter", &["-f", "-s"]),
    ("import", &["-window", "root"]),
    ("scrot", &["-o"]),
];

/// Looks at the screen until a pairing code is on it.
pub(crate) fn watch(language: Language) -> Result<String, Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::other("no_screen", &error))?;
    let picture = folder.path().join("screen.png");
    eprintln!(
        "{}",
        language.pick(
            "화면에서 QR을 찾는 중입니다. (그만두기: Ctrl-C)",
            "Looking for the QR on the screen. (Ctrl-C to stop)",
        )
    );
    loop {
        if !take(&picture) {
            return Err(Failure::new(
                "no_screen",
                format!(
                    "{} {}",
                    language.pick(
                        "화면을 찍을 수 없습니다. 다음 중 하나가 필요합니다:",
                        "The screen cannot be captured. One of these is needed:",
                    ),
                    PROGRAMS.map(|(name, _)| name).join(", ")
                ),
            ));
        }
        let found = fs::read(&picture)
            .ok()
            .and_then(|bytes| code_in(&bytes).ok());
        if let Some(text) = found.flatten().filter(|text| text.starts_with("NARU:")) {
            return Ok(text);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Whether one of the programs has taken the picture.
fn take(picture: &Path) -> bool {
    PROGRAMS.iter().any(|(program, options)| {
        let output = Command::new(program).args(*options).arg(picture).output();
        let taken = matches!(&output, Ok(output) if output.status.success());
        taken && picture.exists()
    })
}
