//! `naru delete`: an original whose receipt is known goes, also long after the transfer.

use crate::{
    original::{Choice, Original},
    receipts::Receipts,
    terminal::{Failure, confirm},
    text::Language,
};

/// Which original.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Deletes without asking.
    #[arg(long)]
    yes: bool,
}

/// Deletes all files of a certificate that has arrived elsewhere.
pub fn run(options: &Options, language: Language, now: i64) -> Result<(), Failure> {
    let original = Original::choose(&options.choice, language, now)?;
    let mut receipts = Receipts::load();
    if receipts.moved_at(&original.set).is_none() {
        return Err(Failure::new(
            "not_moved",
            language.pick(
                "다른 기기가 받았다는 확인이 없어 삭제하지 않습니다.",
                "No receipt of another device is known, so nothing is deleted.",
            ),
        ));
    }
    let question = language.pick(
        "원본을 삭제할까요? 삭제하면 이 PC에서 쓸 수 없습니다.",
        "Delete the original? It cannot be used on this PC then.",
    );
    if !options.yes && !confirm(question) {
        return Ok(());
    }
    if original.delete(language) {
        receipts.forget(&original.set);
        println!(
            "{}",
            language.pick("원본을 삭제했습니다.", "The original is deleted.")
        );
        return Ok(());
    }
    Err(Failure::new(
        "part_deleted",
        language.pick("일부만 삭제했습니다.", "Only a part was deleted."),
    ))
}
