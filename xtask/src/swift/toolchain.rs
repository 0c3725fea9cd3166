//! Swift: the system's own or, where it has none, Debian's in a root of its own.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    step::{Failure, run, succeeds},
    tools::ensure_packages,
};

/// The release of Debian that has Swift.
const RELEASE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";
/// Swift, what it links against, and what its commands call.
const PACKAGES: &str = "swiftlang,libc6-dev,libstdc++-14-dev,bash,coreutils,dash";
/// Without certificate authorities, which the root has none of, no relay starts at which people log in.
const AUTHORITIES: &str = "/etc/ssl/certs";
const IN_ROOT: &str = "/usr/libexec/swift/bin/swift";

/// Enters the root in a mount namespace, so that whatever ends the command, no mount outlives it.
/// Arguments: the root, the folder to work in, folders to show `--`, the command.
const ENTER: &str = r#"
set -e
root=$1 folder=$2
shift 2
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}" && touch "$root$1"; fi
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" /usr/bin/env -C "$folder" "$@"
"#;

/// A Swift that runs.
pub(crate) enum Swift {
    /// The system's.
    Native,
    /// One that lives in a root of its own.
    Rooted {
        /// The root.
        root: PathBuf,
        /// How to enter it.
        entry: Entry,
    },
}

/// How a program runs in another root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By root's right to mount.
    Namespace,
    /// In a user namespace, where root's right is missing.
    UserNamespace,
    /// By tracing the program, where the kernel allows neither, as in most containers. Slower.
    Traced,
}

impl Swift {
    /// Finds Swift, or installs it.
    pub(crate) fn ensure() -> Result<Self, Failure> {
        if is_native() {
            return Ok(Self::Native);
        }
        let root = ensure_root()?;
        let entry = Entry::find()?;
        Ok(Self::Rooted { root, entry })
    }

    /// A `swift` that works in `folder`, and sees what is in `project` by its usual paths.
    pub(crate) fn command(&self, project: &Path, folder: &Path) -> Command {
        self.program("swift", project, folder)
    }

    /// The same for another of its programs, such as `swiftc`.
    pub(crate) fn program(&self, name: &str, project: &Path, folder: &Path) -> Command {
        match self {
            Self::Native => {
                let mut command = Command::new(name);
                command.current_dir(folder);
                command
            }
            Self::Rooted { root, entry } => {
                let mut command = entry.enter(root, project, folder);
                command.arg(name);
                command
            }
        }
    }
}

impl Entry {
    fn find() -> Result<Self, Failure> {
        if succeeds("unshare", &["--mount", "true"]) {
            return Ok(Self::Namespace);
        }
        if succeeds("unshare", &["--map-root-user", "--mount", "true"]) {
            return Ok(Self::UserNamespace);
        }
        ensure_packages(&["/usr/bin/proot"], &["proot"])?;
        Ok(Self::Traced)
    }

    /// `env` in the root, which takes the command.
    fn enter(self, root: &Path, project: &Path, folder: &Path) -> Command {
        let shown = ["/proc", "/dev", "/tmp", AUTHORITIES].map(Path::new);
        let shown = shown.into_iter().filter(|path| path.exists());
        let shown = shown.chain([project]);
        let mut command = match self {
            Self::Namespace | Self::UserNamespace => {
                let mut command = Command::new("unshare");
                command.arg("--mount").args(["--propagation", "private"]);
                if self == Self::UserNamespace {
                    command.arg("--map-root-user");
                }
                command.args(["sh", "-c", ENTER, "enter"]);
                command.arg(root).arg(folder).args(shown).arg("--");
                command
            }
            Self::Traced => {
                let mut command = Command::new("proot");
                command.arg("-r").arg(root);
                for path in shown {
                    command.arg("-b").arg(path);
                }
                command.arg("-w").arg(folder).arg("/usr/bin/env");
                command
            }
        };
        command
            .arg("PATH=/usr/libexec/swift/bin:/usr/bin:/bin")
            .arg("HOME=/root");
        command
    }
}

/// Whether `swift` is there, and is the language's: OpenStack's client has the same name.
fn is_native() -> bool {
    let output = Command::new("swift").arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Swift version"))
}

/// Unpacks Debian's Swift once. Only what was unpacked to its end has the name that is looked for.
fn ensure_root() -> Result<PathBuf, Failure> {
    let cache = cache();
    let root = cache.join(format!("swift-{RELEASE}"));
    let there = || root.join(&IN_ROOT[1..]).exists();
    if there() {
        return Ok(root);
    }
    ensure_packages(&["/usr/bin/mmdebstrap"], &["mmdebstrap"])?;
    let failure = |error: io::Error| Failure::Other(format!("{}: {error}", root.display()));
    fs::create_dir_all(&cache).map_err(failure)?;
    let lock = fs::File::create(cache.join(format!("swift-{RELEASE}.lock"))).map_err(failure)?;
    lock.lock().map_err(failure)?;
    if there() {
        return Ok(root);
    }
    eprintln!("    unpacking Debian's Swift (a minute, 2.5 GB, once)");
    let partial = cache.join(format!("swift-{RELEASE}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(failure)?;
    }
    // Unpacked, not installed: that takes no rights, and leaves no mounts.
    run(Command::new("mmdebstrap")
        .args(["--quiet", "--mode=chrootless", "--variant=extract"])
        .arg("--aptopt=APT::Install-Recommends \"false\"")
        .arg(format!("--include={PACKAGES}"))
        .args([OsStr::new(RELEASE), partial.as_os_str(), OsStr::new(MIRROR)]))?;
    fs::write(
        partial.join("etc/hosts"),
        "127.0.0.1 localhost\n::1 localhost\n",
    )
    .and_then(|()| fs::rename(&partial, &root))
    .map_err(failure)?;
    Ok(root)
}

fn cache() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("/var/cache"))
        .join("naru")
}
