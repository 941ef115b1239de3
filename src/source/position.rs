//! How far a source was read.

/// A place in a source, in bytes of its text and in stored bytes. Both are the same unless the source is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Where the next row starts in the text: reading can go on there.
    pub text: u64,
    /// Stored bytes it took to get there, of as many as the source's size says: the progress.
    pub stored: u64,
}

impl Position {
    /// The end of a source of `size` stored bytes that was not decoded; `text` says nothing, since nobody goes on from
    /// here.
    #[must_use]
    pub fn end_of(size: u64) -> Self {
        Self { text: size, stored: size }
    }

    /// The stored bytes, if they differ from the place in the text.
    #[must_use]
    pub(crate) fn stored_if_compressed(self) -> Option<u64> {
        Some(self.stored).filter(|stored| *stored != self.text)
    }

    /// The bytes of text in `stored` bytes, if all of the source is as compressed as what was read so far.
    #[must_use]
    pub fn estimated_text(self, stored: u64) -> u64 {
        let text = u128::from(stored) * u128::from(self.text) / u128::from(self.stored.max(1));
        u64::try_from(text).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_estimated_from_what_was_read() {
        assert_eq!(Position { text: 50, stored: 10 }.estimated_text(100), 500);
        assert_eq!(Position { text: 50, stored: 50 }.estimated_text(u64::MAX), u64::MAX);
        assert_eq!(Position::default().estimated_text(100), 0);
    }
}
