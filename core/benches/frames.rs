//! How many synthetic frames are read, and in what time: Naru, and zxing-cpp beside it where
//! `NARU_ZXING` names a Python that has the package `zxing-cpp`. `NARU_FRAMES` is the number of
//! frames a class and size (20).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

use std::{
    collections::HashMap, env, fs, hint::black_box, path::Path, process::Command, time::Instant,
};

use tempfile::TempDir;

#[path = "../tests/frames/mod.rs"]
mod frames;

use self::frames::{CLASSES, Class, Picture, TEXT, frame, static_noise, stripes, tiling};

/// What one reader made of the frames of one class.
#[derive(Default, Clone)]
struct Score {
    frames: usize,
    read: usize,
    wrong: usize,
    times: Vec<f64>,
}

impl Score {
    fn add(&mut self, class: Class, text: Option<&str>, took: f64) {
        self.frames += 1;
        self.times.push(took);
        match text {
            Some(TEXT) if class != Class::Without => self.read += 1,
            Some(_) => self.wrong += 1,
            None => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.frames += other.frames;
        self.read += other.read;
        self.wrong += other.wrong;
        self.times.extend(&other.times);
    }

    fn mean(&self) -> f64 {
        self.times.iter().sum::<f64>() / self.times.len().max(1) as f64
    }

    fn at(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let last = times.len().saturating_sub(1);
        times
            .get((last as f64 * share) as usize)
            .copied()
            .unwrap_or(0.0)
    }

    fn print(&self) {
        let share = 100.0 * self.read as f64 / self.frames.max(1) as f64;
        print!(
            " | {share:5.1} % {:2} wrong {:6.2} {:6.2} {:6.2} ms",
            self.wrong,
            self.mean(),
            self.at(0.95),
            self.at(1.0),
        );
    }
}

fn main() {
    let count: u64 = env::var("NARU_FRAMES").map_or(20, |count| count.parse().unwrap());
    let zxing = env::var("NARU_ZXING").ok();
    println!("% read, wrong texts, mean, p95 and max time: Naru | zxing-cpp");
    for (width, height) in [(1_280, 720), (1_920, 1_080)] {
        println!("{width}×{height}");
        let (mut ours, mut theirs) = (Score::default(), Score::default());
        for class in CLASSES {
            let pictures = (0..count).map(|seed| frame(class, width, height, seed));
            let (our, their) = measure(class, pictures.collect(), zxing.as_deref());
            print_row(&format!("{class:?}"), &our, their.as_ref());
            if class != Class::Without {
                ours.merge(&our);
                theirs.merge(&their.unwrap_or_default());
            }
        }
        print_row("all", &ours, zxing.is_some().then_some(&theirs));
    }
    for (width, height) in [(1_280, 720), (4_096, 3_072)] {
        println!("hostile, {width}×{height}");
        for module in [1, 2, 3, 5, 12, 40] {
            for (name, picture) in [
                ("tiling", tiling(width, height, module)),
                ("stripes", stripes(width, height, module)),
                ("static", static_noise(width, height, module, 1)),
            ] {
                let (our, their) = measure(Class::Without, vec![picture], zxing.as_deref());
                print_row(&format!("{name} {module}"), &our, their.as_ref());
            }
        }
    }
}

fn print_row(name: &str, ours: &Score, theirs: Option<&Score>) {
    print!("{name:>12}");
    ours.print();
    if let Some(theirs) = theirs {
        theirs.print();
    }
    println!();
}

fn measure(class: Class, pictures: Vec<Picture>, zxing: Option<&str>) -> (Score, Option<Score>) {
    let mut ours = Score::default();
    let mut texts = Vec::new();
    for picture in &pictures {
        // The best of three, since the machine has other things to do.
        let text = picture.read();
        let took = (0..3).map(|_| {
            let begin = Instant::now();
            black_box(picture.read());
            begin.elapsed().as_secs_f64() * 1_000.0
        });
        ours.add(class, text.as_deref(), took.fold(f64::MAX, f64::min));
        texts.push(text);
    }
    let theirs = zxing.map(|python| {
        let read = read_with_zxing(python, &pictures);
        let mut theirs = Score::default();
        for seed in 0..pictures.len() {
            let (took, text) = &read[&format!("{seed:04}")];
            let text = (!text.is_empty()).then_some(text.as_str());
            if env::var_os("NARU_MISSED").is_some() && text.is_some() && texts[seed].is_none() {
                eprintln!(
                    "{class:?} {seed} of {} rows is missed",
                    pictures[seed].height
                );
            }
            theirs.add(class, text, *took);
        }
        theirs
    });
    (ours, theirs)
}

fn read_with_zxing(python: &str, pictures: &[Picture]) -> HashMap<String, (f64, String)> {
    let folder = TempDir::new().unwrap();
    for (seed, picture) in pictures.iter().enumerate() {
        let mut raw = (picture.width as u32).to_le_bytes().to_vec();
        raw.extend((picture.height as u32).to_le_bytes());
        raw.extend(&picture.pixels);
        fs::write(folder.path().join(format!("{seed:04}")), raw).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/zxing.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let mut fields = line.splitn(3, '\t').map(str::to_owned);
            let mut field = || fields.next().unwrap();
            (field(), (field().parse().unwrap(), field()))
        })
        .collect()
}
