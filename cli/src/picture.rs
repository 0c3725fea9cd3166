//! Pictures of a screen.

use naru_core::qr::{LumaFrame, read};

/// The text of the QR in a PNG or JPEG picture; the error says what is wrong with the picture.
pub(crate) fn code_in(picture: &[u8]) -> Result<Option<String>, String> {
    let luma = image::load_from_memory(picture)
        .map_err(|error| error.to_string())?
        .into_luma8();
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    let frame =
        LumaFrame::new(width, height, width, luma.as_raw()).map_err(|error| error.to_string())?;
    Ok(read(&frame))
}
