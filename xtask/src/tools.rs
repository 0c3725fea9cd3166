//! Programs that the build and the tests need: installed where the system can, named where not.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::step::{Failure, cargo, run, succeeds};

const CARGO_DENY: &str = "0.20.2";

/// Installs Debian packages of which the paths are not there yet.
pub(crate) fn ensure_packages(paths: &[&str], packages: &[&str]) -> Result<(), Failure> {
    if paths.iter().all(|path| Path::new(path).exists()) {
        return Ok(());
    }
    if !succeeds("apt-get", &["--version"]) {
        return Err(Failure::Missing {
            program: packages.join(" "),
            remedy: "install it by your system's package manager".into(),
        });
    }
    eprintln!("    installing {}", packages.join(" "));
    run(apt().arg("update").arg("-qq"))?;
    run(apt()
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages))
}

fn apt() -> Command {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    };
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(std::process::Stdio::null());
    command
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// rustfmt or clippy, which rustup has.
pub(crate) fn ensure_component(command: &str, component: &str) -> Result<(), Failure> {
    let there = || {
        cargo()
            .args([command, "--version"])
            .output()
            .is_ok_and(|it| it.status.success())
    };
    if there() || (succeeds("rustup", &["component", "add", component]) && there()) {
        return Ok(());
    }
    Err(Failure::Missing {
        program: format!("cargo {command}"),
        remedy: format!("rustup component add {component}"),
    })
}

/// cargo-deny, built from source once.
pub(crate) fn ensure_cargo_deny() -> Result<(), Failure> {
    if cargo()
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|it| it.status.success())
    {
        return Ok(());
    }
    eprintln!("    installing cargo-deny {CARGO_DENY} (a few minutes, once)");
    run(cargo().args([
        "install",
        "--quiet",
        "--locked",
        "cargo-deny",
        "--version",
        CARGO_DENY,
    ]))
}

/// OpenSSL, which makes the keys that the tests open.
pub(crate) fn ensure_openssl() -> Result<(), Failure> {
    if succeeds("openssl", &["version"]) {
        return Ok(());
    }
    ensure_packages(&["/usr/bin/openssl"], &["openssl"])
}

/// Java with BouncyCastle, which open what the core writes.
pub(crate) fn ensure_java() -> Result<(), Failure> {
    let jars = ["/usr/share/java/bcprov.jar", "/usr/share/java/bcpkix.jar"];
    let packages = ["libbcprov-java", "libbcpkix-java"];
    if succeeds("javac", &["-version"]) && succeeds("keytool", &["-help"]) {
        return ensure_packages(&jars, &packages);
    }
    ensure_packages(
        &["/usr/bin/javac", jars[0], jars[1]],
        &["default-jdk-headless", packages[0], packages[1]],
    )
}

/// Maven with a JDK, which build the SDK for Android and the JVM.
pub(crate) fn ensure_maven() -> Result<(), Failure> {
    if succeeds("javac", &["-version"]) && succeeds("mvn", &["--version"]) {
        return Ok(());
    }
    ensure_packages(
        &["/usr/bin/javac", "/usr/bin/mvn"],
        &["default-jdk-headless", "maven"],
    )
}

/// Maven in a project's folder, which tries again what the network has failed to bring: a build server begins with an
/// empty cache, for which it fetches some hundred files.
pub(crate) fn maven(project: &Path) -> Command {
    let mut command = Command::new("mvn");
    command
        .current_dir(project)
        .args(["--batch-mode", "--quiet", "--no-transfer-progress"])
        .args(PATIENCE.map(|setting| format!("-D{setting}")));
    command
}

/// Up to Maven 3.8 Wagon fetches, and by itself does not try again what it could not resolve, connect to, or read in
/// time, nor after an answer like 503. From 3.9 on it is the resolver.
const PATIENCE: [&str; 10] = [
    "maven.wagon.http.retryHandler.class=default",
    "maven.wagon.http.retryHandler.count=5",
    // Everything else that goes wrong may pass.
    "maven.wagon.http.retryHandler.nonRetryableClasses=javax.net.ssl.SSLPeerUnverifiedException",
    "maven.wagon.http.serviceUnavailableRetryStrategy.class=standard",
    "maven.wagon.http.serviceUnavailableRetryStrategy.maxRetries=5",
    "maven.wagon.http.serviceUnavailableRetryStrategy.retryInterval=2000",
    // What lies longer is dropped by some networks unsaid.
    "maven.wagon.httpconnectionManager.ttlSeconds=25",
    "maven.wagon.rto=60000",
    "aether.connector.http.retryHandler.count=5",
    "aether.connector.requestTimeout=60000",
];

/// What packs and signs apps for Android, from Debian instead of Google's SDK.
pub(crate) fn ensure_android() -> Result<(), Failure> {
    ensure_packages(
        &["/usr/bin/aapt", "/usr/bin/apksigner", FRAMEWORK],
        &["aapt", "apksigner", "android-framework-res"],
    )
}

/// Android's own resources, to which an app's refer.
pub(crate) const FRAMEWORK: &str = "/usr/share/android-framework-res/framework-res.apk";

/// The store that relays share.
pub(crate) fn ensure_redis() -> Result<(), Failure> {
    if succeeds("redis-server", &["--version"]) {
        return Ok(());
    }
    ensure_packages(&["/usr/bin/redis-server"], &["redis-server"])
}

/// nginx with nchan's module.
pub(crate) fn ensure_nchan() -> Result<(), Failure> {
    ensure_packages(
        &[
            "/usr/sbin/nginx",
            "/usr/lib/nginx/modules/ngx_nchan_module.so",
        ],
        &["nginx-light", "libnginx-mod-nchan"],
    )
}

/// The programs of a package from PyPI, in a Python environment of its own below `folder`.
pub(crate) fn ensure_python_package(folder: &Path, package: &str) -> Result<PathBuf, Failure> {
    let environment = folder.join(package);
    let programs = environment.join("bin");
    if !programs.exists() {
        ensure_packages(
            &["/usr/bin/python3", "/usr/share/doc/python3-venv"],
            &["python3", "python3-venv"],
        )?;
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment))?;
    }
    run(Command::new(programs.join("pip")).args(["install", "--quiet", package]))?;
    Ok(programs)
}

/// Prometheus's and systemd's own checks.
pub(crate) fn ensure_deployment_checks() -> Result<(), Failure> {
    ensure_packages(
        &["/usr/bin/promtool", "/usr/bin/systemd-analyze"],
        &["prometheus", "systemd"],
    )
}

/// Node.js with npm, which build the page.
pub(crate) fn ensure_npm() -> Result<(), Failure> {
    if succeeds("npm", &["--version"]) {
        return Ok(());
    }
    ensure_packages(&["/usr/bin/npm"], &["nodejs", "npm"])
}

/// The browsers that the end-to-end tests drive, and a font for what they show.
pub(crate) fn ensure_browsers() -> Result<(), Failure> {
    ensure_packages(
        &[
            "/usr/bin/chromium",
            "/usr/bin/firefox-esr",
            "/usr/share/fonts/opentype/noto",
        ],
        &["chromium", "firefox-esr", "fonts-noto-cjk"],
    )
}
