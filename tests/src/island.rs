//! A place for one server that can be cut off from everybody, without anybody being told.

use std::process::{Child, Command, Stdio};

/// Where a server runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its address.
    pub host: &'static str,
    /// What its command line begins with.
    pub(crate) enter: Vec<String>,
}

impl Place {
    /// The loopback interface.
    pub fn loopback() -> Self {
        Self {
            host: "127.0.0.1",
            enter: Vec::new(),
        }
    }

    /// A command that runs there.
    pub(crate) fn command(&self, program: &str) -> Command {
        match self.enter.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        }
    }
}

const BRIDGE: &str = "naru";
const CABLE: &str = "naru-out";
const FAR_END: &str = "naru-in";
const HERE: &str = "10.77.0.1";
const THERE: &str = "10.77.0.2";

/// A network namespace behind a cable that can be pulled out. The process itself has to be in a network
/// namespace of its own, in which it may do everything, as `unshare --map-root-user --net` makes it.
pub struct Island {
    holder: Child,
}

impl Island {
    /// Makes one; there can be one at a time.
    ///
    /// # Panics
    /// Where the process has no network of its own.
    pub fn new() -> Self {
        run("ip", &["link", "set", "lo", "up"]);
        let holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo; exec sleep infinity"])
            .stdout(Stdio::piped())
            .spawn();
        let mut island = Self {
            holder: holder.expect("unshare starts"),
        };
        island.await_namespace();
        let process = island.holder.id().to_string();
        run("ip", &["link", "add", BRIDGE, "type", "bridge"]);
        run(
            "ip",
            &["address", "add", &format!("{HERE}/24"), "dev", BRIDGE],
        );
        run("ip", &["link", "set", BRIDGE, "up"]);
        let peer = ["type", "veth", "peer", "name", FAR_END];
        run("ip", &[&["link", "add", CABLE][..], &peer].concat());
        run("ip", &["link", "set", FAR_END, "netns", &process]);
        run("ip", &["link", "set", CABLE, "master", BRIDGE, "up"]);
        let there = island.place();
        for arguments in [
            &["link", "set", "lo", "up"][..],
            &["address", "add", &format!("{THERE}/24"), "dev", FAR_END],
            &["link", "set", FAR_END, "up"],
        ] {
            let status = there.command("ip").args(arguments).status();
            assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
        }
        island
    }

    /// The holder says a word when it is in its namespace.
    fn await_namespace(&mut self) {
        use std::io::{BufRead, BufReader};
        let output = self.holder.stdout.take().expect("it is piped");
        let said = BufReader::new(output).lines().next();
        assert!(matches!(said, Some(Ok(_))), "no namespace");
    }

    /// On the island.
    pub fn place(&self) -> Place {
        let process = self.holder.id().to_string();
        let enter = ["nsenter", "--net", "--target", &process];
        Place {
            host: THERE,
            enter: enter.map(str::to_owned).into(),
        }
    }

    /// Where those on the island can be reached from, and reach others.
    pub fn mainland(&self) -> Place {
        Place {
            host: HERE,
            ..Place::loopback()
        }
    }

    /// From now on nothing comes through, in neither direction.
    ///
    /// # Panics
    /// When it is cut off already.
    pub fn cut(&self) {
        run("ip", &["link", "set", CABLE, "nomaster"]);
    }

    /// Things come through again.
    ///
    /// # Panics
    /// When the cable is gone.
    pub fn mend(&self) {
        run("ip", &["link", "set", CABLE, "master", BRIDGE]);
    }
}

impl Default for Island {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        // The cable goes with the namespace at its other end, at some time; now, so that another can be made.
        for name in [CABLE, BRIDGE] {
            let _ = Command::new("ip")
                .args(["link", "delete", name])
                .stderr(Stdio::null())
                .status();
        }
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{program} {}: a network of its own is needed",
        arguments.join(" ")
    );
}
