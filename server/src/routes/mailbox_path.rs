//! The paths of the mailbox calls (`docs/protocol.md` §5).

use naru_core::mailbox::{FrameNumber, MailboxId};

use crate::reference::Reference;

/// What a mailbox call is about. It is read by hand: a router's patterns cost more than the rest of such a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MailboxPath {
    /// The mailbox and its number; `None` for a name that no mailbox can have.
    pub(crate) mailbox: Option<(MailboxId, Reference)>,
    pub(crate) part: Part,
}

/// A part of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The mailbox itself.
    Whole,
    /// Where the scanner joins.
    Join,
    /// The peer's lane.
    Frames,
    /// A frame of the caller's own lane; `None` for what numbers no frame.
    Frame(Option<FrameNumber>),
}

impl MailboxPath {
    /// `None` for every other path.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut names = path.strip_prefix("/v1/mailboxes/")?.split('/');
        let id = names.next().filter(|id| !id.is_empty())?;
        let part = match (names.next(), names.next(), names.next()) {
            (None, ..) => Part::Whole,
            (Some("join"), None, _) => Part::Join,
            (Some("frames"), None, _) => Part::Frames,
            (Some("frames"), Some(number), None) if !number.is_empty() => {
                Part::Frame(number.parse().ok().and_then(FrameNumber::new))
            }
            _ => return None,
        };
        let id: Option<MailboxId> = id.parse().ok();
        Some(Self {
            mailbox: id.map(|id| (id, Reference::of(&id))),
            part,
        })
    }

    /// Its pattern, as the description has it.
    pub(crate) fn pattern(self) -> &'static str {
        match self.part {
            Part::Whole => "/v1/mailboxes/{id}",
            Part::Join => "/v1/mailboxes/{id}/join",
            Part::Frames => "/v1/mailboxes/{id}/frames",
            Part::Frame(_) => "/v1/mailboxes/{id}/frames/{number}",
        }
    }
}

#[cfg(test)]
mod tests {
    use naru_core::mailbox::{frame_path, frames_path, join_path, mailbox_path};

    use super::*;

    #[test]
    fn knows_the_paths_of_every_call() {
        let id = MailboxId::from_bytes([0xfb; 16]);
        let third = FrameNumber::new(3).unwrap();
        for (path, part) in [
            (mailbox_path(&id), Part::Whole),
            (join_path(&id), Part::Join),
            (frames_path(&id), Part::Frames),
            (frame_path(&id, third), Part::Frame(Some(third))),
        ] {
            let parsed = MailboxPath::parse(&path).unwrap();
            assert_eq!(parsed.mailbox, Some((id, Reference::of(&id))), "{path}");
            assert_eq!(parsed.part, part, "{path}");
        }
    }

    #[test]
    fn leaves_what_is_malformed_to_the_call() {
        let path = MailboxPath::parse("/v1/mailboxes/short/frames/0").unwrap();
        assert_eq!((path.mailbox, path.part), (None, Part::Frame(None)));
        assert_eq!(path.pattern(), "/v1/mailboxes/{id}/frames/{number}");
        let path = MailboxPath::parse("/v1/mailboxes/short/frames/x").unwrap();
        assert_eq!(path.part, Part::Frame(None));
    }

    #[test]
    fn knows_no_other_path() {
        for path in [
            "",
            "/",
            "/v1/mailboxes",
            "/v1/mailboxes/",
            "/v1/mailboxes//join",
            "/v1/mailboxes/x/",
            "/v1/mailboxes/x/joins",
            "/v1/mailboxes/x/join/",
            "/v1/mailboxes/x/frames/",
            "/v1/mailboxes/x/frames/1/",
            "/v1/mailboxes/x/frames/1/2",
            "/v1/settings",
            "//v1/mailboxes/x",
        ] {
            assert_eq!(MailboxPath::parse(path), None, "{path}");
        }
    }
}
