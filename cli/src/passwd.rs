//! `naru passwd`: another password for a certificate, where it lies.

use naru_core::certificate::KeyForm;

use crate::{
    original::{Choice, Original},
    password::{self, NewPassword},
    rng,
    storage::replace_all,
    terminal::Failure,
    text::Language,
};

/// Which certificate, and how its keys are encrypted anew.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    new: NewPassword,
    /// How the keys are encrypted.
    #[arg(long, value_enum, default_value = "as-before")]
    form: Form,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    /// As they were.
    AsBefore,
    /// PBES2 with SEED.
    Seed,
    /// PBES2 with AES-256.
    Aes,
}

/// Changes the password; the old files stay until the new ones have been read back and opened.
pub fn run(options: &Options, language: Language, now: i64) -> Result<(), Failure> {
    let Original { set, gathered } = Original::choose(&options.choice, language, now)?;
    let opened = password::required(&set, language)?;
    let new = options.new.ask(language)?;
    let form = match options.form {
        Form::AsBefore => KeyForm::AsBefore,
        Form::Seed => KeyForm::Seed,
        Form::Aes => KeyForm::Aes,
    };
    let changed = set
        .with_password(&opened.password, &new, form, &mut rng::seeded()?)
        .map_err(|error| Failure::change(language, &error))?;
    let files = changed.native_files().iter().zip(changed.sources());
    let files: Vec<_> = files
        .filter_map(|(file, source)| Some((gathered.place(source)?, file.bytes.as_slice())))
        .collect();
    replace_all(&files)?;
    println!(
        "{}",
        language.pick("비밀번호를 바꾸었습니다.", "The password has been changed.")
    );
    Ok(())
}
