//! A share of a processor for one process.

use std::{fs, io, path::PathBuf, thread, time::Duration};

const PERIOD_MICROSECONDS: u32 = 50_000;

/// A control group of Linux with a limit of processor time, removed when dropped.
pub(crate) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Limits the process to a part of one processor.
    ///
    /// # Errors
    /// What the system says, where this program may make no such group.
    pub(crate) fn limit(process: u32, share: f64) -> io::Result<Self> {
        let quota = (f64::from(PERIOD_MICROSECONDS) * share) as u32;
        let is_second = fs::exists("/sys/fs/cgroup/cgroup.controllers")?;
        let parent = match is_second {
            true => "/sys/fs/cgroup",
            false => "/sys/fs/cgroup/cpu",
        };
        let folder = PathBuf::from(parent).join(format!("naru-bench-{process}"));
        fs::create_dir_all(&folder)?;
        let group = Self { folder };
        match is_second {
            true => group.write("cpu.max", &format!("{quota} {PERIOD_MICROSECONDS}"))?,
            false => {
                group.write("cpu.cfs_period_us", &PERIOD_MICROSECONDS.to_string())?;
                group.write("cpu.cfs_quota_us", &quota.to_string())?;
            }
        }
        group.write("cgroup.procs", &process.to_string())?;
        Ok(group)
    }

    fn write(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), value)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The system may let go of an ended process a little after it has been waited for.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        eprintln!("{} is left", self.folder.display());
    }
}
