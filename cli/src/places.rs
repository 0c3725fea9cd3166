//! Where programs of this system keep what is theirs.

use std::{env, path::PathBuf};

/// What is remembered, and can be lost.
pub(crate) fn state() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")
}

/// What the person has set.
pub(crate) fn settings() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", "APPDATA", ".config")
}

fn folder(unix: &str, windows: &str, home: &str) -> Option<PathBuf> {
    let given = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    given(unix)
        .or_else(|| given(windows))
        .or_else(|| env::home_dir().map(|folder| folder.join(home)))
        .map(|folder| folder.join("naru"))
}
