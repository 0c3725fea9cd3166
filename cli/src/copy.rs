//! `naru copy`: a certificate to removable storage, as it is or as one `.pfx`.

use std::path::PathBuf;

use naru_core::certificate::Pkcs12Form;

use crate::{
    original::{Choice, Original},
    password::{self, NewPassword},
    rng,
    storage::{Replace, store, store_file},
    terminal::Failure,
    text::Language,
};

/// What to copy, and where to.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    /// The folder, such as that of a USB drive, that GPKI and NPKI folders are made in.
    #[arg(long, value_name = "DIR", required_unless_present = "pfx")]
    to: Option<PathBuf>,
    /// Writes one `.pfx` instead.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pfx: Option<PathBuf>,
    /// Writes the `.pfx` with 3DES and SHA-1, for programs that read nothing newer.
    #[arg(long, requires = "pfx")]
    old_form: bool,
    #[command(flatten)]
    new: NewPassword,
    /// Protects the `.pfx` by a new password instead of the certificate's.
    #[arg(long, requires = "pfx")]
    new_password: bool,
    /// Takes the place of other files of the same name.
    #[arg(long)]
    replace: bool,
}

/// Copies a certificate: flushed, read back, compared.
pub fn run(options: &Options, language: Language, now: i64) -> Result<(), Failure> {
    let original = Original::choose(&options.choice, language, now)?;
    let replace = if options.replace {
        Replace::Allow
    } else {
        Replace::Refuse
    };
    let place = match (&options.to, &options.pfx) {
        (Some(folder), _) => store(&original.set, folder, replace)?.folder,
        (None, Some(file)) => {
            let opened = password::required(&original.set, language)?;
            let new = if options.new_password {
                options.new.ask(language)?
            } else {
                opened.password.clone()
            };
            let form = if options.old_form {
                Pkcs12Form::TripleDes
            } else {
                Pkcs12Form::Aes
            };
            let pfx = original
                .set
                .to_pkcs12(&opened.password, &new, form, &mut rng::seeded()?)
                .map_err(|error| Failure::change(language, &error))?;
            let bytes = pfx.native_files().first().map(|file| file.bytes.as_slice());
            store_file(bytes.unwrap_or_default(), file, replace)?;
            file.clone()
        }
        (None, None) => return Ok(()),
    };
    println!(
        "{} {}",
        language.pick("복사하고 확인했습니다:", "Copied and compared:"),
        place.display()
    );
    Ok(())
}
